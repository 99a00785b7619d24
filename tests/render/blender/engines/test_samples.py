"""Cycles draws an asset with as many samples as it needs, whatever the clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.rendering.made import made
from render.blender.engines.samples import speckle_share
from rigmill.blender.requests import RENDER_CLIP
from tests.render.blender.engines.test_engines import shown
from tests.support.blender.calls import RENDER, call, clip_item, probe
from tests.support.paths import ASSETS

pytestmark = pytest.mark.blender
SMALL = {"width_px": 128, "height_px": 128, "samples": 4, "azimuths_deg": [0.0]}


def test_speckles_are_counted_inside_the_subject_alone() -> None:
    first = np.zeros((1, 12, 12, 4), np.uint8)
    first[0, 1:11, 1:11] = (100, 100, 100, 255)
    second = first.copy()
    assert speckle_share(first, second) == 0
    second[0, 5, 5, 1], second[0, 6, 6, 2] = 125, 124  # one by 25, one by 24
    second[0, 1, 1, 0] = 255  # at the rim
    assert speckle_share(first, second) == pytest.approx(1 / 64)
    assert speckle_share(first[:, :2], second[:, :2]) == 0  # nothing inside


@pytest.mark.slow
def test_glass_gets_more_samples_and_speckles_less_and_a_fox_gets_no_more(tmp_path: Path) -> None:
    path = tmp_path / "glass.glb"
    path.write_bytes(made("under glass"))
    item = clip_item(path, probe(path, tmp_path), "", num_frames=1)
    wanted = {"alone": {}, "enough": {"max_samples": 32}, "capped": {"max_samples": 6}, "truth": {"samples": 64}}
    answers = drawn(item, wanted, tmp_path)
    assert [answers[name]["samples"] for name in wanted] == [4, 32, 6, 64]
    pictures = {name: shown(tmp_path / name, "png", 0, 0)[None] for name in wanted}
    alone, enough = (speckle_share(pictures[name], pictures["truth"]) for name in ("alone", "enough"))
    assert alone > 0.03 and enough < alone / 3, (alone, enough)
    fox = ASSETS / "Fox.glb"
    item = clip_item(fox, probe(fox, tmp_path), "Run", num_frames=1)
    quiet = drawn(item, {"fox": {"samples": 8, "max_samples": 64}, "raster": {"engine": "raster"}}, tmp_path)
    assert [quiet[name]["samples"] for name in quiet] == [8, None]


def drawn(item: dict[str, Any], wanted: dict[str, dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Answers by name, all by one child."""
    items = [
        item | {"clip_id": name, "outputs": ["png"], "render": RENDER | SMALL | more} for name, more in wanted.items()
    ]
    answers = call(RENDER_CLIP, items, folder)
    assert all(answer.get("value") for answer in answers), answers
    return {name: answer["value"] for name, answer in zip(wanted, answers)}
