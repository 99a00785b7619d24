"""What a child drew before does not show in what it draws next: the bytes of a clip follow from the clip alone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from rigmill.blender.requests import MAKE_ASSET, RENDER_CLIP
from tests.support.blender.calls import call, clip_item, probe
from tests.support.paths import ASSETS

pytestmark = pytest.mark.blender
FOX = ASSETS / "Fox.glb"
ENGINES = {
    "auto": {"engine": "auto", "min_agreement": 0.8},
    "cycles": {"engine": "cycles"},
    "sampled": {"engine": "cycles", "max_samples": 4},
    "refused": {"engine": "auto", "min_agreement": 1.0},
}


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.slow
def test_clips_are_the_same_bytes_in_any_order_within_a_child(tmp_path: Path) -> None:
    probed = probe(FOX, tmp_path / "probe")
    items: list[dict[str, Any]] = []
    for name, changes in ENGINES.items():
        for motion in ("Run", "Walk"):
            item = clip_item(FOX, probed, motion, num_frames=2)
            render = item["render"] | {"denoise": False} | changes
            items.append(item | {"clip_id": f"{motion}-{name}", "render": render})
    forth = call(RENDER_CLIP, items, tmp_path / "forth")
    back = call(RENDER_CLIP, items[::-1], tmp_path / "back")
    answers = [answer["value"] for answer in forth]
    assert answers == [answer["value"] for answer in reversed(back)]
    assert [answer["engine"] for answer in answers] == ["raster"] * 2 + ["cycles"] * 6
    for item in items:
        ours, theirs = (digests(tmp_path / run / item["clip_id"]) for run in ("forth", "back"))
        assert len(ours) == 17 and ours == theirs, item["clip_id"]
    alike = {name: digests(tmp_path / "forth" / f"Run-{name}") for name in ENGINES}
    assert alike["cycles"] == alike["refused"]  # whoever chose it
    assert alike["cycles"]["rgb.0.mp4"] != alike["auto"]["rgb.0.mp4"]


@pytest.mark.slow
def test_the_world_in_which_a_file_is_first_drawn_leaves_no_trace(tmp_path: Path) -> None:
    """Each clip has a scale of its own; what is read once per file must not be rounded with that of the first."""
    asset = {"group": "biped", "variant": 0, "seed": 7}
    made = call(MAKE_ASSET, [asset], tmp_path / "made")[0]["value"]
    biped = tmp_path / "made" / made["file"]
    probed = probe(biped, tmp_path / "probe")
    items: list[dict[str, Any]] = []
    for motion in probed["motions"]:
        item = clip_item(biped, probed, motion["name"], num_frames=17)
        render = item["render"] | {"engine": "raster", "width_px": 96, "height_px": 96}
        items.append(item | {"clip_id": motion["name"], "render": render})
    assert len(items) == 2
    call(RENDER_CLIP, items, tmp_path / "forth")
    call(RENDER_CLIP, items[::-1], tmp_path / "back")
    for item in items:
        ours, theirs = (digests(tmp_path / run / item["clip_id"]) for run in ("forth", "back"))
        assert ours == theirs, item["clip_id"]
