"""Blows land as blows do: kicks with a straight leg, claws without torn skin."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.world.measures import stretch
from tests.support.world import Seen, angle_deg

STRAIGHT_DEG = 20.0  # a knee bent by less looks straight


def kicks(plan, numbers):
    for number in numbers:
        for seed in (7, 12):
            seen = Seen(plan, number, "kick", seed)
            yield seen, next(leg for leg in seen.body.legs if leg.side == seen.take.truth.side)


@pytest.mark.parametrize("plan", ["adult", "child", "robot", "monster"])
def test_a_kick_hits_with_a_straight_leg_from_a_bent_one(plan):
    for seen, leg in kicks(plan, (0, 1)):
        foot = seen.head(leg.bones[-1])
        hit = int(np.argmin(foot[:, 1]))  # furthest ahead
        bent = seen.knee_deg(leg)
        assert bent[hit] < STRAIGHT_DEG, (seen.body.plan, bent[hit])
        assert bent[:hit].max() > 50.0  # it is drawn up first
        assert foot[hit, 2] > foot[0, 2] + 0.3 * seen.body.leg_length


@pytest.mark.parametrize(("plan", "name", "number"), [("dinosaur", "spin", 5), ("dinosaur", "attack", 5)])
def test_arms_held_before_the_chest_are_not_flung_about(plan, name, number):
    seen = Seen(plan, number, name)
    assert seen.body.arms[0].folded
    for arm in seen.body.arms:
        chest = seen.body.skeleton[arm.bones[0]].parent
        # In the chest's axes; they swing after it a little.
        away = np.swapaxes(seen.turn(chest), 1, 2) @ (seen.head(arm.bones[2]) - seen.head(arm.bones[0]))[..., None]
        assert angle_deg(away[..., 0], away[:1, :, 0]).max() < 25.0
    assert stretch(seen.moved, seen.mesh) < 2.0
