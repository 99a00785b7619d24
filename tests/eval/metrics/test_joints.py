"""Joint metrics are what one gets by hand, and zero, or invariant, where they must be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from eval.metrics import joints as measure
from rigmill.types import Rig

# A trunk that forks into two, one of which goes on: branch, leaf, chain, leaf.
RIG = Rig(
    ("trunk", "left", "right", "hand"),
    np.array([-1, 0, 0, 2], dtype=np.int32),
    np.array([[0, 0, 0], [-1, 0, 1], [1, 0, 1], [2, 0, 2.0]]),
)


@pytest.fixture
def moving() -> np.ndarray:
    rng = np.random.default_rng(3)
    return RIG.rest_joints + rng.normal(scale=0.2, size=(7, 4, 3))


def turned(axis: list[float], degrees: float) -> np.ndarray:
    """One turn for all joints and two frames."""
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array(axis)).as_matrix()
    return np.broadcast_to(turn, (2, 4, 3, 3))


def test_a_known_shift_is_its_length_in_per_cent_of_the_height(moving: np.ndarray) -> None:
    assert measure.mpjpe_pct(moving + [0.3, 0, 0.4], moving, height=2.0) == pytest.approx(25.0)
    assert measure.mpjpe_pct(moving, moving, height=2.0) == 0


def test_one_joint_of_four_that_is_off_in_one_frame_of_seven_counts_a_28th(moving: np.ndarray) -> None:
    off = moving.copy()
    off[2, 1] += [0, 1.4, 0]
    assert measure.mpjpe_pct(off, moving, height=2.0) == pytest.approx(70 / 28)
    assert measure.pck_3d(off, moving, height=2.0, limit_pct=5) == pytest.approx(27 / 28)
    assert measure.pck_3d(off, moving, height=2.0, limit_pct=70.001) == 1


def test_a_similarity_of_every_frame_is_nothing_after_procrustes_and_a_mirror_is_not(moving: np.ndarray) -> None:
    turn = Rotation.from_rotvec([0.4, -1.2, 2.0]).as_matrix()
    seen = 1.7 * moving @ turn.T + [3, -2, 1]
    assert measure.mpjpe_pct(seen, moving, height=2.0) > 50
    assert measure.pa_mpjpe_pct(seen, moving, height=2.0) < 1e-9
    assert measure.pa_mpjpe_pct(moving * [-1, 1, 1], moving, height=2.0) > 1


def test_procrustes_is_scipys(moving: np.ndarray) -> None:
    """With the scale that least squares gives, by a numerical search over rotations of scipy."""
    rng = np.random.default_rng(5)
    seen = moving + rng.normal(scale=0.3, size=moving.shape)
    errors = []
    for found, truth in zip(seen, moving):
        start, goal = found - found.mean(0), truth - truth.mean(0)
        turn, _ = Rotation.align_vectors(goal, start)
        bent = turn.apply(start)
        errors.append(np.linalg.norm((bent * goal).sum() / (bent**2).sum() * bent - goal, axis=-1))
    assert measure.pa_mpjpe_pct(seen, moving, height=2.0) == pytest.approx(50 * np.mean(errors), abs=1e-9)


def test_a_known_turn_is_its_angle_in_every_class() -> None:
    errors = measure.rotation_errors_deg(turned([0, 1, 0], 30), turned([0, 1, 0], 0), RIG)
    assert errors == pytest.approx({"branch": 30, "chain": 30, "leaf": 30})
    assert measure.swing_errors_deg(turned([0, 1, 0], 30), turned([0, 1, 0], 0), RIG) == pytest.approx(errors)


def test_twist_about_a_bone_is_rotation_and_no_swing() -> None:
    along = [np.sqrt(0.5), 0, np.sqrt(0.5)]  # from the trunk to right, and on to the hand
    swing = measure.swing_errors_deg(turned(along, 50), turned(along, 0), RIG)
    assert measure.rotation_errors_deg(turned(along, 50), turned(along, 0), RIG)["chain"] == pytest.approx(50)
    assert swing["chain"] == pytest.approx(0, abs=1e-5)
    # Of the leaves the hand goes on as its bone, left stands at a right angle to the axis; the trunk bears both.
    assert swing["leaf"] == pytest.approx(25) and swing["branch"] == pytest.approx(25)


def test_a_class_without_joints_has_no_error() -> None:
    stick = Rig(("a", "b"), np.array([-1, 0], dtype=np.int32), np.array([[0, 0, 0], [0, 0, 1.0]]))
    identity = np.broadcast_to(np.eye(3), (2, 2, 3, 3))
    assert measure.rotation_errors_deg(identity, identity, stick) == {"branch": None, "chain": 0, "leaf": 0}


def test_bones_that_are_a_tenth_longer_drift_ten_per_cent(moving: np.ndarray) -> None:
    rest, parents = RIG.rest_joints, RIG.parents
    assert measure.bone_drift_pct(np.stack([rest, 1.1 * rest]), rest=rest, parents=parents) == pytest.approx(5)
    assert measure.bone_drift_pct(moving, rest=np.zeros((4, 3)), parents=parents) is None


def test_acceleration_and_jerk_of_known_paths() -> None:
    time_s = np.arange(20) / 10
    along = np.zeros((20, 1, 3))
    along[:, 0, 0] = 0.5 * 3 * time_s**2  # 3 m/s2
    still = np.zeros_like(along)
    assert measure.acceleration_error_pct_s2(along, still, fps=10, height=2.0) == pytest.approx(150)
    assert measure.acceleration_error_pct_s2(along, along, fps=10, height=2.0) == 0
    assert measure.jitter_pct_s3(along, fps=10, height=2.0) == pytest.approx(0, abs=1e-9)
    along[:, 0, 0] = 2 * time_s**3  # 12 m/s3
    assert measure.jitter_pct_s3(along, fps=10, height=2.0) == pytest.approx(600)
    assert measure.jitter_pct_s3(along[:3], fps=10, height=2.0) is None


def test_shaking_joints_have_more_jitter_than_smooth_ones() -> None:
    time_s = np.arange(33) / 16
    smooth = np.sin(time_s)[:, None, None] * np.ones((1, 4, 3))
    shaken = smooth + np.random.default_rng(0).normal(scale=0.01, size=smooth.shape)
    jitters = [measure.jitter_pct_s3(joints, fps=16, height=1.0) for joints in (smooth, shaken)]
    assert jitters[1] > 10 * jitters[0]
