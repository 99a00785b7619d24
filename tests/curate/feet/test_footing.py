"""Feet that stand in the source stand on bodies of other proportions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.feet.footing import Footing, keep_feet
from curate.retarget.pair import put_on
from curate.retarget.transfer import retarget
from rigmill.humanoid.body import as_body
from rigmill.humanoid.names import humanoid_joints
from rigmill.types import Motion
from tests.support.curation import random_motion, scipy_positions
from tests.support.walking import (
    PROPORTIONS,
    SIDES,
    STANCE,
    as_whole,
    crouch,
    kept,
    largest_turn,
    leg_turns_deg,
    shaped,
    slides_pct,
    walk,
    with_twist,
)


@pytest.mark.parametrize("fps", [16.0, 30.0])
@pytest.mark.parametrize("yaw_deg", [0, 90, 180])
def test_a_motion_on_its_own_skeleton_is_left_as_it_is(fps: float, yaw_deg: int) -> None:
    rig = as_whole(shaped())
    motion, _ = walk(rig.rig, fps=fps)
    # Slides, too: a foot that is dragged on purpose is dragged.
    motion.translations[:, rig.hips, 0] += 0.1 * np.sin(np.arange(len(motion.rotations)) / 9)
    _, result, footing = kept(motion, rig, rig)
    assert largest_turn(motion, result) < 1e-6
    np.testing.assert_allclose(result.translations, motion.translations, atol=1e-9)
    assert footing.slide_source is not None and footing.slide_source.p95_pct > 0.05
    assert footing.slide_after_pct == pytest.approx(footing.slide_source.p95_pct)
    # Turned about and twice the size it is the same body.
    other = as_whole(replace(shaped(yaw_deg=yaw_deg), rest_joints=2 * shaped(yaw_deg=yaw_deg).rest_joints))
    plain, result, footing = kept(motion, rig, other)
    assert largest_turn(plain, result) < 1e-6 and footing.correction_pct < 1e-6


@pytest.mark.parametrize("fps", [16.0, 30.0])
@pytest.mark.parametrize("proportions", PROPORTIONS, ids=lambda each: "-".join(f"{k}{v}" for k, v in each.items()))
def test_a_foot_that_stands_in_the_source_stands_on_other_proportions(
    proportions: dict[str, float], fps: float
) -> None:
    source, target = as_whole(shaped()), as_whole(shaped(**proportions))
    motion, grounded = walk(source.rig, fps=fps)
    plain, result, footing = kept(motion, source, target)
    slides = slides_pct(target.rig, result, grounded)
    # Landing and lifting off are grounded here by construction, and not yet contacts: there a little is left.
    assert np.percentile(slides, 90) < 0.05 and slides.max() < 1.5
    before = slides_pct(target.rig, plain, grounded)
    assert np.percentile(slides, 90) <= max(0.2 * np.percentile(before, 90), 1e-6)
    assert footing.slide_after_pct is not None and footing.slide_after_pct < 0.05
    assert 0.4 < footing.contact_share < STANCE + 0.05 and footing.missed_share == 0.0


@pytest.mark.parametrize("proportions", PROPORTIONS, ids=lambda each: "-".join(f"{k}{v}" for k, v in each.items()))
def test_feet_stand_on_one_floor_and_hips_stay_at_their_height(proportions: dict[str, float]) -> None:
    source, target = as_whole(shaped()), as_whole(shaped(**proportions))
    motion, grounded = walk(source.rig)
    plain, result, _ = kept(motion, source, target)
    places = scipy_positions(target.rig, result)
    balls = np.stack([places[:, target.joints[f"{side}Toes"], 2] for side in SIDES])
    middle = [on & np.roll(on, 4) & np.roll(on, -4) for on in grounded]
    standing = np.concatenate([ball[on] for ball, on in zip(balls, middle)])
    assert np.ptp(standing) < 0.01 * target.hip_height
    assert balls.min() > standing.min() - 0.01 * target.hip_height  # and no foot swings through the floor
    lifted = places[:, target.hips, 2] - scipy_positions(target.rig, plain)[:, target.hips, 2]
    assert np.abs(lifted).max() <= 0.025 * target.hip_height + 1e-9


@pytest.mark.parametrize("proportions", PROPORTIONS, ids=lambda each: "-".join(f"{k}{v}" for k, v in each.items()))
def test_legs_are_corrected_as_little_as_can_be_and_without_haste(proportions: dict[str, float]) -> None:
    source, target = as_whole(shaped()), as_whole(shaped(**proportions))
    motion, grounded = walk(source.rig)
    plain, result, _ = kept(motion, source, target)
    before, after = scipy_positions(target.rig, plain), scipy_positions(target.rig, result)
    for side, on in zip(SIDES, grounded):
        shift = (after - before)[:, target.joints[f"{side}Foot"]]
        largest = np.linalg.norm(shift, axis=-1).max() + 1e-9
        ends = np.flatnonzero(np.diff(np.pad(on, 1).astype(int))).reshape(-1, 2)
        whole = [(start, end) for start, end in ends if start > 0 and end < len(on)]
        assert whole
        for start, end in whole:  # as far to one side as to the other
            assert np.linalg.norm(shift[start:end, :2].mean(axis=0)) < 0.1 * largest
        assert np.linalg.norm(np.diff(shift, axis=0), axis=-1).max() < 0.6 * largest
    assert np.percentile(leg_turns_deg(target.rig, before, after), 95) < 8.0


def test_hips_take_up_in_a_crouch_what_would_bend_both_knees() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(trunk=0.15))
    motion = crouch(source.rig, depth=0.15)
    plain, result, footing = kept(motion, source, target)
    before, after = (scipy_positions(target.rig, each) for each in (plain, result))
    ankles = [target.joints[f"{side}Foot"] for side in SIDES]
    sinks = [np.ptp(places[:, ankles, 2], axis=0).max() for places in (before, after)]
    # The hips of a long trunk go down by 16 % more, and with the same legs the feet go under ground.
    assert sinks[0] > 0.02 and sinks[1] < 1e-6
    assert footing.contact_share == 1.0 and 0.5 < footing.raised_pct <= 2.5
    assert leg_turns_deg(target.rig, before, after).max() < 0.3  # knees alone would have to give in by more than 1


def test_feet_and_toes_keep_their_turns_bones_their_lengths_and_the_rest_of_the_body_its_pose() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=1.2, shin=0.8, trunk=0.1))
    motion, _ = walk(source.rig)
    plain, result, footing = kept(motion, source, target)
    assert footing.correction_pct > 1.0
    changed = np.abs(plain.rotations - result.rotations).max(axis=(0, 2)) > 1e-12
    legs = {target.joints[f"{side}{part}"] for side in SIDES for part in ("UpperLeg", "LowerLeg", "Foot")}
    assert set(np.flatnonzero(changed)) == legs
    for side in SIDES:
        chain = [target.hips] + [target.joints[f"{side}{part}"] for part in ("UpperLeg", "LowerLeg", "Foot", "Toes")]
        turns = [
            np.prod([Rotation.from_quat(each.rotations[:, joint], scalar_first=True) for joint in chain])
            for each in (plain, result)
        ]
        assert (turns[0].inv() * turns[1]).magnitude().max() < 1e-9


def test_no_ankle_jumps_and_knees_bend_forwards() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=1.25, shin=0.75, width=1.5))
    motion, _ = walk(source.rig)
    plain, result, _ = kept(motion, source, target)
    before, after = scipy_positions(target.rig, plain), scipy_positions(target.rig, result)
    for side in SIDES:
        hip, knee, ankle = (target.joints[f"{side}{part}"] for part in ("UpperLeg", "LowerLeg", "Foot"))
        for joint in (knee, ankle):
            jerk = [np.linalg.norm(np.diff(each[:, joint], n=2, axis=0), axis=-1).max() for each in (before, after)]
            assert jerk[1] < 1.2 * jerk[0]
        middle = after[:, hip] + 0.5 * (after[:, ankle] - after[:, hip])
        assert (after[:, knee, 1] < middle[:, 1] + 0.02).all()  # the front is at -Y


def test_a_straight_leg_bends_at_the_knee_to_the_front_wherever_the_body_faces() -> None:
    for yaw_deg in (0, 90, 180, 270):
        rig = shaped(yaw_deg=yaw_deg)
        joints = humanoid_joints(rig.names)
        for side in SIDES:  # pipes for legs: nothing says which way they bend
            for part in ("LowerLeg", "Foot"):
                rig.rest_joints[joints[side + part], :2] = rig.rest_joints[joints[f"{side}UpperLeg"], :2]
        target, source = as_whole(rig), as_whole(shaped())
        still = Motion(
            rotations=np.tile([1.0, 0, 0, 0], (40, rig.num_joints, 1)),
            translations=np.zeros((40, rig.num_joints, 3)),
            fps=30.0,
        )
        sinking = replace(still, translations=still.translations.copy())
        sinking.translations[20:, target.hips, 2] = -0.05
        result, _ = keep_feet(sinking, source_motion=still, source=source, target=target)
        places = scipy_positions(rig, result)
        bent = places[30, joints["leftLowerLeg"]] - places[30, joints["leftUpperLeg"]]
        front = Rotation.from_euler("z", yaw_deg, degrees=True).apply([0.0, -1.0, 0.0])
        assert bent @ front > 0.03, yaw_deg


@pytest.mark.parametrize("yaw_deg", [90, 180, 270])
def test_facing_elsewhere_changes_nothing_but_the_facing(yaw_deg: int) -> None:
    source, turn = as_whole(shaped()), Rotation.from_euler("z", yaw_deg, degrees=True)
    straight, turned = (as_whole(shaped(thigh=0.85, width=1.3, yaw_deg=yaw)) for yaw in (0, yaw_deg))
    motion, _ = walk(source.rig)
    (_, first, footing), (_, second, same) = (kept(motion, source, target) for target in (straight, turned))
    expected = turn.apply(scipy_positions(straight.rig, first).reshape(-1, 3)).reshape(-1, source.rig.num_joints, 3)
    np.testing.assert_allclose(scipy_positions(turned.rig, second), expected, atol=1e-7)
    assert same.slide_after_pct == pytest.approx(footing.slide_after_pct, abs=1e-6)


def test_a_foot_out_of_reach_stays_at_the_end_of_its_leg_and_is_reported() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=0.45, shin=0.45, trunk=0.4))
    motion, grounded = walk(source.rig)
    plain, result, footing = kept(motion, source, target)
    assert np.isfinite(result.rotations).all() and np.isfinite(result.translations).all()
    assert footing.missed_share is not None and footing.missed_share > 0.05
    assert footing.raised_pct <= 2.5 + 1e-9 and footing.correction_pct < 30.0 + 2.5 / 0.45
    assert slides_pct(target.rig, result, grounded).mean() < slides_pct(target.rig, plain, grounded).mean()


def test_a_leg_without_a_foot_is_left_alone_and_the_other_leg_is_kept() -> None:
    source, rig = as_whole(shaped()), shaped(thigh=1.2, shin=0.8)
    motion, grounded = walk(source.rig)
    target = as_whole(rig, "rightFoot")
    plain, result, footing = kept(motion, source, target)
    right = [joint for name, joint in target.joints.items() if name.startswith("right")]
    np.testing.assert_array_equal(result.rotations[:, right], plain.rotations[:, right])
    assert footing.num_feet == 1
    assert np.percentile(slides_pct(rig, result, grounded & [[True], [False]]), 90) < 0.05
    target = as_whole(rig, "rightFoot", "leftFoot")
    plain, result, footing = kept(motion, source, target)
    assert result is plain and footing == Footing()


@pytest.mark.parametrize("lacking", ["source", "target"])
def test_a_foot_without_toes_still_stands(lacking: str) -> None:
    toes = ("leftToes", "rightToes")
    source = as_whole(shaped(), *(toes if lacking == "source" else ()))
    target = as_whole(shaped(thigh=1.2, shin=0.8), *(toes if lacking == "target" else ()))
    motion, grounded = walk(source.rig)
    flat = grounded & np.roll(grounded, -8) & np.roll(grounded, 2)  # before the heels roll up
    # The two hip heights are measured to other joints, so the two travel by another ratio than their legs have.
    plain, result, footing = kept(motion, source, replace(target, hip_height=source.hip_height))
    assert footing.contact_share > 0.2
    assert np.percentile(slides_pct(target.rig, result, flat), 90) < 0.1
    assert np.percentile(slides_pct(target.rig, plain, flat), 90) > 0.3


def test_joints_between_hip_knee_and_ankle_go_along() -> None:
    source, plain_rig = as_whole(shaped()), shaped(thigh=1.2, shin=0.8)
    rig = with_twist(plain_rig)
    target, simple = as_whole(rig), as_whole(plain_rig)
    motion, grounded = walk(source.rig)
    _, result, footing = kept(motion, source, target)
    _, expected, _ = kept(motion, source, simple)
    places, reference = scipy_positions(rig, result), scipy_positions(plain_rig, expected)
    for name, joint in target.joints.items():
        np.testing.assert_allclose(places[:, joint], reference[:, simple.joints[name]], atol=1e-8, err_msg=name)
    assert slides_pct(rig, result, grounded).max() < 1.5 and footing.missed_share == 0.0


def test_feet_that_hang_from_the_root_are_bent_and_stay_on_their_shins() -> None:
    simple = as_whole(shaped(thigh=1.2, shin=0.8))
    parents = simple.rig.parents.copy()
    parents[[simple.joints[f"{side}Foot"] for side in SIDES]] = 0  # as rigs have them that were animated by handles
    rig = replace(simple.rig, parents=parents)
    target = as_body(rig, simple.joints, ("leftFoot", "rightFoot"))
    source = as_whole(shaped())
    motion, _ = walk(source.rig)
    plain, result, footing = kept(motion, source, target)
    _, expected, as_expected = kept(motion, source, simple)
    places = scipy_positions(rig, result)
    np.testing.assert_allclose(places, scipy_positions(simple.rig, expected), atol=1e-9)
    assert footing.num_feet == 2 and footing.slide_after_pct == pytest.approx(as_expected.slide_after_pct, abs=1e-6)
    # Motions of such rigs are read as well.
    assert kept(result, target, source)[2].contact_share > 0.5
    assert np.abs(scipy_positions(rig, plain) - places).max() > 0.01


@pytest.mark.parametrize("num_frames", [2, 3])
def test_the_shortest_motions_pass(num_frames: int) -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=1.2))
    motion, _ = walk(source.rig)
    short = replace(motion, rotations=motion.rotations[:num_frames], translations=motion.translations[:num_frames])
    _, result, _ = kept(short, source, target)
    assert result.rotations.shape[0] == num_frames and np.isfinite(result.rotations).all()


def test_any_motion_gives_finite_rotations_of_length_one() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=0.6, shin=1.4, width=0.2))
    for seed in range(5):
        motion = random_motion(source.rig.num_joints, num_frames=40, seed=seed, fps=16.0)
        with np.errstate(all="raise", under="ignore"):
            _, result, _ = kept(motion, source, target)
        np.testing.assert_allclose(np.linalg.norm(result.rotations, axis=-1), 1.0, atol=1e-9)


def test_without_feet_the_motion_is_the_transfer_alone_and_its_slide_is_said() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=1.2, shin=0.8))
    motion, _ = walk(source.rig)
    plain = retarget(motion, source=source, target=target)
    alone, footing = put_on(motion, source=source, target=target, feet=False)
    np.testing.assert_array_equal(alone.rotations, plain.rotations)
    assert footing.slide_after == footing.slide_before and footing.slide_after is not None
    standing, corrected = put_on(motion, source=source, target=target)
    assert corrected.slide_after is not None and corrected.slide_after.p95_pct < footing.slide_after.p95_pct
    assert np.abs(standing.rotations - plain.rotations).max() > 1e-3
