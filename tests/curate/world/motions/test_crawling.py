"""People crawl on their hands and knees, and not above them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.world import Seen, rise_deg

NEAR = 0.016  # of the height: about a finger of a person
CRAWLERS = [("adult", 0), ("child", 2), ("robot", 2), ("monster", 0)]


@pytest.mark.parametrize(("plan", "number"), CRAWLERS)
def test_a_hand_and_a_knee_are_on_the_floor_at_any_time(plan, number):
    seen = Seen(plan, number, "crawl")
    body = seen.body
    for limbs in (
        [{arm.bones[2], *(bone for finger in arm.fingers for bone in finger)} for arm in body.arms if not arm.pair],
        [{leg.bones[1]} for leg in body.legs],
    ):
        heights = np.stack([seen.skin(bones)[..., 2].min(axis=1) for bones in limbs]) / body.height
        assert np.abs(heights.min(axis=0)).max() < NEAR, (heights.min(axis=0).max(), limbs)
        assert heights.max() > 0.5 * NEAR  # they are lifted too


@pytest.mark.parametrize("number", [0, 1])
def test_a_tail_lies_low_behind_a_body_that_crawls(number):
    seen = Seen("monster", number, "crawl")
    (tail,) = seen.body.tails
    assert rise_deg(seen.tip(tail[-1]) - seen.head(tail[0])).max() < 20.0
