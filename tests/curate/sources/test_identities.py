"""What local files are called is remembered by what they look like, and found anew when that changes."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from curate.sources import identities
from curate.sources.identities import Identities
from rigmill.storage.files import read_sealed, write_sealed
from tests.support.hostile.gltf_maker import png, rigged

NAMES = ["a/one.gltf", "a/other.gltf", "good.glb"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two .gltf files that share a buffer, and a GLB; old enough to be remembered."""
    root = tmp_path / "files"
    (root / "a").mkdir(parents=True)
    asset = rigged()
    asset.document["buffers"][0]["uri"] = "beside.bin"
    (root / "a" / "beside.bin").write_bytes(bytes(asset.binary))
    (root / "a" / "other.gltf").write_text(json.dumps(asset.document))
    asset.document["images"][0] = {"uri": "skin.png"}
    (root / "a" / "skin.png").write_bytes(png())
    (root / "a" / "one.gltf").write_text(json.dumps(asset.document))
    (root / "good.glb").write_bytes(rigged().glb())
    rest()
    return root


def rest() -> None:
    """What was written just now might change again unseen, and is not remembered yet."""
    time.sleep(identities._TICK_NS / 1e9 + 0.05)


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    return {"path": str(folder), "max_file_bytes": 2**22, "output": str(folder.parent / "out")} | more


def listed(folder: Path, names: list[str] = NAMES, **more: Any) -> list[str]:
    found = Identities(settings(folder, **more))
    found.look_at(names)
    return [found.of(name) for name in names]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read to find their identity."""
    names: list[str] = []
    real = Identities._made

    def counted(self: Identities, relatives: list[str]) -> Any:
        names.extend(relatives)
        return real(self, relatives)

    monkeypatch.setattr(Identities, "_made", counted)
    return names


def test_the_second_time_nothing_is_read(folder: Path, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    first = listed(folder)
    assert made == NAMES and len(set(first)) == 3 and all(len(sha256) == 64 for sha256 in first)
    made.clear()
    monkeypatch.setattr(identities, "BlenderClient", None)  # no child either
    monkeypatch.setattr(identities, "open_regular", None)
    assert listed(folder) == first and made == []


def test_without_a_memory_they_are_the_same(folder: Path, made: list[str]) -> None:
    assert listed(folder, output="") == listed(folder) == listed(folder, output="")
    assert made == NAMES * 3 and len(list(folder.parent.glob("out/plans/*"))) == 1


@pytest.mark.parametrize(
    ("beside", "changed"),
    [
        ("a/beside.bin", NAMES[:2]),
        ("a/skin.png", NAMES[:1]),
        ("a/other.gltf", ["a/other.gltf"]),
        ("good.glb", NAMES[2:]),
    ],
)
def test_a_file_that_changes_changes_what_it_takes_part_in(
    folder: Path, made: list[str], beside: str, changed: list[str]
) -> None:
    first, path = listed(folder), folder / beside
    info = path.stat()
    data = bytearray(path.read_bytes())
    data[-3] ^= 1  # of the same size, at the same place, and with the time of the old one
    path.write_bytes(data)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    rest()
    made.clear()
    second = listed(folder)
    assert made == changed
    assert [name for name, one, other in zip(NAMES, first, second) if one != other] == changed


def test_a_copy_in_its_place_is_read_again_and_is_the_same_asset(folder: Path, made: list[str]) -> None:
    first = listed(folder)
    shutil.copy(folder / "a" / "beside.bin", folder / "copy")
    (folder / "copy").rename(folder / "a" / "beside.bin")  # another inode
    os.utime(folder / "good.glb")
    rest()
    made.clear()
    assert listed(folder) == first and made == NAMES


def test_a_renamed_and_a_removed_file(folder: Path, made: list[str]) -> None:
    first = listed(folder)
    (folder / "good.glb").rename(folder / "better.glb")
    (folder / "a" / "other.gltf").unlink()
    rest()
    made.clear()
    names = ["a/one.gltf", "a/other.gltf", "better.glb"]
    assert listed(folder, names) == [first[0], "", first[2]] and made == ["better.glb", "a/other.gltf"]
    (memory,) = folder.parent.glob("out/plans/*")
    assert sorted(json.loads(read_sealed(memory) or b"")) == ["a/one.gltf", "better.glb"]


def test_a_file_that_was_missing_and_comes_back_is_noticed(folder: Path, made: list[str]) -> None:
    first = listed(folder)
    (folder / "a" / "skin.png").rename(folder / "a" / "away.png")
    without = listed(folder)
    assert without[0] not in ("", first[0]) and without[1:] == first[1:]
    made.clear()
    assert listed(folder) == without and made == []
    (folder / "a" / "away.png").rename(folder / "a" / "skin.png")
    assert listed(folder) == first


def test_links_have_no_identity_whatever_they_point_at(folder: Path) -> None:
    first = listed(folder)
    (folder / "link.glb").symlink_to(folder / "good.glb")
    (folder / "twin.glb").symlink_to(folder / "good.glb")
    (folder / "a" / "skin.png").rename(folder / "real.png")
    (folder / "a" / "skin.png").symlink_to(folder / "real.png")
    second = listed(folder, [*NAMES, "link.glb", "twin.glb"])
    assert second[3:] == ["", ""] and second[1:3] == first[1:]
    assert second[0] not in ("", first[0])  # the link is refused, and the identity is that of the text


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"good.glb": 5}', '{"good.glb": ["x", [[1]]]}', '{"good.glb": ["x", []]}', "[" * 10**5],
)
def test_a_damaged_memory_is_none(folder: Path, text: str) -> None:
    first = listed(folder)
    (memory,) = folder.parent.glob("out/plans/*")
    write_sealed(memory, text.encode())
    assert listed(folder) == first
    assert json.loads(read_sealed(memory) or b"").keys() == set(NAMES)


def test_what_was_written_just_now_is_read_again(folder: Path, made: list[str]) -> None:
    (folder / "good.glb").write_bytes(rigged(name="other").glb())
    first = listed(folder)
    made.clear()
    assert listed(folder) == first and made == ["good.glb"]


def test_a_flipped_bit_in_the_memory_is_noticed(folder: Path) -> None:
    first = listed(folder)
    (memory,) = folder.parent.glob("out/plans/*")
    data = bytearray(memory.read_bytes())
    data[data.index(first[2].encode()) + 5] ^= 1
    memory.write_bytes(data)
    assert listed(folder) == first
