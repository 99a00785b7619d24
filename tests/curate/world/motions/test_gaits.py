"""Runs are runs by what feet do: all are off the ground at times, or each stands for less than half of the time."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.world.agreement import facts_of
from rigmill.facts.facts import Gait
from tests.support.world import Seen

# Gentle ones: long legs that travel at the least speed of a run.
GENTLE = [("giraffe", number, seed) for number in (3, 4) for seed in (7, 11, 12, 13)] + [("cat", 5, 7), ("dog", 0, 7)]


@pytest.mark.parametrize("name", ["run", "walk"])
def test_runs_and_walks_are_told_by_how_long_feet_stand_and_facts_say_so(name):
    for plan, number, seed in GENTLE:
        seen = Seen(plan, number, name, seed)
        low = [seen.ball(leg)[:, 2] < leg.ball[2] + 0.015 * seen.body.leg_length for leg in seen.body.legs]
        stands, in_the_air = float(np.mean(low)), float(1 - np.any(low, axis=0).mean())
        (facts,) = facts_of(seen.body, [seen.take])
        if name == "run":
            assert stands < 0.45 and in_the_air > 0.1, (plan, number, seed, stands, in_the_air)
            assert facts.gait == Gait.RUN, (plan, number, seed)
        else:
            assert stands > 0.5 and in_the_air == 0.0, (plan, number, seed, stands, in_the_air)
            assert facts.gait in (Gait.WALK, Gait.NONE), (plan, number, seed)
