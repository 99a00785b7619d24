from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rigmill.humanoid.body import as_body, carry
from rigmill.humanoid.names import humanoid_joints
from rigmill.outcomes import Refusal, Reject
from rigmill.types import Rig
from tests.support.curation import body, random_motion, scipy_positions


def joints_of(rig: Rig) -> dict[str, int]:
    return humanoid_joints(rig.names)


def refused(rig: Rig, joints: dict[str, int]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        as_body(rig, joints)
    return caught.value


def moved(rig: Rig, **places: Any) -> Rig:
    """The rig with other rest places for some joints (by Mixamo's names, without the prefix)."""
    rest = rig.rest_joints.copy()
    for name, place in places.items():
        rest[rig.names.index(f"mixamorig:{name}")] = place
    return replace(rig, rest_joints=rest)


def place(rig: Rig, name: str) -> Any:
    return rig.rest_joints[rig.names.index(f"mixamorig:{name}")]


def hung(rig: Rig, name: str, parent: str | None) -> Rig:
    """The rig with one joint below another, or a root of its own; joints are put in order again."""
    parents = rig.parents.copy()
    parents[rig.names.index(f"mixamorig:{name}")] = -1 if parent is None else rig.names.index(f"mixamorig:{parent}")
    order: list[int] = []
    while len(order) < rig.num_joints:
        order += [
            joint
            for joint in range(rig.num_joints)
            if joint not in order and (parents[joint] < 0 or parents[joint] in order)
        ]
    at = {joint: position for position, joint in enumerate(order)}
    return Rig(
        tuple(rig.names[joint] for joint in order),
        np.array([-1 if parents[joint] < 0 else at[parents[joint]] for joint in order], dtype=np.int32),
        rig.rest_joints[order],
    )


@pytest.mark.parametrize("drop_deg", [-30, 0, 45, 85])
@pytest.mark.parametrize("scale", [0.01, 1.0, 300.0])
def test_bodies_in_a_t_an_a_and_with_arms_down_are_bodies_of_every_size(drop_deg: float, scale: float) -> None:
    rig = body(arm_drop_deg=drop_deg, scale=scale)
    found = as_body(rig, joints_of(rig))
    np.testing.assert_array_equal(found.facing, np.eye(3))
    assert found.hip_height == pytest.approx(0.95 * scale) and found.carried == {}
    shin = np.hypot(0.42, 0.02)
    assert found.leg_lengths == pytest.approx((scale * (np.hypot(0.4, 0.01) + shin),) * 2)


@pytest.mark.parametrize("yaw_deg", range(-180, 180, 6))
def test_a_body_faces_where_its_limbs_say_exactly_or_by_the_quarter_turn_that_is_near(yaw_deg: int) -> None:
    rig = body(yaw_deg=yaw_deg)
    found = as_body(rig, joints_of(rig)).facing
    nearest = 90 * round(yaw_deg / 90)
    expected = Rotation.from_euler("z", -(nearest if abs(yaw_deg - nearest) <= 15 else yaw_deg), degrees=True)
    np.testing.assert_allclose(found, expected.as_matrix(), atol=1e-12)
    if yaw_deg % 90 == 0:
        assert np.isin(found, (-1.0, 0.0, 1.0)).all()  # no rounding at all


def test_a_twist_between_hips_and_shoulders_is_no_turn_of_the_body() -> None:
    rig = body()
    legs = [index for index, name in enumerate(rig.names) if any(part in name for part in ("Leg", "Foot", "Toe"))]
    rest = rig.rest_joints.copy()
    rest[legs] = Rotation.from_euler("z", 26, degrees=True).apply(rest[legs])
    np.testing.assert_array_equal(as_body(replace(rig, rest_joints=rest), joints_of(rig)).facing, np.eye(3))


@pytest.mark.parametrize(
    ("part", "named"),
    [("Hips", "hips"), ("LeftArm", "leftUpperArm"), ("RightForeArm", "rightLowerArm"), ("LeftLeg", "leftLowerLeg")],
)
def test_a_map_without_a_joint_that_motions_need_is_refused_by_its_name(part: str, named: str) -> None:
    rig = body()
    joints = {name: joint for name, joint in joints_of(rig).items() if name != named}
    refusal = refused(rig, joints)
    assert (refusal.code, refusal.message) == (Reject.UNMAPPABLE_SKELETON, f"missing: {named}")
    assert rig.names[joints_of(rig)[named]] == f"mixamorig:{part}"


@pytest.mark.parametrize("absent", [("Hand", "Middle"), ("Foot", "Toes"), ("head", "neck"), ("Shoulder",), ("spine",)])
def test_a_rig_may_end_at_the_wrist_the_ankle_or_the_chest(absent: tuple[str, ...]) -> None:
    rig = body()
    joints = {name: joint for name, joint in joints_of(rig).items() if not any(part in name for part in absent)}
    assert as_body(rig, joints).hip_height == pytest.approx(0.95, abs=0.12)


@pytest.mark.parametrize(("first", "second"), [("Hips", "Head"), ("LeftArm", "LeftHand"), ("LeftFoot", "LeftFoot")])
def test_a_cyclic_hierarchy_is_refused_and_hangs_nothing(first: str, second: str) -> None:
    rig = body()
    parents = rig.parents.copy()
    parents[rig.names.index(f"mixamorig:{first}")] = rig.names.index(f"mixamorig:{second}")
    refusal = refused(replace(rig, parents=parents), joints_of(rig))
    assert refusal.code is Reject.MALFORMED and f"'mixamorig:{first}'" in refusal.message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_joint_that_is_nowhere_is_refused(value: float) -> None:
    refusal = refused(moved(body(), LeftHand=[0.7, value, 1.4]), joints_of(body()))
    assert refusal.code is Reject.MALFORMED and "'mixamorig:LeftHand'" in refusal.message


def test_one_joint_as_two_parts_and_a_joint_that_the_rig_has_not_are_refused() -> None:
    rig = body()
    joints = joints_of(rig)
    twice = refused(rig, joints | {"head": joints["neck"]})
    assert twice.code is Reject.IMPLAUSIBLE_SKELETON and twice.message == "'mixamorig:Neck' is both neck and head"
    assert "99" in refused(rig, joints | {"head": 99}).message


@pytest.mark.parametrize(
    ("name", "parent", "says"),
    [
        ("LeftHand", "RightForeArm", "leftHand ('mixamorig:LeftHand') does not hang below leftLowerArm"),
        ("RightUpLeg", None, "rightUpperLeg ('mixamorig:RightUpLeg') does not hang below hips"),
        ("Head", "Hips", "head ('mixamorig:Head') does not hang below neck"),
        ("LeftArm", "Hips", "leftUpperArm ('mixamorig:LeftArm') does not hang below leftShoulder"),
    ],
)
def test_a_part_that_does_not_hang_from_the_one_above_it_is_refused(name: str, parent: str | None, says: str) -> None:
    rig = hung(body(), name, parent)
    refusal = refused(rig, joints_of(rig))
    assert refusal.code is Reject.IMPLAUSIBLE_SKELETON and refusal.message.startswith(says)


@pytest.mark.parametrize(
    ("name", "parent", "left_out"),
    [("LeftHandMiddle1", "RightForeArm", "leftMiddleProximal"), ("RightToeBase", None, "rightToes")],
)
def test_a_finger_or_a_toe_that_hangs_elsewhere_is_left_out_and_the_body_is_the_rest(
    name: str, parent: str | None, left_out: str
) -> None:
    rig = hung(body(), name, parent)
    found = as_body(rig, joints_of(rig))
    assert found.left_out == (left_out,)
    assert found.joints == {part: joint for part, joint in joints_of(rig).items() if part != left_out}
    assert as_body(body(), joints_of(body())).left_out == ()


def test_what_the_map_puts_below_a_finger_that_is_left_out_goes_with_it_and_a_shared_joint_is_the_larger_part() -> None:
    rig = body()
    hand, other = joints_of(rig)["rightHand"], joints_of(rig)["leftMiddleProximal"]
    thumb = {"rightThumbMetacarpal": other, "rightThumbProximal": rig.num_joints, "jaw": joints_of(rig)["head"]}
    grown = Rig(
        (*rig.names, "thumb2"), np.append(rig.parents, other), np.vstack([rig.rest_joints, rig.rest_joints[other]])
    )
    found = as_body(grown, joints_of(rig) | thumb)
    assert set(found.left_out) == set(thumb) and found.joints["rightHand"] == hand
    with pytest.raises(Refusal, match="leftHand"):  # a hand is no such part: who misplaces it names another body
        as_body(hung(rig, "LeftHand", "RightForeArm"), joints_of(hung(rig, "LeftHand", "RightForeArm")))


def test_joints_between_two_parts_do_no_harm() -> None:
    rig = body()  # the map does not name the shoulders and the spine, and the arms still hang below the hips
    kept = {name: joint for name, joint in joints_of(rig).items() if "Shoulder" not in name and "hest" not in name}
    assert as_body(rig, kept).carried == {}


def swapped(rig: Rig, *parts: str) -> dict[str, int]:
    joints = joints_of(rig)
    other = {"left": "right", "right": "left"}

    def name_of(name: str) -> str:
        side = next((side for side in other if name.startswith(side)), "")
        part = name.removeprefix(side)
        return other[side] + part if side and any(part.startswith(start) for start in parts) else name

    return {name_of(name): joint for name, joint in joints.items()}


@pytest.mark.parametrize("yaw_deg", [0, 90, 200])
def test_left_and_right_swapped_in_the_map_are_refused(yaw_deg: float) -> None:
    rig = body(yaw_deg=yaw_deg)
    arms = refused(
        rig,
        swapped(rig, "Shoulder", "Upper", "Lower", "Hand", "Middle")
        | {name: joint for name, joint in joints_of(rig).items() if "Leg" in name},
    )
    assert arms.code is Reject.IMPLAUSIBLE_SKELETON and "disagree about left and right" in arms.message
    every = refused(rig, swapped(rig, ""))
    assert every.code is Reject.IMPLAUSIBLE_SKELETON and "toes point backwards" in every.message
    lower = refused(rig, swapped(rig, "Lower", "Hand", "Middle"))
    assert "does not hang below" in lower.message


def test_arms_that_end_on_the_other_side_are_refused() -> None:
    rig = body()
    crossed = moved(
        rig, LeftForeArm=[-0.3, 0, 1.2], LeftHand=[-0.5, 0, 1.2], RightForeArm=[0.3, 0, 1.2], RightHand=[0.5, 0, 1.2]
    )
    assert "to the right of" in refused(crossed, joints_of(rig)).message
    folded = moved(rig, LeftHand=[-0.1, -0.2, 1.2], RightHand=[0.1, -0.2, 1.25])  # folded arms are arms
    assert as_body(folded, joints_of(rig)).hips == 0


@pytest.mark.parametrize(
    ("turn_deg", "says"), [(90, "the head is not above the hips"), (180, "not above the hips at rest"), (-80, "head")]
)
def test_a_body_that_does_not_stand_is_refused(turn_deg: float, says: str) -> None:
    rig = body()
    turned = Rotation.from_euler("x", turn_deg, degrees=True).apply(rig.rest_joints)
    refusal = refused(replace(rig, rest_joints=turned), joints_of(rig))
    assert refusal.code is Reject.IMPLAUSIBLE_SKELETON and says in refusal.message
    assert refusal.measured is not None and refusal.limit is not None and refusal.measured < refusal.limit


def test_feet_above_the_hips_are_refused_and_a_leaning_body_is_not() -> None:
    rig = body()
    legs = {
        f"{side}{part}": [x, 0, 0.95 + height]
        for side, x in (("Left", 0.1), ("Right", -0.1))
        for part, height in (("Leg", 0.4), ("Foot", 0.8), ("ToeBase", 0.9))
    }
    assert "the hips are not above the feet" in refused(moved(rig, **legs), joints_of(rig)).message
    leaning = Rotation.from_euler("x", 50, degrees=True).apply(rig.rest_joints)
    assert as_body(replace(rig, rest_joints=leaning), joints_of(rig)).hips == 0


@pytest.mark.parametrize("part", ["ForeArm", "Hand", "Leg", "Foot"])
@pytest.mark.parametrize("side", ["Left", "Right"])
def test_an_arm_or_leg_with_a_part_of_no_length_is_refused(side: str, part: str) -> None:
    above = {"ForeArm": "Arm", "Hand": "ForeArm", "Leg": "UpLeg", "Foot": "Leg"}[part]
    rig = body()
    refusal = refused(moved(rig, **{side + part: place(rig, side + above)}), joints_of(rig))
    assert refusal.code is Reject.IMPLAUSIBLE_SKELETON and "at the same place" in refusal.message
    assert refusal.measured == 0.0 and side.lower() in refusal.message


def test_a_rest_pose_with_bent_knees_is_as_tall_as_the_legs_are_long() -> None:
    upright = as_body(body(), joints_of(body()))
    rest = body()
    for side in ("Left", "Right"):  # the thigh goes forward and the shin back, by 70 degrees
        hip, knee, ankle, toes = (place(rest, side + part).copy() for part in ("UpLeg", "Leg", "Foot", "ToeBase"))
        first, second = (Rotation.from_euler("x", angle, degrees=True) for angle in (-70, 70))
        bent_knee = hip + first.apply(knee - hip)
        bent_ankle = bent_knee + second.apply(ankle - knee)
        rest = moved(
            rest, **{f"{side}Leg": bent_knee, f"{side}Foot": bent_ankle, f"{side}ToeBase": bent_ankle + toes - ankle}
        )
    crouching = as_body(rest, joints_of(rest))
    assert crouching.leg_lengths == pytest.approx(upright.leg_lengths)
    assert crouching.hip_height == pytest.approx(upright.hip_height, rel=0.01)
    assert rest.rest_joints[0, 2] - rest.rest_joints[:, 2].min() < 0.6 * upright.hip_height


@pytest.mark.parametrize("parent", [None, "Hips", "RightHand"])
def test_a_foot_that_hangs_elsewhere_is_carried_by_its_shin(parent: str | None) -> None:
    whole = body()
    rig = hung(whole, "LeftFoot", parent)
    with pytest.raises(Refusal, match="leftFoot"):
        as_body(rig, joints_of(rig))
    found = as_body(rig, joints_of(rig), ("leftFoot", "rightFoot"))
    names = {rig.names[joint]: rig.names[above] for joint, above in found.carried.items()}
    assert names == {"mixamorig:LeftFoot": "mixamorig:LeftLeg"}
    motion = random_motion(rig.num_joints, seed=4)
    done = carry(motion, found)
    np.testing.assert_array_equal(done.rotations, motion.rotations)
    before, after = scipy_positions(rig, motion), scipy_positions(rig, done)
    foot, toes = (rig.names.index(f"mixamorig:{name}") for name in ("LeftFoot", "LeftToeBase"))
    others = [joint for joint in range(rig.num_joints) if joint not in (foot, toes)]
    np.testing.assert_allclose(after[:, others], before[:, others], atol=1e-12)
    # The ankle is where it would be on the shin: brute force over the chain of turns.
    for frame in range(len(motion.rotations)):
        turn, joint = Rotation.identity(), rig.names.index("mixamorig:LeftLeg")
        knee = joint
        while joint >= 0:
            turn = Rotation.from_quat(motion.rotations[frame, joint], scalar_first=True) * turn
            joint = int(rig.parents[joint])
        expected = after[frame, knee] + turn.apply(place(rig, "LeftFoot") - place(rig, "LeftLeg"))
        np.testing.assert_allclose(after[frame, foot], expected, atol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(after[:, toes] - after[:, foot], axis=-1),
        np.linalg.norm(place(rig, "LeftToeBase") - place(rig, "LeftFoot")),
        atol=1e-12,
    )


def test_a_limb_and_what_hangs_detached_from_it_are_carried_one_after_the_other() -> None:
    rig = hung(hung(body(), "LeftUpLeg", None), "LeftFoot", None)
    found = as_body(rig, joints_of(rig), ("leftUpperLeg", "leftFoot"))
    done = scipy_positions(rig, carry(random_motion(rig.num_joints, seed=9), found))
    for joint, above in found.carried.items():
        rest = np.linalg.norm(rig.rest_joints[joint] - rig.rest_joints[above])
        np.testing.assert_allclose(np.linalg.norm(done[:, joint] - done[:, above], axis=-1), rest, atol=1e-12)
    assert len(found.carried) == 2


def test_a_body_with_nothing_to_carry_keeps_its_motion() -> None:
    rig = body()
    motion = random_motion(rig.num_joints)
    assert carry(motion, as_body(rig, joints_of(rig))) is motion
