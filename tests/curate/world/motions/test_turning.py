"""Turns on the spot begin and end on all feet."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.world import Seen

TURNS = [
    ("adult", 1, "turn"),
    ("robot", 3, "spin"),
    ("dog", 0, "turn"),
    ("dog", 2, "spin"),
    ("elephant", 1, "spin"),
    ("bird", 0, "turn"),
    ("lizard", 1, "turn"),
    ("spider", 0, "turn"),
]


def stands(plan, number, name, seed=11):
    seen = Seen(plan, number, name, seed)
    length, middle = seen.body.leg_length, np.mean([leg.ball for leg in seen.body.legs], axis=0)
    lifted = []
    for leg in seen.body.legs:
        ball = seen.ball(leg)
        up = (ball[:, 2] - leg.ball[2]) / length
        assert abs(up[0]) < 0.006 and abs(up[-1]) < 0.006, (plan, number, name, leg.name, up[0], up[-1])
        lifted.append(up.max())
        # Its feet are as far apart as they were, turned with the body.
        turn = np.deg2rad(seen.take.truth.turn_deg)
        x, y, _ = leg.ball - middle
        goal = middle[:2] + (x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn))
        assert np.linalg.norm(ball[-1, :2] - goal) < 0.05 * length, (plan, number, name, leg.name)
    assert max(lifted) > 0.05  # it goes by steps


@pytest.mark.parametrize(("plan", "number", "name"), TURNS)
def test_a_turn_begins_and_ends_with_all_feet_on_the_floor_where_they_stand_at_rest(plan, number, name):
    stands(plan, number, name)


@pytest.mark.slow  # 25 s
@pytest.mark.parametrize("plan", ["child", "monster", "cat", "horse", "giraffe", "dinosaur", "crab"])
def test_turns_of_other_bodies_do_so_too(plan):
    for number in range(4):
        for name in ("turn",) if plan == "crab" else ("turn", "spin"):
            stands(plan, number, name)
