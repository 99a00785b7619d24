from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from curate.retarget.transfer import retarget
from rigmill.humanoid.body import as_body
from rigmill.humanoid.names import CANONICAL, humanoid_joints, missing_core
from rigmill.rigs.rate import resample
from rigmill.types import Floats, Motion, Rig
from tests.support.curation import body, random_motion, scipy_positions

LIMBS = [
    (f"{side}{start}", f"{side}{end}")
    for side in ("left", "right")
    for start, end in (
        ("UpperArm", "LowerArm"),
        ("LowerArm", "Hand"),
        ("Hand", "MiddleProximal"),
        ("UpperLeg", "LowerLeg"),
        ("LowerLeg", "Foot"),
    )
]


def moved(motion: Motion, source: Rig, target: Rig) -> Motion:
    bodies = [as_body(rig, humanoid_joints(rig.names)) for rig in (source, target)]
    return retarget(motion, source=bodies[0], target=bodies[1])


def directions(rig: Rig, positions: Floats) -> Floats:
    """Unit directions (limbs, T, 3) of the limbs, from joint positions (T, J, 3)."""
    joints = humanoid_joints(rig.names)
    found = np.stack([positions[:, joints[end]] - positions[:, joints[start]] for start, end in LIMBS])
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


@pytest.mark.parametrize("prefix", ["mixamorig:", "mixamorig12:", "mixamorig_", "mixamorig", "R|mixamorig1:", "a|", ""])
def test_every_mixamo_name_is_known_in_every_prefix_variant(prefix: str) -> None:
    names = [prefix + name for name in CANONICAL.values()]
    assert humanoid_joints(names) == {canonical: index for index, canonical in enumerate(CANONICAL)}
    assert len(CANONICAL) == 6 + 2 * (9 + 15)


def test_names_that_only_resemble_are_not_guessed() -> None:
    assert humanoid_joints(["hips", "Bip01 Pelvis", "mixamorig:HipsTwist", "left_arm", "LeftHandThumb4"]) == {}
    assert set(missing_core(humanoid_joints(["Hips", "Head"]))) >= {"spine", "leftFoot", "rightHand"}


def test_a_motion_put_on_its_own_rig_is_the_same_motion() -> None:
    rig = body()
    motion = random_motion(rig.num_joints)
    back = moved(motion, rig, rig)
    difference = Rotation.from_quat(motion.rotations.reshape(-1, 4), scalar_first=True).inv() * Rotation.from_quat(
        back.rotations.reshape(-1, 4), scalar_first=True
    )
    # The toes and the middle finger end limbs, so they take part like all others.
    assert difference.magnitude().max() < 1e-7
    np.testing.assert_allclose(back.translations, motion.translations, atol=1e-12)


@pytest.mark.parametrize(("drop_from", "drop_to"), [(0, 45), (45, 0), (0, 80), (60, -20)])
def test_limbs_point_where_the_source_points_whatever_the_rest_poses(drop_from: float, drop_to: float) -> None:
    source, target = body(arm_drop_deg=drop_from), body(prefix="mixamorig7:", arm_drop_deg=drop_to)
    motion = random_motion(source.num_joints, seed=3)
    result = directions(target, scipy_positions(target, moved(motion, source, target)))
    np.testing.assert_allclose(result, directions(source, scipy_positions(source, motion)), atol=1e-9)
    # It would not do to copy the rotations: with these rest poses that leaves the arms somewhere else.
    copied = directions(target, scipy_positions(target, motion))
    assert np.abs(copied - directions(source, scipy_positions(source, motion))).max() > 0.2


def test_an_a_pose_at_rest_moves_to_the_t_pose_that_the_source_holds() -> None:
    source, target = body(), body(arm_drop_deg=50)
    still = Motion(
        rotations=np.tile([1.0, 0, 0, 0], (2, source.num_joints, 1)),
        translations=np.zeros((2, source.num_joints, 3)),
        fps=16.0,
    )
    posed = scipy_positions(target, moved(still, source, target))
    np.testing.assert_allclose(posed[1], body().rest_joints, atol=1e-12)


def test_a_body_twice_the_size_moves_twice_as_far() -> None:
    source, target = body(), body(scale=2.0)
    motion = random_motion(source.num_joints, seed=1)
    np.testing.assert_allclose(
        scipy_positions(target, moved(motion, source, target)), 2 * scipy_positions(source, motion), atol=1e-9
    )


@pytest.mark.parametrize("yaw_deg", [90, 180, 270])
def test_a_character_that_faces_elsewhere_does_the_same_in_its_own_direction(yaw_deg: int) -> None:
    source, target = body(), body(yaw_deg=yaw_deg)
    motion = random_motion(source.num_joints, seed=2)
    turn = Rotation.from_euler("z", yaw_deg, degrees=True)
    expected = turn.apply(scipy_positions(source, motion).reshape(-1, 3)).reshape(-1, source.num_joints, 3)
    np.testing.assert_allclose(scipy_positions(target, moved(motion, source, target)), expected, atol=1e-9)


def with_extra(rig: Rig, *, name: str, parent: int, position: Floats) -> Rig:
    return Rig(
        names=(*rig.names, name),
        parents=np.append(rig.parents, parent).astype(np.int32),
        rest_joints=np.vstack([rig.rest_joints, position]),
    )


def test_joints_without_a_partner_stay_as_they_are_to_their_parent() -> None:
    source = body()
    head = source.names.index("mixamorig:Head")
    target = with_extra(source, name="Hair", parent=head, position=np.array([0, 0.1, 1.7]))
    result = moved(random_motion(source.num_joints), source, target)
    np.testing.assert_allclose(result.rotations[:, -1], np.tile([1.0, 0, 0, 0], (7, 1)), atol=1e-12)


def test_a_source_without_fingers_leaves_the_fingers_alone_and_still_aligns_the_hand() -> None:
    full = body(arm_drop_deg=0)
    keep = [index for index, name in enumerate(full.names) if "Middle" not in name]
    source = Rig(
        names=tuple(full.names[index] for index in keep),
        parents=np.array([-1 if full.parents[i] < 0 else keep.index(full.parents[i]) for i in keep], dtype=np.int32),
        rest_joints=full.rest_joints[keep],
    )
    still = Motion(
        rotations=np.tile([1.0, 0, 0, 0], (2, source.num_joints, 1)),
        translations=np.zeros((2, source.num_joints, 3)),
        fps=16.0,
    )
    # The arm goes up into the T that the source holds; hand and finger go along instead of hanging down.
    posed = scipy_positions(body(arm_drop_deg=50), moved(still, source, body(arm_drop_deg=50)))
    np.testing.assert_allclose(posed[0], full.rest_joints, atol=1e-12)


def test_a_root_above_the_hips_lets_the_hips_travel_as_far() -> None:
    source = body()
    names = ("Root", *source.names)
    target = Rig(
        names=names,
        parents=np.concatenate([[-1], source.parents + 1]).astype(np.int32),
        rest_joints=np.vstack([[0.0, 0.0, 0.0], source.rest_joints]),
    )
    motion = random_motion(source.num_joints, seed=5)
    np.testing.assert_allclose(
        scipy_positions(target, moved(motion, source, target))[:, 1:], scipy_positions(source, motion), atol=1e-9
    )
    # And the other way round: a turning, travelling root of the source ends in the character's hips.
    rooted = random_motion(target.num_joints, seed=6)
    np.testing.assert_allclose(
        scipy_positions(source, moved(rooted, target, source)), scipy_positions(target, rooted)[:, 1:], atol=1e-9
    )


def test_resampling_agrees_with_scipy_and_keeps_the_length_in_seconds() -> None:
    wandering = np.random.default_rng(8).normal(size=(31, 3, 3))
    motion = replace(random_motion(3, num_frames=31, seed=4), fps=30.0, translations=wandering)
    result = resample(motion, 16.0)
    assert (len(result.rotations), result.fps) == (17, 16.0)
    times = np.arange(17) / 16
    for joint in range(3):
        slerp = Slerp(np.arange(31) / 30, Rotation.from_quat(motion.rotations[:, joint], scalar_first=True))
        ours = Rotation.from_quat(result.rotations[:, joint], scalar_first=True)
        assert (slerp(times).inv() * ours).magnitude().max() < 1e-7
    for joint in range(3):
        for axis in range(3):
            expected = np.interp(times, np.arange(31) / 30, motion.translations[:, joint, axis])
            np.testing.assert_allclose(result.translations[:, joint, axis], expected, atol=1e-12)
    assert resample(motion, 30.0).rotations is motion.rotations
