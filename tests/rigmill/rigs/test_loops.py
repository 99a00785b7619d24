"""Loops: what is one, and what it is when it goes round."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rigmill.rigs.loops import HERE, MAX_GAP, gap_between, looped, way_between
from rigmill.rigs.skeleton import forward
from rigmill.types import Floats, Motion, Rig
from tests.support.plain_bodies import built

STEP_M, TURN_RAD = 0.9, 0.3  # of a round


def rig() -> Rig:
    return built([("hips", None, (0, 0, 1)), ("leg", "hips", (0.1, 0, 0.9)), ("handle", None, (0.1, 0, 0))])


def walked(rounds: Floats, *, step_m: float = STEP_M, turn_rad: float = TURN_RAD) -> Motion:
    """A walk on an arc about a centre, at times counted in rounds: a leg that swings, hips that bob, a handle below."""
    count, body = len(rounds), rig()
    yaw = turn_rad * rounds
    centre = np.array([step_m / turn_rad, 0, 0]) if turn_rad else np.zeros(3)
    turns = Rotation.from_rotvec(yaw[:, None] * [0, 0, 1])
    rotations = np.tile([1.0, 0, 0, 0], (count, 3, 1))
    swing = Rotation.from_rotvec(0.5 * np.sin(2 * np.pi * rounds)[:, None] * [1, 0, 0])
    for joint, turn in ((0, turns), (1, swing), (2, turns)):  # of roots world turns
        rotations[:, joint] = np.roll(turn.as_quat(), 1, axis=-1)
    translations = np.zeros((count, 3, 3))
    for root in (0, 2):
        place = turns.apply(body.rest_joints[root] - centre) + centre
        if not turn_rad:
            place = place + rounds[:, None] * [0, -step_m, 0]
        translations[:, root] = place - body.rest_joints[root]
    translations[:, 0, 2] += 0.05 * np.cos(4 * np.pi * rounds)
    return Motion(rotations, translations, 16.0)


@pytest.mark.parametrize("turn_rad", [0.0, TURN_RAD])
def test_a_walk_goes_on_from_where_it_got_to_in_the_direction_it_got_to(turn_rad: float) -> None:
    once = walked(np.arange(13) / 12, turn_rad=turn_rad)
    longer = looped(once, rig(), num_frames=41, fps=16.0)
    joints, turned = forward(rig(), longer)
    true_joints, true_turned = forward(rig(), walked(np.arange(41) / 12, turn_rad=turn_rad))
    np.testing.assert_allclose(joints, true_joints, atol=1e-9)
    np.testing.assert_allclose(turned, true_turned, atol=1e-9)


def test_a_round_that_ends_between_two_frames_keeps_its_speed() -> None:
    """0.71 s are 11.36 frames at 16 a second; stored with a whole number of steps, it is shown at 16 again."""
    period = 11.36
    fine = walked(np.linspace(0, 1, 241))
    fine = Motion(fine.rotations, fine.translations, 16.0 * 240 / period)
    joints, _ = forward(rig(), looped(fine, rig(), num_frames=81, fps=16.0))
    true_joints, _ = forward(rig(), walked(np.arange(81) / period))
    np.testing.assert_allclose(joints, true_joints, atol=2e-3)


def test_what_stays_in_its_place_stays_there() -> None:
    once = walked(np.arange(13) / 12, step_m=0.001, turn_rad=0.0)  # a rounding of a file's
    longer = looped(once, rig(), num_frames=401, fps=16.0)
    np.testing.assert_array_equal(longer.translations[0], longer.translations[-5])  # 33 rounds later
    assert way_between(*forward(rig(), once)[0][[0, -1]], 1.0) is HERE


def matrices(motion: Motion) -> Floats:
    joints, turned = forward(rig(), motion)
    whole = np.tile(np.eye(4), (*joints.shape[:2], 1, 1))
    whole[..., :3, :3], whole[..., :3, 3] = turned, joints
    return whole


def test_a_gap_is_between_poses_and_of_what_travels_not_between_places() -> None:
    rest = np.tile(np.eye(4), (3, 1, 1))
    rest[:, :3, 3] = rig().rest_joints
    whole, half = matrices(walked(np.array([0.0, 1.0]))), matrices(walked(np.array([0.0, 0.75])))
    assert gap_between(*whole, rest, 1.0, travels=True) < 1e-9
    assert gap_between(*whole, rest, 1.0, travels=False) > 0.5
    assert gap_between(*half, rest, 1.0, travels=True) > 0.3 > MAX_GAP
    scaled = np.diag([100.0, 100.0, 100.0, 1.0])
    large = [frame @ scaled for frame in half]  # bones in centimetres
    assert gap_between(*large, rest @ scaled, 1.0, travels=True) == pytest.approx(
        gap_between(*half, rest, 1.0, travels=True)
    )
    broken = whole[1].copy()
    broken[1, 0, 0] = np.nan
    assert gap_between(whole[0], broken, rest, 1.0, travels=True) == np.inf
