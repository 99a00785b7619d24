"""How one rest pose is turned into another: palms, heels, bodies that rest in a leap or on their knees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from curate.retarget.alignment import above_stand, align, stands
from curate.retarget.transfer import retarget
from rigmill.humanoid.body import as_body, leg_end
from rigmill.humanoid.names import humanoid_joints
from rigmill.types import Rig
from tests.support.curation import body, random_motion, scipy_positions
from tests.support.plain_bodies import apart_deg, built, humanoid, parts, plain, still, with_turn


def with_knuckles(rig: Rig, roll_deg: float, second: str = "Pinky") -> Rig:
    """Knuckles of index and another finger on both hands; the line between them is turned about the arm."""
    found = parts(rig)
    for side, sign in (("Left", 1), ("Right", -1)):
        arm = np.array(dict((name, place) for name, _, place in found)[f"{side}HandMiddle1"])
        hand = np.array(dict((name, place) for name, _, place in found)[f"{side}Hand"])
        turn = Rotation.from_rotvec(np.radians(roll_deg) * sign * (arm - hand) / np.linalg.norm(arm - hand))
        for finger, offset in (("Index", -0.03), (second, 0.03)):
            found.append((f"{side}Hand{finger}1", f"{side}Hand", list(arm + turn.apply([0, offset, 0]))))
    return built(found)


@pytest.mark.parametrize("second", ["Pinky", "Ring"])
@pytest.mark.parametrize(("drop_deg", "roll_deg"), [(0, 90), (60, -70), (80, 30)])
def test_palms_face_where_the_sources_face(drop_deg: float, roll_deg: float, second: str) -> None:
    source, target = with_knuckles(plain(), 0, second), with_knuckles(plain(arm_drop_deg=drop_deg), roll_deg, second)
    motion = random_motion(source.num_joints, seed=4)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    there, here = scipy_positions(source, motion), scipy_positions(target, result)
    for side in ("Left", "Right"):
        line = [source.names.index(f"{side}Hand{finger}1") for finger in ("Index", second)]
        np.testing.assert_allclose(
            here[:, line[1]] - here[:, line[0]], there[:, line[1]] - there[:, line[0]], atol=1e-9
        )


def test_a_thumb_says_how_the_palm_lies_where_no_second_knuckle_is_known() -> None:
    def thumbed(rig: Rig, roll_deg: float) -> Rig:
        found, places = parts(rig), {name: np.array(place) for name, _, place in parts(rig)}
        for side, sign in (("Left", 1), ("Right", -1)):
            way = places[f"{side}HandMiddle1"] - places[f"{side}Hand"]
            turn = Rotation.from_rotvec(np.radians(roll_deg) * sign * way / np.linalg.norm(way))
            thumb = places[f"{side}Hand"] + 0.3 * way + turn.apply([0, -0.03, 0])
            found.append((f"{side}HandThumb1", f"{side}Hand", list(thumb)))
        return built(found)

    source, target = thumbed(plain(), 0), thumbed(plain(arm_drop_deg=70), 80)
    motion = random_motion(source.num_joints, seed=12)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    np.testing.assert_allclose(scipy_positions(target, result), scipy_positions(source, motion), atol=1e-9)


def leaping(rig: Rig) -> Rig:
    """The body at rest in a leap: turned hips, legs apart, a raised arm, pointed feet."""
    pose = still(rig)
    for name, angles in (
        ("Hips", (25, 10, -8)),
        ("LeftUpLeg", (-70, 0, 20)),
        ("LeftLeg", (60, 0, 0)),
        ("RightUpLeg", (40, 5, -10)),
        ("RightFoot", (50, 0, 0)),
        ("LeftArm", (0, -50, 30)),
        ("LeftForeArm", (20, 0, 60)),
    ):
        pose = with_turn(pose, rig, name, Rotation.from_euler("xyz", angles, degrees=True))
    return replace(rig, rest_joints=scipy_positions(rig, pose)[0])


@pytest.mark.parametrize("leap", ["source", "target"])
def test_a_body_at_rest_in_a_leap_takes_and_gives_motions_upright(leap: str) -> None:
    calm = plain()
    target = leaping(calm) if leap == "target" else calm
    source = leaping(calm) if leap == "source" else calm
    motion = random_motion(source.num_joints, seed=11)
    result = retarget(motion, source=humanoid(source), target=humanoid(target))
    there, here = scipy_positions(source, motion), scipy_positions(target, result)
    for start, end in (
        ("Hips", "Spine"),
        ("Spine2", "Neck"),
        ("LeftUpLeg", "LeftLeg"),
        ("LeftShoulder", "LeftArm"),
        ("LeftForeArm", "LeftHand"),
        ("Neck", "Head"),
        ("LeftFoot", "LeftToeBase"),
        ("RightFoot", "RightToeBase"),
    ):
        joints = [calm.names.index(start), calm.names.index(end)]
        expected, found = (np.diff(places[:, joints], axis=1)[:, 0] for places in (there, here))
        if "Foot" not in start:
            np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=f"{start} {end}")
            continue
        # How a foot stands flat is not in a leap; it is taken to point ahead, 45 degrees down from ankle to toes.
        cosine = (expected * found).sum(axis=-1) / np.linalg.norm(expected, axis=-1) / np.linalg.norm(found, axis=-1)
        assert np.degrees(np.arccos(cosine.min())) < 30, start


def test_heels_at_rest_are_the_characters_own() -> None:
    source = plain()
    places = {name: np.array(place) for name, _, place in parts(source)}
    target = built(
        [
            (name, above, place if "Foot" not in name else list(places[name] + [0, -0.04, 0.08]))
            for name, above, place in parts(source)
        ]
    )
    result = retarget(still(source), source=humanoid(source), target=humanoid(target))
    posed = scipy_positions(target, result)[-1]
    foot, toes = (target.names.index(name) for name in ("LeftFoot", "LeftToeBase"))
    at_rest = target.rest_joints[toes] - target.rest_joints[foot]
    np.testing.assert_allclose(posed[toes] - posed[foot], at_rest, atol=1e-9)


def test_a_body_that_rests_on_its_knees_stands_as_high_as_the_source() -> None:
    calm = plain()
    pose = still(calm)
    for name, angle in (("LeftUpLeg", -80), ("LeftLeg", 120), ("RightUpLeg", -80), ("RightLeg", 120)):
        pose = with_turn(pose, calm, name, Rotation.from_euler("x", angle, degrees=True))
    places = scipy_positions(calm, pose)[0]
    target = replace(calm, rest_joints=places - [0, 0, places[:, 2].min()])
    result = retarget(random_motion(calm.num_joints), source=humanoid(calm), target=humanoid(target))
    expected = scipy_positions(calm, random_motion(calm.num_joints))[:, 0, 2]
    # The lengths of the legs say how high it stands, and nothing how high its ankles are. At rest it is far lower.
    assert target.rest_joints[0, 2] < 0.6
    np.testing.assert_allclose(scipy_positions(target, result)[:, 0, 2], expected, rtol=0.08)


def test_bodies_that_rest_alike_are_not_turned_and_arms_take_the_angle_between_them() -> None:
    same = align(humanoid(plain()), humanoid(plain(scale=2)))
    for name, turn in same.turns.items():
        np.testing.assert_allclose(np.abs(turn), [1, 0, 0, 0], atol=1e-7, err_msg=name)
    dropped = align(humanoid(plain()), humanoid(plain(arm_drop_deg=40)))
    for name in ("leftUpperArm", "leftLowerArm", "leftHand"):
        turn = Rotation.from_quat(dropped.turns[name], scalar_first=True)
        assert apart_deg(turn, Rotation.identity()) == pytest.approx(40), name
    for name in ("hips", "spine", "leftShoulder", "head", "leftFoot"):
        np.testing.assert_array_equal(dropped.turns[name], [1, 0, 0, 0])


def test_a_body_stands_unless_its_legs_are_bent_or_differ() -> None:
    calm = plain()
    assert stands(humanoid(calm)) and above_stand(humanoid(calm)) == 0.0
    assert not stands(humanoid(leaping(calm)))
    pose = with_turn(still(calm), calm, "LeftUpLeg", Rotation.from_euler("x", -20, degrees=True))
    stepping = replace(calm, rest_joints=scipy_positions(calm, pose)[0])
    assert not stands(humanoid(stepping)) and above_stand(humanoid(stepping)) == 0.0


def mech(*, ends: bool = True) -> Rig:
    """A body whose legs have three parts in a zigzag; the map knows thighs and shins alone."""
    whole = body()
    names, places = list(whole.names), whole.rest_joints.copy()
    for side, x in (("Left", 0.1), ("Right", -0.1)):
        for part, called, place in (
            ("Leg", f"mixamorig:{side}Leg", (x, -0.22, 0.62)),
            ("Foot", f"{side}Part3", (x, 0.18, 0.34)),
            ("ToeBase", f"{side}Part4", (x, 0.0, 0.05)),
        ):
            joint = names.index(f"mixamorig:{side}{part}")
            names[joint], places[joint] = called, place
    kept = [joint for joint, name in enumerate(names) if ends or "Part" not in name]
    parents = [kept.index(whole.parents[joint]) if whole.parents[joint] >= 0 else -1 for joint in kept]
    return Rig(tuple(names[joint] for joint in kept), np.array(parents, dtype=np.int32), places[kept])


def test_legs_of_three_parts_stand_on_the_ground_under_the_hips() -> None:
    source, target = as_body(body(), humanoid_joints(body().names)), as_body(mech(), humanoid_joints(mech().names))
    places = scipy_positions(target.rig, retarget(still(source.rig), source=source, target=target))[0]
    ends = [leg_end(target.rig, target.joints, side) for side in ("left", "right")]
    assert [target.rig.names[end] for end in ends if end is not None] == ["LeftPart4", "RightPart4"]
    away = places[[end for end in ends if end is not None]] - places[target.hips]
    assert np.abs(away[:, 1]).max() < 0.03 * target.hip_height  # they stood half a body behind the hips
    np.testing.assert_allclose(-away[:, 2], target.hip_height, rtol=0.01)


def test_a_rig_that_ends_at_the_knee_stands_on_shins_as_long_as_its_thighs() -> None:
    ended, whole = mech(ends=False), mech()
    found = as_body(ended, humanoid_joints(ended.names))
    assert [leg_end(ended, found.joints, side) for side in ("left", "right")] == [None, None]
    assert found.hip_height == pytest.approx(0.05 + 2 * np.hypot(0.22, 0.28))
    standing = as_body(whole, humanoid_joints(whole.names))
    assert standing.leg_lengths == pytest.approx((np.hypot(0.22, 0.28) + np.hypot(0.22, 0.57),) * 2)
