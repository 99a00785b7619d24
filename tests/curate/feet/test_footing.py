from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.feet.contacts import (
    find_contacts,
    find_feet,
    heights,
    posed,
    speeds,
    without_short_gaps,
    without_short_runs,
)
from curate.feet.footing import Footing, keep_feet
from curate.humanoid.body import Body, as_body
from curate.humanoid.names import humanoid_joints
from curate.retarget.pair import put_on
from curate.retarget.transfer import retarget
from rigmill.types import Bools, Floats, Motion, Rig
from tests.support.curation import body, random_motion, scipy_positions

SIDES = ("left", "right")
STANCE = 0.6  # of a stride
STRIDE_S = 1.1


def as_whole(rig: Rig, *without: str) -> Body:
    return as_body(rig, {name: joint for name, joint in humanoid_joints(rig.names).items() if name not in without})


def shaped(
    *,
    thigh: float = 1.0,
    shin: float = 1.0,
    foot: float = 1.0,
    width: float = 1.0,
    trunk: float = 0.0,
    yaw_deg: float = 0.0,
) -> Rig:
    """`body()` with longer or shorter parts of its legs, standing on the ground; `trunk` lifts hips over thighs."""
    rig = body(yaw_deg=0)
    joints, names = rig.rest_joints.copy(), [name.split(":")[1] for name in rig.names]
    for side in ("Left", "Right"):
        upper, knee, ankle, ball = (names.index(side + part) for part in ("UpLeg", "Leg", "Foot", "ToeBase"))
        bones = [thigh, shin, foot] * np.diff(joints[[upper, knee, ankle, ball]], axis=0).T
        joints[upper, 0] *= width
        joints[[knee, ankle, ball]] = joints[upper] + np.cumsum(bones.T, axis=0)
    joints[[not name.endswith(("Leg", "Foot", "ToeBase")) for name in names], 2] += trunk
    joints[:, 2] -= joints[names.index("LeftToeBase"), 2]
    turn = Rotation.from_euler("z", yaw_deg, degrees=True)
    return replace(rig, rest_joints=turn.apply(joints))


def planned(rig: Rig, *, hips: Floats, balls: Floats, roll: Floats, fps: float) -> Motion:
    """The motion of a rig that faces -Y with its hips displaced by (T, 3) and its balls at (2, T, 2) in y and z.

    Feet are rolled up over their balls by (2, T) radians, and legs bent in their planes, knees to the front.
    """
    joints = humanoid_joints(rig.names)
    rotations = np.tile([1.0, 0, 0, 0], (len(hips), rig.num_joints, 1))
    translations = np.zeros((len(hips), rig.num_joints, 3))
    translations[:, joints["hips"]] = hips
    for side, ball_at, rolled in zip(SIDES, balls, roll):
        upper, knee, ankle, ball = (joints[side + part] for part in ("UpperLeg", "LowerLeg", "Foot", "Toes"))
        thigh, shin, sole = np.diff(rig.rest_joints[[upper, knee, ankle, ball], 1:], axis=0)
        reach = ball_at - about_x(sole, rolled) - rig.rest_joints[upper, 1:] - hips[:, 1:]
        far, first, second = np.linalg.norm(reach, axis=-1), np.linalg.norm(thigh), np.linalg.norm(shin)
        assert far.max() < first + second, "the plan is too wide for the leg"
        bent = np.arccos((first**2 + far**2 - second**2) / (2 * first * far))
        thigh_turn = np.arctan2(reach[:, 0], -reach[:, 1]) - bent - np.arctan2(thigh[0], -thigh[1])
        below = reach - about_x(thigh, thigh_turn)
        shin_turn = np.arctan2(below[:, 0], -below[:, 1]) - np.arctan2(shin[0], -shin[1])
        for joint, turn in ((upper, thigh_turn), (knee, shin_turn - thigh_turn), (ankle, rolled - shin_turn)):
            rotations[:, joint] = Rotation.from_rotvec(turn[:, None] * [1.0, 0, 0]).as_quat(scalar_first=True)
    return Motion(rotations=rotations, translations=translations, fps=fps)


def walk(rig: Rig, *, fps: float = 30.0, in_place: bool = False) -> tuple[Motion, Bools]:
    """A walk of three seconds, and when each ball is on the ground by construction, (2, T)."""
    time, speed = np.arange(round(3 * fps) + 1) / fps, 0.8
    rest = rig.rest_joints[[humanoid_joints(rig.names)[f"{side}Toes"] for side in SIDES]]
    late = np.array([[0.0], [0.5]])  # of a stride: the right foot
    beat, phase = np.divmod(time / STRIDE_S + late, 1.0)
    swing = np.clip((phase - STANCE) / (1 - STANCE), 0, 1)
    swing = swing**3 * (10 - 15 * swing + 6 * swing**2)
    place = rest[:, 1:2] - speed * STRIDE_S * (beat - late + swing + 0.5 * STANCE)
    height = rest[:, 2:3] + 0.12 * np.sin(np.pi * swing) ** 2
    roll = np.radians(35) * np.clip((phase - 0.35) / (STANCE - 0.35), 0, 1) ** 2 * (1 - swing)
    hips = np.stack([0 * time, -speed * time, 0 * time - 0.06], axis=-1)
    motion = planned(rig, hips=hips, balls=np.stack([place, height], axis=-1), roll=roll, fps=fps)
    if in_place:
        motion.translations[:, humanoid_joints(rig.names)["hips"], 1] = 0.0
    return motion, phase <= STANCE


def crouch(rig: Rig, *, depth: float) -> Motion:
    """Two seconds in which the hips go down by `depth` and up again, over feet that stand."""
    time = np.arange(61) / 30
    hips = (0.02 + depth * 0.5 * (1 - np.cos(np.pi * time)))[:, None] * [0.0, 0.0, -1.0]
    rest = rig.rest_joints[[humanoid_joints(rig.names)[f"{side}Toes"] for side in SIDES], 1:]
    return planned(rig, hips=hips, balls=np.repeat(rest[:, None], 61, axis=1), roll=np.zeros((2, 61)), fps=30.0)


def leg_turns_deg(rig: Rig, first: Floats, second: Floats) -> Floats:
    """Angles between the thighs and shins of joint places (T, J, 3), (4, T)."""
    joints, found = humanoid_joints(rig.names), []
    for side in SIDES:
        for start, end in (("UpperLeg", "LowerLeg"), ("LowerLeg", "Foot")):
            bones = [places[:, joints[side + end]] - places[:, joints[side + start]] for places in (first, second)]
            cosine = np.sum(bones[0] * bones[1], axis=-1) / np.prod(np.linalg.norm(bones, axis=-1), axis=0)
            found.append(np.degrees(np.arccos(np.minimum(cosine, 1.0))))
    return np.array(found)


def about_x(vector: Floats, angle: Floats) -> Floats:
    """(y, z) turned about X, (T, 2)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([vector[0] * cosine - vector[1] * sine, vector[0] * sine + vector[1] * cosine], axis=-1)


def slides_pct(rig: Rig, motion: Motion, grounded: Bools) -> Floats:
    """How far the balls move on the ground from frame to frame while they stand by construction, in % of the leg."""
    joints, places = humanoid_joints(rig.names), scipy_positions(rig, motion)
    found = []
    for side, on in zip(SIDES, grounded):
        hip, knee, ankle = (rig.rest_joints[joints[side + part]] for part in ("UpperLeg", "LowerLeg", "Foot"))
        leg = np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee)
        step = np.linalg.norm(np.diff(places[:, joints[f"{side}Toes"], :2], axis=0), axis=-1)
        found.append(100 * step[on[1:] & on[:-1]] / leg)
    return np.concatenate(found)


def largest_turn(first: Motion, second: Motion) -> float:
    turns = [Rotation.from_quat(each.rotations.reshape(-1, 4), scalar_first=True) for each in (first, second)]
    return float((turns[0].inv() * turns[1]).magnitude().max())


def kept(motion: Motion, source: Body, target: Body) -> tuple[Motion, Motion, Footing]:
    """The motion on the target as retargeted, with its feet kept, and how well."""
    plain = retarget(motion, source=source, target=target)
    return plain, *keep_feet(plain, source_motion=motion, source=source, target=target)


PROPORTIONS = [
    {"thigh": 1.2, "shin": 0.8},
    {"thigh": 0.8, "shin": 1.2},
    {"width": 1.6},
    {"foot": 1.5},
    {"foot": 0.6},
    {"trunk": 0.15},
    {"thigh": 0.8, "shin": 0.8},
    {"thigh": 1.15, "shin": 1.15, "trunk": -0.02},
]


def test_the_planned_walk_is_a_walk() -> None:
    rig = shaped()
    motion, grounded = walk(rig)
    assert slides_pct(rig, motion, grounded).max() < 1e-9  # what is called grounded does not move
    places = scipy_positions(rig, motion)[:, [humanoid_joints(rig.names)[f"{side}Toes"] for side in SIDES]]
    assert places[..., 2].min() > -1e-9 and places[..., 2].max() > 0.1
    assert np.ptp(places[..., 1], axis=0).min() > 1.5


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


def test_the_reported_slide_is_that_of_the_contacts_measured_on_plain_kinematics() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=0.8, shin=0.8, width=1.4))
    motion, _ = walk(source.rig, fps=16.0)
    plain, result, footing = kept(motion, source, target)
    places, _ = posed(source.rig, motion, [source.joints[f"{side}Toes"] for side in SIDES])
    feet = find_feet(source, places, SIDES)
    stands, _ = find_contacts(feet, above_floor=heights(feet), speed=speeds(feet, motion.fps), fps=motion.fps)
    leg = sum(
        np.linalg.norm(np.diff(target.rig.rest_joints[[target.joints[f"left{part}"] for part in parts]], axis=0))
        for parts in (("UpperLeg", "LowerLeg"), ("LowerLeg", "Foot"))
    )
    for each, reported in ((plain, footing.slide_before), (result, footing.slide_after)):
        world = scipy_positions(target.rig, each)
        steps = [
            np.linalg.norm(np.diff(world[:, target.joints[side + part], :2], axis=0), axis=-1)[on[1:] & on[:-1]]
            for part, points in zip(("Foot", "Toes"), stands)
            for side, on in zip(SIDES, points)
        ]
        found = 100 * np.concatenate(steps) / leg
        assert reported is not None
        np.testing.assert_allclose(
            [reported.mean_pct, reported.p95_pct, reported.max_pct],
            [found.mean(), np.percentile(found, 95), found.max()],
            rtol=1e-6,
        )
    assert footing.contact_share == pytest.approx(stands.any(axis=0).mean())


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


def test_a_treadmill_is_no_contact_and_its_feet_go_on_sliding() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=1.2, shin=0.8))
    motion, _ = walk(source.rig, in_place=True)
    plain, result, footing = kept(motion, source, target)
    assert footing.contact_share == 0.0 and footing.slide_after is None and footing.missed_share is None
    before, after = scipy_positions(target.rig, plain), scipy_positions(target.rig, result)
    ankles = [target.joints[f"{side}Foot"] for side in SIDES]
    np.testing.assert_allclose(after[:, ankles, :2], before[:, ankles, :2], atol=1e-3 * target.hip_height)


def test_there_is_no_contact_in_the_air() -> None:
    source, target = as_whole(shaped()), as_whole(shaped(thigh=0.8))
    motion = random_motion(source.rig.num_joints, num_frames=30, fps=30.0)
    hanging = replace(motion, rotations=np.tile([1.0, 0, 0, 0], (30, source.rig.num_joints, 1)))
    hanging.translations[:, source.hips] = [0.0, 0.0, 1.0]
    plain, result, footing = kept(hanging, source, target)
    assert footing.contact_share == 0.0
    np.testing.assert_allclose(result.rotations, plain.rotations, atol=1e-9)


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


def with_twist(rig: Rig) -> Rig:
    """The rig with a joint half-way down each thigh and each shin, in the chain."""
    names, parents, places = list(rig.names), list(rig.parents), list(rig.rest_joints)
    joints = humanoid_joints(rig.names)
    for side in SIDES:
        for lower in (f"{side}LowerLeg", f"{side}Foot"):
            below = names.index(rig.names[joints[lower]])
            above = parents[below]
            names.insert(below, f"{rig.names[joints[lower]]}Twist")
            places.insert(below, 0.5 * (places[above] + places[below]))
            parents = [parent + (parent >= below) for parent in parents]
            parents.insert(below, above)
            parents[below + 1] = below
    return Rig(names=tuple(names), parents=np.array(parents, dtype=np.int32), rest_joints=np.array(places))


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


def test_short_runs_and_short_gaps_are_told_by_their_length() -> None:
    random = np.random.default_rng(0)
    for length in (1, 2, 3, 5):
        for share in (0.2, 0.5, 0.8):
            mask = random.random((4, 60)) < share
            for row, runs, gaps in zip(mask, without_short_runs(mask, length), without_short_gaps(mask, length)):
                text = "".join("x" if on else "." for on in row)
                kept_runs = "".join(
                    part if len(part) >= length or "." in part else "." * len(part) for part in _parts(text)
                )
                assert "".join("x" if on else "." for on in runs) == kept_runs
                parts = _parts(text)
                closed = "".join(
                    "x" * len(part) if "." in part and len(part) <= length and 0 < at < len(parts) - 1 else part
                    for at, part in enumerate(parts)
                )
                assert "".join("x" if on else "." for on in gaps) == closed


def _parts(text: str) -> list[str]:
    """A text cut where its letter changes."""
    parts: list[str] = []
    for letter in text:
        if parts and parts[-1][0] == letter:
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


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
