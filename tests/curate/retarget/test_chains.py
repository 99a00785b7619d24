"""Spines of other lengths: what turns their joints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.retarget.transfer import retarget
from rigmill.types import Motion, Rig
from tests.support.plain_bodies import apart_deg, built, changed, humanoid, parts, plain, still, with_turn, world


def spine(num_joints: int) -> Rig:
    """A body whose spine has so many joints, evenly from 1.0 m to the neck at 1.45 m."""
    rig = changed(plain(), drop=("Spine1", "Spine2"))
    heights = np.linspace(1.0, 1.45, num_joints + 1)[:-1]
    found = [part for part in parts(rig) if part[0] != "Spine"]
    found = [(name, f"s{num_joints}" if above == "Spine" else above, place) for name, above, place in found]
    chain: list[tuple[str, str | None, Sequence[float]]] = [
        (f"s{number}", f"s{number - 1}" if number > 1 else "Hips", (0, 0.01, height))
        for number, height in enumerate(heights, start=1)
    ]
    if num_joints == 0:
        found = [(name, "Hips" if above == "s0" else above, place) for name, above, place in found]
    return built([found[0], *chain, *found[1:]])


def bent(rig: Rig, turns_deg: Sequence[float], neck_deg: float) -> Motion:
    """The spine's joints bend forward by so much each, the neck too."""
    motion = still(rig)
    for number, angle in enumerate(turns_deg, start=1):
        motion = with_turn(motion, rig, f"s{number}", Rotation.from_euler("x", angle, degrees=True))
    return with_turn(motion, rig, "Neck", Rotation.from_euler("x", neck_deg, degrees=True))


@pytest.mark.parametrize(
    ("num_target", "expected"), [(3, [20, 40, 60]), (1, [40]), (2, [80 / 3, 160 / 3]), (6, [20, 20, 40, 40, 60, 60])]
)
def test_the_bend_of_a_spine_is_spread_over_one_of_another_length(num_target: int, expected: list[float]) -> None:
    source, target = spine(3), spine(num_target)
    motion = bent(source, [20, 20, 20], 10)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    for number, angle in enumerate(expected, start=1):
        # A mean of quaternions 20 degrees apart is the mean angle to within a tenth of a degree.
        assert apart_deg(world(target, result, f"s{number}"), Rotation.from_euler("x", angle, degrees=True)) < 0.2
    assert apart_deg(world(target, result, "Neck"), Rotation.from_euler("x", 70, degrees=True)) < 1e-6


def test_a_spine_without_a_counterpart_stands_between_hips_and_neck() -> None:
    source, target = spine(0), spine(3)
    motion = with_turn(still(source), source, "Hips", Rotation.from_euler("x", -20, degrees=True))
    motion = with_turn(motion, source, "Neck", Rotation.from_euler("x", 60, degrees=True))
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    for number, angle in ((1, -5), (2, 10), (3, 25)):
        assert apart_deg(world(target, result, f"s{number}"), Rotation.from_euler("x", angle, degrees=True)) < 0.5
