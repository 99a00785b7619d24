"""Bones as long as they are, of joints that are about right."""

from __future__ import annotations

import numpy as np
import pytest

from rigmill.reconstruct.kinematics import drawn_reach, drawn_rig
from rigmill.reconstruct.lengths import with_own_lengths
from rigmill.rigs import skeleton
from rigmill.types import Bools, Floats, Motion, Rig
from tests.support.drawn_clips import dense_rig, turned

RIG = dense_rig()
FRAMES = 6
ALL = np.ones(RIG.num_joints, dtype=np.bool_)
TOLD = np.ones((FRAMES, RIG.num_joints), dtype=np.bool_)


@pytest.fixture(scope="module")
def bent() -> Floats:
    """A body that bends (6, J, 3)."""
    turns = turned(RIG.num_joints, FRAMES, np.linspace(0, 60, FRAMES), (0.3, 1.0, 0.0))
    return skeleton.forward(RIG, Motion(turns, np.zeros((FRAMES, RIG.num_joints, 3)), fps=8))[0]


def noisy(joints: Floats) -> Floats:
    size = np.ptp(RIG.rest_joints, axis=0).max()
    return joints + np.random.default_rng(3).normal(0, 0.03 * size, joints.shape)


def drift(joints: Floats, drawn: Bools) -> Floats:
    """How much longer or shorter than at rest (T, B) the bones between drawn joints are, those of roots left out."""
    small = drawn_rig(RIG, drawn)
    bones = np.flatnonzero((small.parents >= 0) & (small.parents[np.maximum(small.parents, 0)] >= 0))
    places = np.concatenate([small.rest_joints[None], joints[:, drawn]])
    lengths = np.linalg.norm(places[:, bones] - places[:, small.parents[bones]], axis=-1)
    return np.abs(lengths[1:] / lengths[:1] - 1)


def off(joints: Floats, true: Floats) -> float:
    return float(np.linalg.norm(joints - true, axis=-1).mean())


def test_joints_whose_bones_are_right_stay(bent: Floats) -> None:
    assert np.allclose(with_own_lengths(RIG, ALL, bent, TOLD), bent, atol=1e-6)


def test_bones_are_as_long_as_at_rest(bent: Floats) -> None:
    about = noisy(bent)
    found = with_own_lengths(RIG, ALL, about, TOLD)
    assert drift(found, ALL).mean() < 0.005 < 0.1 < drift(about, ALL).mean()
    assert off(found, bent) < 1.1 * off(about, bent)


def test_what_is_told_too_narrow_is_as_wide_as_it_was_and_not_folded(bent: Floats) -> None:
    narrow = bent * np.array([0.5, 1, 1])
    found = with_own_lengths(RIG, ALL, narrow, TOLD)
    assert off(found, bent) < 0.5 * off(narrow, bent)


def test_joints_that_are_not_drawn_may_bend_and_stay_as_they_are(bent: Floats) -> None:
    drawn = ALL.copy()
    drawn[[3, 6]] = False
    about = noisy(bent)
    found = with_own_lengths(RIG, drawn, about, TOLD)
    assert drift(found, drawn).max() < 0.12 < drift(about, drawn).max()
    assert np.array_equal(found[:, ~drawn], about[:, ~drawn])
    reach = drawn_reach(RIG, drawn)
    small = drawn_rig(RIG, drawn)
    places = found[:, drawn]
    assert (np.linalg.norm(places[:, 1:] - places[:, small.parents[1:]], axis=-1) < 1.05 * reach[1:]).all()


def test_what_is_not_told_pulls_nothing(bent: Floats) -> None:
    told, wild = TOLD.copy(), bent.copy()
    told[:, -1], wild[:, -1] = False, 1000.0
    found = with_own_lengths(RIG, ALL, wild, told)
    assert np.allclose(found[:, :-1], bent[:, :-1], atol=2e-3)
    assert off(found[:, -1:], bent[:, -1:]) < 1


def test_a_root_on_the_floor_keeps_its_place_while_the_body_bobs() -> None:
    """0 is on the floor, 1 the hips high above it, 2 and 3 hang from the hips."""
    rest = np.array([[0, 0, 0], [0, 0, 1.0], [0.1, 0, 1.0], [0.1, 0, 0.8]])
    rig = Rig(names=("floor", "hips", "thigh", "shin"), parents=np.array([-1, 0, 1, 2]), rest_joints=rest)
    bobs = np.stack([rest, rest])
    bobs[1, 1:, 2] -= 0.2
    assert np.allclose(with_own_lengths(rig, np.ones(4, np.bool_), bobs, np.ones((2, 4), np.bool_)), bobs)


def test_a_body_without_bones_is_left_as_it_is() -> None:
    one = Rig(names=("root",), parents=np.array([-1]), rest_joints=np.zeros((1, 3)))
    joints = np.ones((2, 1, 3))
    assert with_own_lengths(one, np.ones(1, np.bool_), joints, np.ones((2, 1), np.bool_)) is joints
