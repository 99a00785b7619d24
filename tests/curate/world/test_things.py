"""Things: wheels roll as far as they travel, parts keep clear of each other and within their limits."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.world.clearance import inside_share
from curate.world.make import make_body, play, random_of
from curate.world.motions import motions_of
from curate.world.motions.rolling import wheels
from curate.world.plans import plans
from curate.world.take import forward

SEED = 11
THINGS = [name for name in plans() if make_body(name, 0, SEED).parts]
CLEAR = [
    ("door", "open"),
    ("window", "open and close"),
    ("gate", "open"),
    ("cabinet", "open"),
    pytest.param("car", "steer", marks=pytest.mark.slow),
]  # 4 s
TOUCHES = 0.01  # of a part's surface


def played(plan, number, name):
    body = make_body(plan, number, SEED)
    return body, play(body, motions_of(body)[name], random_of(SEED, "take", plan, number, name))


@pytest.mark.parametrize("plan", [name for name in THINGS if "drive" in make_body(name, 0, SEED).can])
def test_wheels_roll_exactly_as_far_as_they_travel(plan):
    for number in range(6):
        for name in set(motions_of(make_body(plan, number, SEED))) & {"drive", "roll", "curve"}:
            body, take = played(plan, number, name)
            if take.truth.in_place:
                continue
            turns, heads = forward(body.skeleton, take)
            for part in wheels(body):
                bone = body.skeleton.number(part.bone)
                axle = turns[:, bone] @ part.axis
                steps = np.swapaxes(turns[:-1, bone], 1, 2) @ turns[1:, bone]
                spin = np.array([steps[:, 2, 1] - steps[:, 1, 2]]).ravel() / 2  # sine, about the axle at rest
                rolled = np.arcsin(np.clip(spin, -1, 1)) * part.radius
                ahead = np.cross(axle[:-1] + axle[1:], (0.0, 0.0, 1.0)) / 2
                went = np.sum((heads[1:, bone] - heads[:-1, bone]) * ahead, axis=1)
                assert np.abs(rolled - went).max() < 0.03 * max(np.abs(went).max(), 0.01), (plan, number, name)
                assert np.ptp(heads[:, bone, 2]) < 1e-9


@pytest.mark.parametrize("plan", THINGS)
def test_parts_stay_within_their_limits_and_end_where_the_truth_says(plan):
    for number in range(4):
        body = make_body(plan, number, SEED)
        for name, motion in motions_of(body).items():
            take = play(body, motion, random_of(SEED, "take", plan, number, name))
            for part in body.parts:
                if part.kind != "hinge" or part.bone not in take.turns:
                    continue
                turned = take.turns[part.bone]
                angle = np.degrees(np.arccos(np.clip((np.trace(turned, axis1=1, axis2=2) - 1) / 2, -1, 1)))
                assert angle.max() <= max(part.high, -part.low) + 1e-6, (plan, name, part.bone)
                if take.truth.opens == "opens" and part.word == take.truth.part:
                    assert angle[0] < 1e-6 and angle[-1] > 0.5 * part.high, (plan, name)
                if take.truth.opens in ("closes", "opens and closes") and part.word == take.truth.part:
                    assert angle[-1] < 4.0 and angle.max() > 0.5 * part.high, (plan, name)


@pytest.mark.parametrize(("plan", "name"), CLEAR)
def test_no_part_goes_through_another(plan, name):
    body, take = played(plan, 0, name)
    share, which = inside_share(body, take, frames=3)
    assert share <= TOUCHES, which


def test_some_things_have_several_roots_some_are_rigid_and_some_have_a_skin():
    bodies = [make_body(plan, number, SEED) for plan in THINGS for number in range(6)]
    assert any(len(body.skeleton.roots) > 1 for body in bodies)
    assert {body.skinned for body in bodies} == {True, False}
    assert min(len(body.skeleton.bones) for body in bodies) == 3
