"""A clip's views on several ranks are what they are on one: what is said to the bit, gradients to rounding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.support.ranks import Scene, run_scenes
from train.objective import draw_noise


def test_noise_of_a_view_is_the_same_whoever_makes_it_beside_whatever_else() -> None:
    shape = (3, 4, 16, 4, 8, 8)
    whole = draw_noise(shape, seed=3, step=5, places=[4, 5, 6], views=[range(4)] * 3)
    part = draw_noise((1, 2, *shape[2:]), seed=3, step=5, places=[5], views=[[2, 3]])
    assert torch.equal(part.rgb[0], whole.rgb[1, 2:]) and torch.equal(part.pose[0], whole.pose[1, 2:])
    of_views = torch.stack([*whole.rgb.flatten(0, 1), *whole.pose.flatten(0, 1)]).flatten(1)
    assert (torch.corrcoef(of_views) - torch.eye(24)).abs().max() < 0.1, "and none is another's"
    assert abs(of_views.std() - 1) < 0.02 and abs(of_views.mean()) < 0.02
    other = draw_noise(shape, seed=3, step=6, places=[4, 5, 6], views=[range(4)] * 3)
    assert not torch.equal(other.rgb, whole.rgb)


@pytest.mark.slow  # half a minute
def test_views_on_several_ranks_are_one_clip(tmp_path: Path) -> None:
    """2 (9 + 1) = 20 latent frames are shared evenly by four; 2 (8 + 1) = 18 are not."""
    scenes = []
    for world in (2, 4):
        cases = [
            {"dtype": dtype, "frames": frames, "view_ranks": view_ranks, "checkpointing": checkpointing}
            for dtype, frames, view_ranks, checkpointing in (
                ("float32", 9, world, False),
                ("float32", 8, 2, False),
                ("float64", 8, world, True),
                ("float64", 9, world, False),
            )
        ]
        order = {"cases": cases, "out": str(tmp_path / f"found-{world}.json")}
        scenes.append(Scene(world, "tests.support.shared_views:compare", order))
    statuses, said = run_scenes(scenes)
    assert statuses == [[0] * 2, [0] * 4], said[-3000:]
    for scene in scenes:
        found = json.loads(Path(scene.order["out"]).read_text())
        for case, (said_by, gradient, scale) in zip(scene.order["cases"], found, strict=True):
            assert said_by == 0, case
            assert gradient <= (1e-8 if case["dtype"] == "float64" else 1e-6) and scale > 1e-2, (case, gradient)
