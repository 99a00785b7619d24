from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from rigmill.rigs import turns as clip
from rigmill.types import Floats

# A root with two chains and a second root; T = 9.
PARENTS = np.array([-1, 0, 1, 0, 3, -1, 5, 2], dtype=np.int32)
NUM_FRAMES = 9


def scattered(seed: int) -> tuple[Floats, list[Rotation]]:
    """Turns (4, J, T), and the same by joint for scipy."""
    by_joint = [Rotation.random(NUM_FRAMES, random_state=seed + joint) for joint in range(len(PARENTS))]
    return np.stack([turn.as_quat(scalar_first=True).T for turn in by_joint], axis=1), by_joint


def same(found: Floats, expected: list[Rotation]) -> bool:
    return all(
        (Rotation.from_quat(found[:, joint].T, scalar_first=True).inv() * turn).magnitude().max() < 1e-12
        for joint, turn in enumerate(expected)
    )


def test_turns_add_up_and_come_apart_along_the_tree_as_scipy_says() -> None:
    local, by_joint = scattered(1)
    expected: list[Rotation] = []
    for joint, parent in enumerate(PARENTS):
        expected.append(expected[parent] * by_joint[joint] if parent >= 0 else by_joint[joint])
    world = clip.world_turns(PARENTS, local)
    assert same(world, expected)
    assert same(clip.local_turns(PARENTS, world), by_joint)


def test_places_follow_from_turns_and_offsets() -> None:
    world, by_joint = scattered(2)
    offsets = np.random.default_rng(3).normal(size=(3, len(PARENTS), NUM_FRAMES))
    found = clip.places(PARENTS, world, offsets)
    for joint, parent in enumerate(PARENTS):
        way = by_joint[parent].apply(offsets[:, joint].T).T + found[:, parent] if parent >= 0 else offsets[:, joint]
        np.testing.assert_allclose(found[:, joint], way, atol=1e-12)
    constant = clip.places(PARENTS, world, offsets[..., :1])
    np.testing.assert_allclose(constant[:, 0], np.repeat(offsets[:, 0, :1], NUM_FRAMES, axis=1))


def test_quaternions_of_any_length_and_sign_become_unit_turns_and_go_back_with_w_positive() -> None:
    local, by_joint = scattered(4)
    rotations = -3.0 * local.transpose(2, 1, 0)
    rotations[2, 3] = 0.0
    found = clip.from_rotations(rotations)
    np.testing.assert_array_equal(found[:, 3, 2], [1, 0, 0, 0])
    np.testing.assert_allclose((found**2).sum(axis=0), 1, atol=1e-12)
    back = clip.to_rotations(found)
    assert back.shape == (NUM_FRAMES, len(PARENTS), 4) and (back[..., 0] >= 0).all()
    np.testing.assert_allclose(clip.to_matrices(local)[:, 5], by_joint[5].as_matrix(), atol=1e-12)


def test_twist_is_what_remains_about_the_axis() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        axis, angle = rng.normal(size=3), rng.uniform(-3, 3)
        axis /= np.linalg.norm(axis)
        aside = np.cross(axis, rng.normal(size=3))
        swing = Rotation.from_rotvec(aside / np.linalg.norm(aside) * rng.uniform(0, 2.5))
        for turn in (swing * Rotation.from_rotvec(angle * axis), Rotation.from_rotvec(angle * axis) * swing):
            quaternion = turn.as_quat(scalar_first=True)
            for sign in (1, -1):
                assert abs(clip.angle_about(sign * quaternion, axis) - angle) < 1e-9
    turn = clip.about(axis[:, None], np.array([0.3, -0.4]))
    np.testing.assert_allclose(
        turn.T, Rotation.from_rotvec(np.outer([0.3, -0.4], axis)).as_quat(scalar_first=True), atol=1e-12
    )


def test_mixing_agrees_with_scipys_slerp_on_the_shorter_way() -> None:
    first, second = Rotation.random(2, random_state=8)
    shares = np.linspace(0, 1, 7)
    start, end = (turn.as_quat(scalar_first=True)[:, None] for turn in (first, second))
    expected = Slerp([0, 1], Rotation.concatenate([first, second]))(shares)
    for sign in (1, -1):
        found = Rotation.from_quat(clip.mix(start, sign * end, shares).T, scalar_first=True)
        assert (found.inv() * expected).magnitude().max() < 1e-7
    np.testing.assert_allclose(clip.mix(start, -start, np.array([0.5]))[:, 0], start[:, 0], atol=1e-12)
