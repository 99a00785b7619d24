"""Which clip is exported, and what becomes of a stored motion; clips that need Blender are in tests/render."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from curate.gate.canonical import canonical
from rigmill.blender.client import Limits
from rigmill.clip_file import clip_file, find_clip
from rigmill.commands.cli import main
from rigmill.errors import UserError
from rigmill.pipeline.view import View
from rigmill.rigs.npz import motion_to_bytes, rig_to_bytes
from rigmill.storage.files import Store
from rigmill.storage.rows import StoredRows
from rigmill.types import Motion, Rig
from tests.support.curation import glb
from tests.support.files.animated_glbs import TINY, parts, tiny_glb

NO_BLENDER = Limits(wall_s=1, cpu_s=1, memory_bytes=1, file_bytes=1, network="none")


class Tables:
    """Products of the stages that an export looks into."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def products(self, stage: str) -> StoredRows:
        empty = pa.table({name: pa.array([], pa.string()) for name in ("clip_id", "asset_id", "rig_file")})
        table = pa.Table.from_pylist(self.rows[stage]) if self.rows.get(stage) else empty
        return StoredRows(table.column, table.schema, len(table))

    def find(self, wanted: str) -> dict[str, Any]:
        return find_clip(cast(View, self), wanted)


PROBE = [{"asset_id": "a1", "rig_file": {"name": "r1"}}, {"asset_id": "a2", "rig_file": {"name": "r2"}}]


def test_a_clip_is_found_by_how_its_id_begins_with_the_rig_of_its_asset() -> None:
    tables = Tables(
        probe=PROBE,
        preview=[{"clip_id": "abc1", "asset_id": "a2"}, {"clip_id": "b.d2", "asset_id": "a1"}],
        retarget=[{"clip_id": "abc9", "asset_id": "a1"}, {"clip_id": "ccc", "asset_id": "a1"}],
    )
    assert tables.find("abc") == {"clip_id": "abc1", "asset_id": "a2", "rig_file": {"name": "r2"}}
    assert tables.find("b.")["clip_id"] == "b.d2"  # a dot is a dot
    assert tables.find("ccc")["rig_file"] == {"name": "r1"}  # retargeted, and not seen yet


def test_no_clip_and_more_than_one_are_told_apart() -> None:
    tables = Tables(probe=PROBE, preview=[{"clip_id": "abc1", "asset_id": "a1"}, {"clip_id": "abc2", "asset_id": "a1"}])
    for wanted, code in (("ab", "E121"), ("x", "E120"), ("bc1", "E120")):
        with pytest.raises(UserError) as caught:
            tables.find(wanted)
        assert caught.value.code == code and caught.value.fix
    with pytest.raises(UserError):
        Tables().find("a")


def stored_clip(store: Store, rig: Rig, **more: Any) -> dict[str, Any]:
    """A clip of three frames of a motion of six, in which the root goes up by a metre per frame."""
    moved = np.zeros((6, 2, 3))
    moved[:, 0, 2] = np.arange(6)
    motion = Motion(rotations=np.tile([1.0, 0, 0, 0], (6, 2, 1)), translations=moved, fps=8.0)
    return {
        "clip_id": "c",
        "asset_id": "a",
        "format": "glb",
        "motion_name": "rise",
        "start_frame": 2.0,
        "num_frames": 3,
        "fps": 8.0,
        "file": store.put_bytes("asset.glb", tiny_glb()).to_row(),
        "rig_file": store.put_bytes("rig.npz", rig_to_bytes(rig)).to_row(),
        "motion_file": store.put_bytes("motion.npz", motion_to_bytes(motion)).to_row(),
    } | more


def test_an_exported_file_names_its_author_and_licence_as_the_source_does(tmp_path: Path) -> None:
    source = tiny_glb()
    document = json.loads(source[20:])  # it has no buffer
    said = {"author": "Ann", "license": "CC-BY-4.0 (http://creativecommons.org/licenses/by/4.0/)", "title": "Fox"}
    document["asset"] |= {"copyright": "(c) Ann", "extras": said | {"script": "import os"}}
    canonical_file, _ = canonical(glb(document), "glb")
    store = Store(tmp_path / "store")
    clip = stored_clip(store, TINY, file=store.put_bytes("asset.glb", canonical_file).to_row())
    asset = parts(clip_file(clip, "glb", store=store, limits=NO_BLENDER, scratch=tmp_path))[0]["asset"]
    assert (asset["copyright"], asset["extras"]) == ("(c) Ann", said)


def test_the_window_of_a_stored_motion_is_written_without_blender(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    clip = stored_clip(store, TINY)
    data = clip_file(clip, "glb", store=store, limits=NO_BLENDER, scratch=tmp_path)
    document, binary = parts(data)
    (animation,) = document["animations"]
    assert animation["name"] == "rise"
    sampler = next(
        animation["samplers"][channel["sampler"]]
        for channel in animation["channels"]
        if channel["target"] == {"node": 1, "path": "translation"}
    )
    values = []
    for accessor in (sampler["input"], sampler["output"]):
        view = document["bufferViews"][document["accessors"][accessor]["bufferView"]]
        values.append(np.frombuffer(binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]], "<f4"))
    np.testing.assert_allclose(values[0], [0, 1 / 8, 2 / 8])
    # Our z is the holder's local z at half its size: frames 2, 3 and 4 are 4, 6 and 8 of its units up.
    np.testing.assert_allclose(values[1].reshape(-1, 3), [[0, 1, 4], [0, 1, 6], [0, 1, 8]], atol=1e-5)
    assert clip_file(clip, "glb", store=store, limits=NO_BLENDER, scratch=tmp_path) == data


def test_a_stored_motion_is_written_as_bvh_npz_and_csv_without_blender(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    clip = stored_clip(store, TINY)
    files = {
        name: clip_file(clip, name, store=store, limits=NO_BLENDER, scratch=tmp_path) for name in ("bvh", "npz", "csv")
    }
    lines = files["bvh"].decode().splitlines()
    assert lines[:2] == ["HIERARCHY", "ROOT joint"] and "Frames: 3" in lines and "Frame Time: 0.125" in lines
    # Our z is BVH's y: the root is at (0, 0.5, 0) and 2, 3 and 4 metres up.
    heights = [float(line.split()[1]) for line in lines[lines.index("MOTION") + 3 :]]
    np.testing.assert_allclose(heights, [2, 3, 4])
    with np.load(io.BytesIO(files["npz"]), allow_pickle=False) as npz:
        np.testing.assert_allclose(npz["joints"][:, 0], [[0, 0.5, 2], [0, 0.5, 3], [0, 0.5, 4]])
    assert len(files["csv"].decode().splitlines()) == 1 + 3 * 2


def test_a_format_that_is_none_is_named_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "3f2a", "--out", str(tmp_path / "kick.usd"), "--set", f"output={tmp_path}"]) == 2
    said = capsys.readouterr().err
    assert "glb, fbx, bvh, npz, csv" in said and "kick.glb" in said
