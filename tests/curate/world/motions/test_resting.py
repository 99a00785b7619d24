"""What sits has its rump on the ground and its hind legs folded, however short its legs are."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.world import Seen, rise_deg

SITTERS = [("dog", 6), ("dog", 1), ("cat", 5), ("cat", 2), ("dog", 3)]


@pytest.mark.parametrize(("plan", "number"), SITTERS)
def test_who_sits_has_the_rump_on_the_ground_and_the_trunk_steep(plan, number):
    seen = Seen(plan, number, "sit on haunches")
    body = seen.body
    thighs = [leg.bones[0] for leg in body.legs if leg.end == "hind"]
    rump = seen.skin([body.root, *thighs])[..., 2].min(axis=1) / body.height
    assert rump[0] > 0.2 and rump[-1] < 0.05, (rump[0], rump[-1])
    hind, front = (next(leg for leg in body.legs if leg.end == end) for end in ("hind", "front"))
    steep = rise_deg(seen.head(front.bones[0]) - seen.head(hind.bones[0]))
    assert steep[-1] > steep[0] + 20.0
    assert seen.moved.vertices[-1, :, 2].min() > -0.01 * body.height
    assert np.abs(seen.ball(front)[-1] - seen.ball(front)[0]).max() < 0.01 * body.leg_length
