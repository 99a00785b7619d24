"""Motions stand on the ground of their targets, wherever their files hang the rest pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curate.retarget.ground import Ground, Seen, find_ground, warnings
from curate.retarget.pair import put_on, put_on_ground
from rigmill.humanoid.body import Body
from rigmill.rigs.turns import IDENTITY
from rigmill.types import Floats, Motion, Rig
from tests.support.curation import scipy_positions
from tests.support.walking import SIDES, as_whole, crouch, largest_turn, shaped, walk

NEAR = 0.03  # of the hips' height


def hung(rig: Rig, motion: Motion, by: float) -> tuple[Rig, Motion]:
    """The same motion in the world, of a rig whose rest pose is higher by so much."""
    translations = motion.translations.copy()
    translations[:, rig.parents < 0, 2] -= by
    return replace(rig, rest_joints=rig.rest_joints + [0, 0, by]), replace(motion, translations=translations)


def over_ground(body: Body, motion: Motion) -> Floats:
    """How far the lowest of ankles and balls is over the rest pose's, in heights of the hips, (T,)."""
    places, rest = scipy_positions(body.rig, motion), body.rig.rest_joints
    joints = [body.joints[f"{side}{part}"] for side in SIDES for part in ("Foot", "Toes")]
    return np.asarray((places[:, joints, 2] - rest[joints, 2]).min(axis=1) / body.hip_height)


def still(rig: Rig, num_frames: int = 40) -> Motion:
    return Motion(
        np.tile(IDENTITY, (num_frames, rig.num_joints, 1)), np.zeros((num_frames, rig.num_joints, 3)), fps=20.0
    )


@pytest.mark.parametrize("by", [-1 / 3, 1 / 3, -1.0])
@pytest.mark.parametrize("what", ["walk", "crouch", "treadmill", "statue"])
def test_feet_come_down_to_the_ground_wherever_the_rest_pose_hangs(what: str, by: float) -> None:
    plain = as_whole(shaped())
    target = as_whole(shaped(thigh=1.15, shin=0.9))
    motion = {
        "walk": lambda: walk(plain.rig)[0],
        "crouch": lambda: crouch(plain.rig, depth=0.15),
        "treadmill": lambda: walk(plain.rig, in_place=True)[0],
        "statue": lambda: still(plain.rig),
    }[what]()
    rig, moved = hung(plain.rig, motion, by * plain.hip_height)
    made, footing, ground = put_on_ground(moved, source=as_whole(rig), target=target)
    expected, as_expected = put_on(motion, source=plain, target=target)
    assert ground.above_rest == pytest.approx(-by * plain.hip_height, abs=0.02 * plain.hip_height)
    assert ground.seen is (Seen.FEET if what in ("walk", "crouch") else Seen.FILE)
    assert np.abs(over_ground(target, made)).max() < NEAR
    assert np.abs(scipy_positions(target.rig, made) - scipy_positions(target.rig, expected)).max() < 0.02
    assert footing.contact_share == pytest.approx(as_expected.contact_share, abs=0.05)


def test_the_ground_that_feet_stand_on_needs_no_file_that_agrees() -> None:
    """A stage at 2, on which a body walks whose rest pose is at -1."""
    plain = as_whole(shaped())
    motion = walk(plain.rig)[0]
    motion.translations[:, plain.hips, 2] += 2.0
    rig, moved = hung(plain.rig, motion, -1.0)
    ground = find_ground(moved, as_whole(rig))
    assert ground.seen is Seen.FEET and ground.above_rest == pytest.approx(3.0, abs=0.02)


def in_the_air(rig: Rig, what: str) -> Motion:
    """Who is over the ground all the time: nothing of it stands, though some of it is slow."""
    body, time = as_whole(rig), np.arange(60) / 20.0
    motion = still(rig, 60)
    bob = 0.03 * np.sin(2 * np.pi * 0.4 * time)
    motion.translations[:, body.hips, 2] = 0.5 + bob  # slower than what counts as standing
    if what == "swim":
        motion.rotations[:, body.hips] = [np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0]
    if what == "flight":
        motion.translations[:, body.hips, 1] = -time
    if what == "jump":
        motion.translations[:, body.hips, 2] = 0.3 + 0.4 * np.sin(np.pi * time / 3)
        for side in SIDES:
            swing = 0.5 * np.sin(2 * np.pi * time + (side == "left"))
            motion.rotations[:, body.joints[f"{side}UpperLeg"]] = np.stack(
                [np.cos(swing / 2), np.sin(swing / 2), 0 * time, 0 * time], axis=-1
            )
    if what == "sit":  # on a chair: feet that stand still while the trunk sways
        motion.translations[:, body.hips] = np.stack([0.02 * np.sin(time), 0.02 * np.cos(time), 0.2 + 0 * time], -1)
        for side in SIDES:
            motion.rotations[:, body.joints[f"{side}UpperLeg"]] = [np.sqrt(0.5), -np.sqrt(0.5), 0.0, 0.0]
    return motion


@pytest.mark.parametrize("what", ["hover", "swim", "flight", "jump", "sit"])
def test_who_is_over_the_ground_is_not_pulled_down(what: str) -> None:
    body = as_whole(shaped())
    motion = in_the_air(body.rig, what)
    assert find_ground(motion, body).above_rest == 0.0
    # With a rest pose below the floor as high as it was: over the file's ground.
    rig, moved = hung(body.rig, motion, -body.hip_height / 3)
    ground = find_ground(moved, as_whole(rig))
    assert ground.seen is Seen.FILE
    assert ground.above_rest == pytest.approx(body.hip_height / 3, abs=0.02 * body.hip_height)


@pytest.mark.parametrize("what", ["swim", "sit"])
def test_a_file_that_never_displaces_a_body_has_no_ground_at_its_origin(what: str) -> None:
    body = as_whole(shaped())
    motion = in_the_air(body.rig, what)
    motion.translations[:] = 0
    rig, moved = hung(body.rig, motion, -body.rig.rest_joints[body.hips, 2])
    moved.translations[:] = 0
    assert find_ground(moved, as_whole(rig)).above_rest == 0.0


def test_a_jump_that_lands_keeps_its_height_over_the_ground_it_lands_on() -> None:
    body = as_whole(shaped())
    motion = crouch(body.rig, depth=0.15)
    motion.translations[25:40, body.hips, 2] += 0.6
    rig, moved = hung(body.rig, motion, -body.hip_height / 3)
    made, _, ground = put_on_ground(moved, source=as_whole(rig), target=body)
    assert ground.above_rest == pytest.approx(body.hip_height / 3, abs=0.01)
    assert over_ground(body, made)[25:40].min() * body.hip_height > 0.5
    assert np.abs(over_ground(body, made)[:25]).max() < NEAR


@pytest.mark.parametrize("proportions", [{"foot": 1.6}, {"foot": 0.5}, {"trunk": 0.25}])
def test_who_stands_and_then_lies_stands_on_the_ground_until_then(proportions: dict[str, float]) -> None:
    """The feet of one who lies are still, and as low as feet that stand, but turned: they say nothing of the ground."""
    plain, target = as_whole(shaped()), as_whole(shaped(**proportions))
    standing, lying = crouch(plain.rig, depth=0.25), still(plain.rig, 120)
    lying.rotations[:, plain.hips] = [np.sqrt(0.5), -np.sqrt(0.5), 0.0, 0.0]  # on the back
    low = scipy_positions(plain.rig, Motion(lying.rotations[:1], lying.translations[:1], 20.0))
    ankle = plain.joints["leftFoot"]
    lying.translations[:, plain.hips, 2] = plain.rig.rest_joints[ankle, 2] - low[0, ankle, 2]
    motion = Motion(
        np.concatenate([standing.rotations, lying.rotations]),
        np.concatenate([standing.translations, lying.translations]),
        standing.fps,
    )
    count = len(standing.rotations)
    made, footing, _ = put_on_ground(motion, source=plain, target=target)
    alone, _, _ = put_on_ground(standing, source=plain, target=target)
    assert footing.contact_share > 0.9  # lying feet count as standing
    until = slice(0, count - 10)  # then it is on its way down
    assert over_ground(target, made)[until] == pytest.approx(over_ground(target, alone)[until], abs=0.004)


def test_a_motion_on_its_own_skeleton_stays_where_it_is() -> None:
    body = as_whole(shaped())
    rig, moved = hung(body.rig, walk(body.rig)[0], -0.3)
    made, footing, ground = put_on_ground(moved, source=as_whole(rig), target=as_whole(rig))
    assert ground.above_rest > 0.25 and footing.contact_share > 0.4
    assert largest_turn(made, moved) < 1e-6
    np.testing.assert_allclose(made.translations, moved.translations, atol=1e-9)


def test_words_for_bodies_that_stand_on_nothing() -> None:
    body = as_whole(shaped())
    treadmill = find_ground(walk(body.rig, in_place=True)[0], body)
    assert "walks in place" in warnings(treadmill, 0.0)[0] and warnings(treadmill, 0.1) == []
    assert "comes down to the ground" in warnings(find_ground(in_the_air(body.rig, "hover"), body), 0.0)[0]
    assert warnings(find_ground(in_the_air(body.rig, "swim"), body), 0.0) == []  # no humanoid that stands or walks
    assert warnings(Ground(), 0.0) == []
