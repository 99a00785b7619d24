"""Files are whole or absent, and named by what they hold."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest

from rigmill.errors import Damaged
from rigmill.storage.files import Store, canonical_json, digest, read_sealed, write_atomic, write_sealed


def test_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [1.5, None]}) == digest({"b": [1.5, None], "a": 1})
    assert digest({"a": 1}) != digest({"a": 1.5})


def test_numbers_that_json_cannot_hold_are_refused() -> None:
    with pytest.raises(ValueError):
        canonical_json({"x": float("nan")})


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x"
    write_atomic(target, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        write_atomic(target, b"new")
    assert target.read_bytes() == b"old" and [path.name for path in tmp_path.iterdir()] == ["x"]


def test_stored_files_are_named_by_their_content_and_mended(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    stored = store.put_bytes("rgb.0.mp4", b"abc")
    assert stored.sha256 == hashlib.sha256(b"abc").hexdigest() and store.path(stored).suffix == ".mp4"
    store.path(stored).write_bytes(b"a")  # a crash of the machine may leave a short file
    assert store.put_bytes("rgb.0.mp4", b"abc") == stored and store.read(stored) == b"abc"
    assert store.put_file("asset.glb", io.BytesIO(b"abc")).sha256 == stored.sha256


def test_a_stored_file_that_has_changed_is_not_read_and_is_written_anew(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    stored = store.put_bytes("model.safetensors", b"weights")
    store.path(stored).write_bytes(b"weighty")  # of the same size
    for reading in (store.read, store.checked_path):
        with pytest.raises(Damaged, match=r"model\.safetensors has changed"):
            reading(stored)
    store.put_bytes("model.safetensors", b"weights")
    assert store.read(stored) == b"weights" and store.checked_path(stored) == store.path(stored)
    store.path(stored).unlink()
    for reading in (store.read, store.checked_path):
        with pytest.raises(Damaged, match="gone"):
            reading(stored)


def test_a_sealed_cache_is_believed_only_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    assert read_sealed(path) is None
    write_sealed(path, b"keys")
    assert read_sealed(path) == b"keys"
    sealed = path.read_bytes()
    for bit in range(8 * len(sealed)):
        data = bytearray(sealed)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        assert read_sealed(path) is None
    path.write_bytes(sealed[:10])
    assert read_sealed(path) is None
