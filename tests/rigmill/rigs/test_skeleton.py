from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from rigmill.rigs import quaternions, skeleton
from rigmill.types import Floats, Motion, Rig


def scipy_quaternions(rotation: Rotation) -> Floats:
    """scipy writes x y z w, we write w x y z."""
    return np.roll(rotation.as_quat(), 1, axis=-1)


def make_rig(parents: list[int], joints: list[list[float]]) -> Rig:
    return Rig(
        names=tuple(f"j{i}" for i in range(len(parents))),
        parents=np.array(parents, dtype=np.int32),
        rest_joints=np.array(joints, dtype=np.float64),
    )


# A pelvis with a spine and two legs; one leg holds a zero-length bone, the spine branches in two arms. Their bones are
# far enough from one line that rounding does not decide whether they fix the spine's turn.
BODY = make_rig(
    [-1, 0, 1, 2, 2, 0, 5, 6, 0, 8],
    [
        [0, 0, 1],
        [0, 0, 1.3],
        [0, 0.04, 1.6],
        [0.4, 0, 1.6],
        [-0.4, 0, 1.6],
        [0.1, 0, 0.9],
        [0.1, 0, 0.9],
        [0.1, 0.02, 0.4],
        [-0.1, 0, 0.9],
        [-0.1, 0.01, 0.4],
    ],
)


def random_motion(rig: Rig, num_frames: int, seed: int = 0) -> Motion:
    rng = np.random.default_rng(seed)
    rotations = Rotation.from_rotvec(rng.normal(scale=0.5, size=(num_frames * rig.num_joints, 3)))
    return Motion(
        rotations=scipy_quaternions(rotations).reshape(num_frames, rig.num_joints, 4),
        translations=rng.normal(scale=0.2, size=(num_frames, rig.num_joints, 3)),
        fps=16.0,
    )


def test_quaternion_helpers_agree_with_scipy() -> None:
    first, second = Rotation.random(200, random_state=1), Rotation.random(200, random_state=2)
    a, b = scipy_quaternions(first), scipy_quaternions(second)
    assert np.allclose(quaternions.to_matrix(a), first.as_matrix(), atol=1e-12)
    assert np.allclose(quaternions.to_matrix(quaternions.multiply(a, b)), (first * second).as_matrix(), atol=1e-12)
    assert np.allclose(quaternions.to_matrix(quaternions.conjugate(a)), first.inv().as_matrix(), atol=1e-12)
    back = quaternions.from_matrix(first.as_matrix())
    assert np.allclose(np.abs(np.sum(back * a, axis=-1)), 1, atol=1e-12)
    assert (back[:, 0] >= 0).all()


@pytest.mark.parametrize("axis", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, -0.8, 0]])
def test_half_turns_survive_the_way_through_a_matrix(axis: list[float]) -> None:
    rotation = Rotation.from_rotvec(np.pi * np.array(axis))
    found = quaternions.from_matrix(rotation.as_matrix())
    assert np.allclose(quaternions.to_matrix(found), rotation.as_matrix(), atol=1e-7)


def test_between_is_the_smallest_turn_from_one_direction_to_the_other() -> None:
    rng = np.random.default_rng(3)
    start, end = rng.normal(size=(100, 3)), rng.normal(size=(100, 3))
    end[0], end[1], start[2] = -2 * start[0], start[1], 0
    turn = quaternions.between(start, end)
    turned = Rotation.from_quat(np.roll(turn, -1, axis=-1)).apply(start)
    unit = np.linalg.norm(end, axis=-1) / np.maximum(np.linalg.norm(start, axis=-1), 1e-12)
    assert np.allclose((turned * unit[:, None])[3:], end[3:], atol=1e-9)
    assert np.allclose(turned[0], -start[0], atol=1e-9)
    assert np.allclose(turn[1], [1, 0, 0, 0], atol=1e-7)
    assert np.array_equal(turn[2], [1, 0, 0, 0])
    cosine = np.sum(start * end, axis=-1)[3:] / (np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1))[3:]
    assert np.allclose(2 * np.arccos(turn[3:, 0]), np.arccos(cosine), atol=1e-7)


def test_slerp_agrees_with_scipy() -> None:
    ends = Rotation.random(2, random_state=4)
    first, last = scipy_quaternions(ends)
    shares = np.linspace(0, 1, 7)
    ours = quaternions.slerp(first, last, shares)
    theirs = Slerp([0, 1], ends)(shares).as_matrix()
    assert np.allclose(quaternions.to_matrix(ours), theirs, atol=1e-9)
    assert np.allclose(quaternions.slerp(first, -first, 0.3), quaternions.normalise(first))


def test_forward_equals_a_chain_of_homogeneous_matrices() -> None:
    motion = random_motion(BODY, 5)
    joints, turns = skeleton.forward(BODY, motion)
    for frame in range(5):
        matrices: list[Floats] = []
        for joint, parent in enumerate(BODY.parents):
            local = np.eye(4)
            local[:3, :3] = Rotation.from_quat(np.roll(motion.rotations[frame, joint], -1)).as_matrix()
            local[:3, 3] = BODY.rest_joints[joint] - (BODY.rest_joints[parent] if parent >= 0 else 0)
            local[:3, 3] += motion.translations[frame, joint]
            matrices.append(matrices[parent] @ local if parent >= 0 else local)
        assert np.allclose(joints[frame], np.array(matrices)[:, :3, 3], atol=1e-12)
        assert np.allclose(turns[frame], np.array(matrices)[:, :3, :3], atol=1e-12)


def test_local_rotations_come_back_from_world_turns() -> None:
    motion = random_motion(BODY, 4)
    back = skeleton.local_from_world(BODY.parents, skeleton.forward(BODY, motion)[1])
    assert np.allclose(np.abs(np.sum(back * motion.rotations, axis=-1)), 1, atol=1e-12)


def test_inverse_gives_back_every_joint_and_the_full_turn_of_branching_joints() -> None:
    moving = random_motion(BODY, 20)
    motion = replace(moving, translations=skeleton.moved_roots(BODY.parents, moving.root_translation))
    joints, turns = skeleton.forward(BODY, motion)
    found = skeleton.inverse(BODY, joints, fps=12.0)
    again, turns_again = skeleton.forward(BODY, found)
    # Joint 5 only holds a zero-length bone, so nothing shows how it turns, but all that hangs below is in place.
    assert np.allclose(again, joints, atol=1e-9)
    assert np.allclose(turns_again[:, [0, 2]], turns[:, [0, 2]], atol=1e-9)
    assert found.fps == 12.0


def test_inverse_of_the_rest_pose_is_the_identity() -> None:
    found = skeleton.inverse(BODY, np.repeat(BODY.rest_joints[None], 3, axis=0))
    assert np.allclose(found.rotations, [1, 0, 0, 0], atol=1e-9)
    assert np.allclose(found.root_translation, 0)


def test_a_single_chain_is_solved_without_twist() -> None:
    chain = make_rig([-1, 0, 1], [[0, 0, 0], [0, 0, 1], [0, 0, 2]])
    joints = np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0]]], dtype=np.float64)
    found = skeleton.inverse(chain, joints)
    again, _ = skeleton.forward(chain, found)
    assert np.allclose(again, joints, atol=1e-12)
    # +Z to +X is a quarter turn about +Y, and no other axis takes part.
    assert np.allclose(Rotation.from_quat(np.roll(found.rotations[0, 0], -1)).as_rotvec(), [0, np.pi / 2, 0])


def test_degenerate_rigs_give_finite_rotations() -> None:
    same_place = make_rig([-1, 0, 0, 1], [[0, 0, 0]] * 4)
    collinear = make_rig([-1, 0, 0], [[0, 0, 0], [0, 0, 1], [0, 0, -1]])
    lone = make_rig([-1], [[1, 2, 3]])
    rng = np.random.default_rng(5)
    for rig in (same_place, collinear, lone):
        for joints in (np.zeros((2, rig.num_joints, 3)), rng.normal(size=(2, rig.num_joints, 3))):
            assert np.isfinite(skeleton.inverse(rig, joints).rotations).all()


def test_each_of_several_roots_is_displaced_on_its_own() -> None:
    rig = make_rig([-1, -1, 1], [[0, 0, 0], [1, 0, 0], [1, 0, 1]])
    joints = rig.rest_joints[None] + np.array([[[0, 0, 3.0], [0, -2.0, 0], [0, -2.0, 0]]])
    found = skeleton.inverse(rig, joints)
    assert np.allclose(found.translations, [[[0, 0, 3], [0, -2, 0], [0, 0, 0]]])
    assert np.allclose(skeleton.forward(rig, found)[0], joints)


def test_any_places_come_back_from_any_turns() -> None:
    motion = random_motion(BODY, 6)
    places = np.random.default_rng(9).normal(size=(6, BODY.num_joints, 3))
    turns = skeleton.forward(BODY, motion)[1]
    stretched = replace(motion, translations=skeleton.local_from_places(BODY, places, turns))
    assert np.allclose(skeleton.forward(BODY, stretched)[0], places, atol=1e-12)


def test_steady_turns_are_the_same_turns_without_flips_of_sign() -> None:
    turns = quaternions.normalise(np.random.default_rng(3).normal(size=(40, 4)).cumsum(axis=0))
    flipped = turns * np.random.default_rng(4).choice([-1.0, 1.0], size=(40, 1))
    found = quaternions.steady(flipped)
    assert (np.sum(found[1:] * found[:-1], axis=-1) >= 0).all()
    assert np.allclose(quaternions.to_matrix(found), quaternions.to_matrix(turns))
    assert np.array_equal(found[0], flipped[0])
