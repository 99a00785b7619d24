"""Exported clips, read again by Blender: the joints are where the clip has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.stages.collect import CollectStage
from curate.stages.preview import PreviewStage
from curate.stages.probe import ProbeStage
from curate.stages.retarget import RetargetStage
from rigmill.clip_file import clip_file
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes
from rigmill.rigs.skeleton import forward
from rigmill.storage.files import scratch_folder
from rigmill.types import Floats, Row, StoredFile
from tests.support.blender.calls import blender, clip_item, corpus, probe
from tests.support.blender.humanoid_bench import FILES, Bench, bench
from tests.support.curation import _BODY, demo_profile
from tests.support.paths import ASSETS

pytestmark = pytest.mark.blender


def exported(made: Bench, clip: Row, file_format: str = "glb") -> bytes:
    """The file of a row as `find_clip` gives it."""
    (rig,) = [row for row in made.tables.products("probe") if row["asset_id"] == clip["asset_id"]]
    with scratch_folder(made.layout.scratch) as scratch:
        return clip_file(
            clip | {"rig_file": rig["rig_file"]},
            file_format,
            store=made.layout.store,
            limits=made.limits,
            scratch=scratch,
        )


def joints_in(path: Path, scratch: Path) -> dict[str, Floats]:
    """What Blender shows of the one motion of a file: name -> places (T, 3), as imported."""
    found = probe(path, scratch)
    assert len(found["motions"]) == 1, found
    item = clip_item(path, found, "")
    seen = {key: np.array(value) for key, value in blender("joints_and_pixels", {"item": item}).items()}
    places = seen["heads"] / float(seen["scale"]) + seen["offset"]
    return {name: places[:, joint] for joint, name in enumerate(seen["names"].tolist())}


def stored_joints(made: Bench, clip: Row) -> dict[str, Floats]:
    """Where the stored motion of a retargeted clip has the joints of its rig."""
    (rig_row,) = [row for row in made.tables.products("probe") if row["asset_id"] == clip["asset_id"]]
    rig = rig_from_bytes(made.layout.store.read(StoredFile.from_row(rig_row["rig_file"])))
    places, _ = forward(rig, motion_from_bytes(made.layout.store.read(StoredFile.from_row(clip["motion_file"]))))
    start = round(clip["start_frame"])
    return {name: places[start : start + clip["num_frames"], joint] for joint, name in enumerate(rig.names)}


def same(found: dict[str, Floats], expected: dict[str, Floats]) -> None:
    assert set(expected) <= set(found)
    size = np.ptp(np.concatenate([places[:1] for places in expected.values()]), axis=0).max()
    for name, places in expected.items():
        assert found[name].shape == places.shape
        assert np.abs(found[name] - places).max() < 1e-3 * size, name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A character and a motion as Mixamo's FBX, and a fox; retargeted."""
    root = tmp_path_factory.mktemp("in")
    files = [
        {"path": str(root / name), "prefix": FILES[name][0], "skin": FILES[name][1], "frames": FILES[name][2]}
        for name in ("X Bot.fbx", "Kick.fbx")
    ]
    blender("write_mixamo", {"files": files, "joints": _BODY})
    (root / "Fox.glb").write_bytes((ASSETS / "Fox.glb").read_bytes())
    for made in bench(tmp_path_factory.mktemp("out")):
        profile = demo_profile(sources=[{"kind": "folder", "path": str(root)}])
        for stage in (CollectStage(), ProbeStage(), RetargetStage()):
            made.run(stage, profile)
        yield made


@pytest.mark.slow
def test_a_retargeted_clip_of_an_fbx_character_becomes_a_glb_and_an_fbx_that_move_as_stored(
    folder: Bench, tmp_path: Path
) -> None:
    (clip,) = folder.tables.products("retarget")
    assert clip["format"] == "fbx"
    window = clip | {"start_frame": 3.0, "num_frames": 17}
    for file_format in ("glb", "fbx"):
        path = tmp_path / f"kick.{file_format}"
        path.write_bytes(exported(folder, window, file_format))
        same(joints_in(path, tmp_path / "scratch"), stored_joints(folder, window))


def native_clips(made: Bench) -> dict[str, Row]:
    """The clips that files play themselves, by motion name."""
    jobs = PreviewStage().plan(made.tables, demo_profile())
    return {job.payload["motion_name"]: job.payload for job in jobs if job.payload["kind"] == "native"}


@pytest.mark.slow
def test_a_clip_of_the_assets_own_comes_alone_and_the_rest_of_its_file_stays(folder: Bench, tmp_path: Path) -> None:
    clip = native_clips(folder)["Run"]
    assert clip["num_frames"] > 10
    path = tmp_path / "run.glb"
    path.write_bytes(exported(folder, clip))
    original = probe(ASSETS / "Fox.glb", tmp_path / "original")
    item: dict[str, Any] = clip_item(ASSETS / "Fox.glb", original, "Run")
    item |= {"num_frames": clip["num_frames"], "period_frames": clip["period_frames"]}  # the run goes round
    assert clip["num_frames"] > item["period_frames"]
    seen = {key: np.array(value) for key, value in blender("joints_and_pixels", {"item": item}).items()}
    places = seen["heads"] / float(seen["scale"]) + seen["offset"]
    expected = {name: places[:, joint] for joint, name in enumerate(seen["names"].tolist())}
    same(joints_in(path, tmp_path / "scratch"), expected)
    again = probe(path, tmp_path / "again")
    for column in ("geometry_hash", "num_vertices", "num_textures", "texture_px"):
        assert again[column] == original[column]


@pytest.mark.corpus
def test_an_avatar_takes_its_retargeted_clip_along(folder: Bench, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "godette.vrm").write_bytes(corpus("vrm/Godette_vrm_v4.vrm").read_bytes())
    profile = demo_profile(
        sources=[{"kind": "vroid", "path": str(tmp_path / "in")}], retarget={"springs": True, "clips": {"vroid": 1}}
    )
    for stage in (CollectStage(), ProbeStage()):
        folder.run(stage, profile)
    folder.tables.rows["retarget"] = []
    folder.run(RetargetStage(), profile)
    (clip,) = [row for row in folder.tables.products("retarget") if row["source"] == "vroid"]
    path = tmp_path / "godette.glb"
    path.write_bytes(exported(folder, clip))
    same(joints_in(path, tmp_path / "scratch"), stored_joints(folder, clip))
