"""Every motion on every plan that can do it: feet that stand, nothing below the floor, skin that holds, true words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.world.agreement import answers, facts_of
from benchmarks.world.measures import Moved, foot_slides, stretch, sunk_frames
from curate.world.make import make_body, play, random_of
from curate.world.mesh import mesh_of
from curate.world.motions import motions, motions_of
from curate.world.plans import plans
from curate.world.take import forward

MOST_SLIDE_PCT, MOST_STRETCH, MOST_SUNK = 1.0, 2.5, 1  # % of the leg; times; frames of a take


# A body of each family at once; the others take minutes.
AT_ONCE = ("bird", "car", "fish", "robot")


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=() if name in AT_ONCE else pytest.mark.slow) for name in plans()]
)
def moved(request):
    """All takes of a body of a plan."""
    found = []
    for number in (len(request.param) % 4,):
        body = make_body(request.param, number, 11)
        mesh = mesh_of(body, paint=False)
        for name, motion in motions_of(body).items():
            take = play(body, motion, random_of(11, request.param, number, name))
            found.append((Moved.of(body, mesh, take), mesh))
    return found


def test_every_plan_can_do_something_and_every_motion_is_for_somebody(moved):
    assert len({each.take.motion for each, _ in moved}) >= 2


def test_a_foot_that_stands_stays_where_it_stands(moved):
    for each, _ in moved:
        slides = foot_slides(each)
        assert max(slides, default=0.0) <= MOST_SLIDE_PCT, (each.body.plan, each.take.motion, max(slides))


def test_nothing_sinks_into_the_floor(moved):
    for each, _ in moved:
        assert sunk_frames(each) <= MOST_SUNK, (each.body.plan, each.take.motion)


def test_skin_is_never_torn(moved):
    for each, mesh in moved:
        assert stretch(each, mesh) <= MOST_STRETCH, (each.body.plan, each.take.motion, stretch(each, mesh))


def test_a_take_moves_and_its_numbers_are_finite(moved):
    for each, _ in moved:
        assert np.isfinite(each.vertices).all()
        assert np.ptp(each.vertices, axis=0).max() > 0.004 * each.body.height, (each.body.plan, each.take.motion)


def test_motions_have_no_jerk_from_frame_to_frame(moved):
    """No bone turns by more than a right angle in a sixteenth of a second, but what spins."""
    for each, _ in moved:
        for name, turns in each.take.turns.items():
            steps = np.swapaxes(turns[:-1], 1, 2) @ turns[1:]
            angle = np.degrees(np.arccos(np.clip((np.trace(steps, axis1=1, axis2=2) - 1) / 2, -1, 1)))
            spins = any(part.kind == "wheel" and part.bone == name for part in each.body.parts)
            assert spins or angle.max() < 90.0, (each.body.plan, each.take.motion, name, angle.max())


def test_travel_and_turn_are_as_the_truth_says(moved):
    """From the main root's path and the way that it faces, measured here by themselves."""
    for each, _ in moved:
        truth, body = each.take.truth, each.body
        turns, heads = forward(body.skeleton, each.take)
        way = np.linalg.norm(heads[-1, 0, :2] - heads[0, 0, :2]) / body.height
        if truth.direction != "none":
            assert way == pytest.approx(truth.travel, rel=0.12, abs=0.06), (body.plan, each.take.motion)
        ahead = -turns[:, 0, :2, 1]
        yaw = np.degrees(np.unwrap(np.arctan2(ahead[:, 0], -ahead[:, 1])))
        if body.legs and truth.verb in ("walk", "run", "turn", "spin"):
            assert yaw[-1] - yaw[0] == pytest.approx(truth.turn_deg, abs=20.0), (body.plan, each.take.motion)
        if truth.in_place:
            assert way < 0.1, (body.plan, each.take.motion)


def test_a_motion_works_at_any_number_of_frames():
    body = make_body("adult", 0, 11)
    for name, motion in motions_of(body).items():
        for count in (17, 49):
            take = play(body, motion, random_of(11, name), num_frames=count, fps=24.0)
            assert all(len(turns) == count for turns in take.turns.values()), name


def test_every_motion_is_done_by_some_plan():
    done = {name for plan in plans() for number in (0, 1, 2) for name in motions_of(make_body(plan, number, 11))}
    assert done == set(motions())


def test_motion_facts_agree_with_the_recorded_truth(moved):
    """Of every plan nearly all; the benchmark's facts_agree_share counts them over many bodies."""
    body, takes = moved[0][0].body, [each.take for each, _ in moved]
    given = [
        (take.motion, answer)
        for take, facts in zip(takes, facts_of(body, takes), strict=True)
        for answer in answers(body, take, facts)
    ]
    wrong = [(motion, answer) for motion, answer in given if not answer.right]
    assert len(wrong) <= 0.04 * len(given), wrong


def test_a_truth_that_is_not_the_takes_own_is_found_out():
    body = make_body("adult", 0, 11)
    known = motions_of(body)
    run, sit = (play(body, known[name], random_of(11, name)) for name in ("run", "sit down"))
    for take, other in ((run, sit), (sit, run)):
        (facts,) = facts_of(body, [take])
        assert all(answer.right for answer in answers(body, take, facts))
        wrong = replace(take, truth=other.truth)
        assert not all(answer.right for answer in answers(body, wrong, facts))


@pytest.mark.parametrize("plan", ["bat", "bird"])
def test_folded_wings_stay_down_when_the_trunk_bends(plan):
    body = make_body(plan, 0, 11)
    take = play(body, motions()["crouch"], random_of(11, plan))
    turns, heads = forward(body.skeleton, take)
    head = heads[-1, body.skeleton.number(body.head)]
    for wing in body.wings:
        last = body.skeleton.number(wing.bones[-1])
        bone = body.skeleton[wing.bones[-1]]
        assert (heads[-1, last] + turns[-1, last] @ (bone.tail - bone.head))[2] < head[2] + 0.2 * body.height


@pytest.mark.parametrize("plan", ["spider", "crab"])
def test_what_is_near_the_ground_crouches_no_deeper_than_that(plan):
    for number in range(3):
        body = make_body(plan, number, 7)
        take = play(body, motions()["crouch"], random_of(7, plan, number))
        assert sunk_frames(Moved.of(body, mesh_of(body, paint=False), take)) == 0, (plan, number)


@pytest.mark.parametrize("name", ["take off", "land"])
def test_wings_that_beat_near_the_ground_stay_above_it(name):
    for number in (5, 9):
        body = make_body("bat", number, 11)
        take = play(body, motions()[name], random_of(11, "bat", number, name))
        assert sunk_frames(Moved.of(body, mesh_of(body, paint=False), take)) == 0, number
