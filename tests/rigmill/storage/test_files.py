"""Files are whole or absent, and named by what they hold."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from rigmill.storage.files import Store, canonical_json, digest, write_atomic


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
    source = tmp_path / "source.glb"
    source.write_bytes(b"abc")
    assert store.put_file("asset.glb", source).sha256 == stored.sha256
