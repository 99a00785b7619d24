"""References by Cycles show single-sided surfaces as they are, by means of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.common.corpus import blender
from benchmarks.rendering.made import made
from benchmarks.rendering.references import REFERENCE
from rigmill.formats.glb import Glb
from tests.support.blender.calls import RENDER, clip_item, probe
from tests.support.outlined import write_outlined


def test_made_files_are_the_same_bytes_and_have_what_they_are_made_for() -> None:
    room, glass = (Glb.from_bytes(made(kind)).document for kind in ("in a room", "under glass"))
    assert made("in a room") == Glb.from_bytes(made("in a room")).to_bytes()
    assert not any(material.get("doubleSided") for material in room["materials"])
    assert len(room["meshes"]) == 7  # a person and six sides
    assert {"KHR_materials_transmission"} == set(glass["extensionsUsed"])


@pytest.mark.blender
@pytest.mark.slow
@pytest.mark.parametrize("mirrored", [False, True])
def test_an_outlined_ball_is_red_and_a_closed_shell_hides_it(tmp_path: Path, mirrored: bool) -> None:
    render = RENDER | REFERENCE | {"samples": 8, "width_px": 128, "height_px": 128}
    shares = {}
    client = blender()
    try:
        for name, double_sided in (("outlined", False), ("closed", True)):
            path = write_outlined(tmp_path / f"{name}.glb", mirrored=mirrored, double_sided=double_sided)
            item = clip_item(path, probe(path, tmp_path), "turn", num_frames=1) | {"frame": 0, "seed": 0}
            items = [item | {"render": render, "view": view} for view in (1, 0)]  # one after the other in one child
            first, last = client.run("benchmarks.rendering.child:reference", items, scratch=tmp_path)
            assert first.value and last.value, (first.outcome, last.outcome)
            shares[name] = red_share(cv2.imread(str(tmp_path / last.value["picture"]), -1))
    finally:
        client.close()
    assert shares["outlined"] > 0.75 and shares["closed"] < 0.2, shares


def red_share(picture: Any) -> float:
    seen = picture[..., 3] == 255
    return float((seen & (picture[..., 2] > 100) & (picture[..., 1] < 100)).sum() / np.count_nonzero(seen))
