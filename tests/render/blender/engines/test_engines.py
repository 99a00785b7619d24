"""Engines give the same products, and `auto` chooses by asset and says why."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from rigmill.blender.requests import RENDER_CLIP
from rigmill.clips import members
from rigmill.clips.likeness import silhouette_iou, subject_ssim
from rigmill.clips.numbers import ClipGeometry
from tests.support.blender.calls import RENDER, call, clip_item, probe
from tests.support.paths import ASSETS

NUM_FRAMES = 2
SIZE = {"width_px": 192, "height_px": 128}
STILLS = ["rgb", "png", "depth", "normal", "geometry"]


def rewritten(source: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A GLB with a changed document."""
    data = source.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + length])
    change(document)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    header = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A)
    target.write_bytes(header + text + rest)
    return target


def shown(folder: Path, kind: str, view: int, frame: int) -> Any:
    return cv2.imread(str(folder / members.frames_folder(kind, view) / members.frame_file(kind, frame)), -1)


@pytest.fixture(scope="module")
def foxes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    """The fox by several engines in one process: folder, and answers by name."""
    folder = tmp_path_factory.mktemp("engines")
    item = clip_item(ASSETS / "Fox.glb", probe(ASSETS / "Fox.glb", folder), "Run", num_frames=NUM_FRAMES)
    good = SIZE | {"samples": 64, "denoise": False}
    wanted = {
        "cycles": {"engine": "cycles", **good},
        "raster": {"engine": "raster", **good},
        "auto": {"engine": "auto", **good},
        "checked": {"engine": "auto", "min_agreement": 0.7, **good},
        "strict": {"engine": "auto", "min_agreement": 1.0, **SIZE},
    }
    items = [item | {"clip_id": name, "outputs": STILLS, "render": RENDER | more} for name, more in wanted.items()]
    return folder, {name: answer["value"] for name, answer in zip(wanted, call(RENDER_CLIP, items, folder))}


@pytest.mark.slow
@pytest.mark.blender
def test_the_rasteriser_and_cycles_show_the_same_subject(foxes: tuple[Path, Any]) -> None:
    folder, _ = foxes
    for view in range(4):
        for frame in range(NUM_FRAMES):
            ours, theirs = (shown(folder / name, "png", view, frame) for name in ("raster", "cycles"))
            assert ours.shape == theirs.shape == (128, 192, 4)
            assert silhouette_iou(ours, theirs) > 0.97
            assert subject_ssim(ours, theirs) > 0.8


@pytest.mark.blender
def test_auto_draws_what_it_can_with_the_rasteriser(foxes: tuple[Path, Any]) -> None:
    folder, answers = foxes
    assert (answers["auto"]["engine"], answers["auto"]["engine_reason"]) == ("raster", "")
    assert answers["auto"]["agreement"] is None
    assert answers["checked"]["engine"] == "raster" and 0.7 < answers["checked"]["agreement"] < 1
    for name in ("auto", "checked"):
        for path in sorted((folder / "raster").rglob("*.*")):
            if path.is_file():
                assert (folder / name / path.relative_to(folder / "raster")).read_bytes() == path.read_bytes()


@pytest.mark.blender
def test_auto_takes_cycles_where_the_rasteriser_is_not_alike_enough(foxes: tuple[Path, Any]) -> None:
    _, answers = foxes
    strict = answers["strict"]
    assert strict["engine"] == "cycles" and strict["agreement"] == answers["checked"]["agreement"]
    assert strict["engine_reason"] == f"looks unlike Cycles: {strict['agreement']:.2f}, at least 1.00 is asked for"


@pytest.mark.blender
def test_auto_takes_cycles_for_glass_and_names_the_material(tmp_path: Path) -> None:
    def glass(document: dict[str, Any]) -> None:
        document["materials"][0] |= {
            "name": "pane",
            "extensions": {"KHR_materials_transmission": {"transmissionFactor": 0.9}},
        }
        document["extensionsUsed"] = ["KHR_materials_transmission"]

    path = rewritten(ASSETS / "Fox.glb", tmp_path / "glass.glb", glass)
    item = clip_item(path, probe(path, tmp_path), "Run", num_frames=1)
    items = [
        item | {"clip_id": name, "outputs": [], "render": RENDER | {"engine": name}} for name in ("auto", "raster")
    ]
    auto, raster = (answer["value"] for answer in call(RENDER_CLIP, items, tmp_path))
    assert auto["engine"] == "cycles" and "pane" in auto["engine_reason"] and "trans" in auto["engine_reason"]
    assert raster["engine"] == "raster" and raster["engine_reason"] == auto["engine_reason"]


@pytest.mark.blender
def test_depth_and_normals_are_the_same_whoever_draws_the_colours(foxes: tuple[Path, Any]) -> None:
    folder, _ = foxes
    geometry = ClipGeometry.from_bytes((folder / "cycles" / members.GEOMETRY).read_bytes())
    for view, camera in enumerate(geometry.cameras):
        for kind in ("depth", "normal"):
            ours, theirs = (shown(folder / name, kind, view, 1) for name in ("raster", "cycles"))
            assert (ours == theirs).all()
        depth = (shown(folder / "raster", "depth", view, 1).astype(float) - 32768) / 32000
        normal = (shown(folder / "raster", "normal", view, 1)[..., ::-1].astype(float) - 128) / 127
        there = shown(folder / "raster", "depth", view, 1) > 0
        opaque = shown(folder / "raster", "png", view, 1)[..., 3] > 250
        assert there[opaque].all() and np.abs(depth[there]).max() < 0.87
        towards = camera.position / np.linalg.norm(camera.position)
        assert np.abs(np.linalg.norm(normal[opaque], axis=-1) - 1).max() < 0.05
        assert (normal[opaque] @ towards).mean() > 0.3  # what is seen faces the camera
        # Joints lie inside the body: behind the surface that is seen, and not by more than the body is thick.
        x, y = np.floor(geometry.joints_px[view, 1]).astype(int).T
        hidden = geometry.joints_depth[view, 1] - camera.world_to_view[2, 3] - depth[y, x]
        assert (hidden[there[y, x]] > -0.01).mean() > 0.9 and np.median(hidden[there[y, x]]) < 0.5
