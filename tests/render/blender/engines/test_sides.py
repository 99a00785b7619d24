"""Surfaces that are seen from the front alone, by the rasteriser and by Cycles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rigmill.blender.requests import RENDER_CLIP
from rigmill.clips.likeness import silhouette_iou, subject_ssim
from tests.render.blender.engines.test_engines import shown
from tests.support.blender.calls import RENDER, call, clip_item, probe
from tests.support.outlined import write_outlined

pytestmark = [pytest.mark.blender, pytest.mark.slow]
_SIZE = {"width_px": 128, "height_px": 128, "samples": 16, "denoise": False, "azimuths_deg": [0.0, 90.0]}


def pictures(path: Path, folder: Path, *engines: str) -> list[Any]:
    """Two views of the first frame by each engine, in one process."""
    item = clip_item(path, probe(path, folder), "turn", num_frames=1)
    items = [
        item | {"clip_id": f"{path.stem}-{number}", "outputs": ["png"], "render": RENDER | _SIZE | {"engine": engine}}
        for number, engine in enumerate(engines)
    ]
    answers = call(RENDER_CLIP, items, folder)
    assert all(answer.get("value") for answer in answers), answers
    return [[shown(folder / one["clip_id"], "png", view, 0) for view in (0, 1)] for one in items]


def red_share(picture: Any) -> float:
    seen = picture[..., 3] == 255
    return float((seen & (picture[..., 2] > 100) & (picture[..., 1] < 100)).sum() / seen.sum())


def test_an_outline_leaves_the_body_to_be_seen_by_either_engine(tmp_path: Path) -> None:
    # Cycles before and after the rasteriser: what it changes in materials is taken back.
    first, ours, again = pictures(write_outlined(tmp_path / "outlined.glb"), tmp_path, "cycles", "raster", "cycles")
    for view in (0, 1):
        assert red_share(first[view]) > 0.75 and red_share(ours[view]) > 0.75
        black = (ours[view][..., 3] == 255) & (ours[view][..., :3].max(axis=-1) < 30)
        assert black.sum() > 200, "the outline itself is there"
        assert silhouette_iou(ours[view], first[view]) > 0.985
        assert subject_ssim(ours[view], first[view]) > 0.9
        np.testing.assert_array_equal(first[view], again[view])


def test_both_sides_of_a_double_sided_shell_are_shown(tmp_path: Path) -> None:
    both = pictures(write_outlined(tmp_path / "closed.glb", double_sided=True), tmp_path, "cycles", "raster")
    seen = [red_share(view) for views in both for view in views]
    assert max(seen) < 0.2, "but for the nose, which looks out"


def test_a_mirrored_node_keeps_its_fronts(tmp_path: Path) -> None:
    plain = pictures(write_outlined(tmp_path / "plain.glb"), tmp_path, "raster")[0]
    ours, theirs = pictures(write_outlined(tmp_path / "mirrored.glb", mirrored=True), tmp_path, "raster", "cycles")
    for view in (0, 1):
        assert red_share(ours[view]) > 0.75 and red_share(theirs[view]) > 0.75
        assert silhouette_iou(ours[view], theirs[view]) > 0.985
        assert abs(red_share(ours[view]) - red_share(plain[view])) < 0.2
