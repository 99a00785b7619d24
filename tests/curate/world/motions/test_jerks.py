"""No bone turns by more than a right angle from a frame to the next, of bodies whose proportions are unusual either."""

from __future__ import annotations

import pytest

from tests.support.world import Seen

MOST_DEG = 80.0
FAST = [
    ("dog", 2, "run", 12),
    ("elephant", 2, "spin", 11),
    ("dog", 2, "spin", 11),
    ("monster", 1, "spin", 7),
    ("elephant", 2, "shake body", 8),
]


@pytest.mark.parametrize(("plan", "number", "name", "seed"), FAST)
def test_fast_limbs_turn_no_further_than_a_film_shows(plan, number, name, seed):
    assert Seen(plan, number, name, seed).jerk_deg() < MOST_DEG


@pytest.mark.slow  # 20 s
@pytest.mark.parametrize(
    "plan", ["dog", "cat", "horse", "elephant", "giraffe", "dinosaur", "adult", "monster", "robot"]
)
def test_limbs_of_unusual_bodies_turn_no_further(plan):
    for number in range(4):
        for seed in (7, 11, 12):
            for name in ("run", "spin", "shake body", "attack"):
                try:
                    seen = Seen(plan, number, name, seed)
                except KeyError:
                    continue
                assert seen.jerk_deg() < 90.0, (plan, number, name, seed)
