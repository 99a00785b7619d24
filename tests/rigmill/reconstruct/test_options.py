from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rigmill.clips.camera import project
from rigmill.posemaps import posemap
from rigmill.reconstruct.discs.kmeans import clustered
from rigmill.reconstruct.joints.sightings import sightings
from rigmill.reconstruct.joints.triangulate import triangulate
from rigmill.reconstruct.kinematics import solve
from rigmill.reconstruct.reconstruct import Options, reconstruct
from rigmill.reconstruct.twist import spread
from rigmill.rigs import skeleton
from rigmill.types import Motion, Rig
from tests.support.pose_scenes import pose_maps, scene


def test_threads_change_nothing() -> None:
    made = scene(5)
    maps = pose_maps(made)
    first, second = (
        reconstruct(
            maps,
            cameras=made.cameras,
            rig=made.rig,
            drawn=made.drawn,
            colours=made.colours,
            radius_px=3,
            fps=16.0,
            options=Options(threads=threads),
        )
        for threads in (1, 3)
    )
    for field in fields(first):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if field.name != "motion":
            assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), field.name
    assert np.array_equal(first.motion.rotations, second.motion.rotations)


def test_k_means_finds_lone_discs_and_repeats() -> None:
    colours = posemap.palette(6)
    places = np.array([[20.3, 20.0], [60.0, 20.4], [20.0, 60.0], [60.7, 60.0], [40.0, 40.5], [80.0, 40.0]])
    picture = posemap.draw(
        places,
        np.ones(6),
        parents=np.full(6, -1),
        drawn=np.ones(6, dtype=bool),
        colours=colours,
        width_px=100,
        height_px=80,
        radius_px=5,
    )
    runs = [clustered(picture[None].repeat(8, axis=0), colours=colours) for _ in range(2)]
    errors = np.linalg.norm(runs[0][0] - places, axis=-1)
    assert np.nanmedian(errors) < 0.5
    assert np.array_equal(runs[0][0], runs[1][0], equal_nan=True)


def test_the_papers_localisation_goes_the_whole_way_too() -> None:
    made = scene(3)
    found = reconstruct(
        pose_maps(made),
        cameras=made.cameras,
        rig=made.rig,
        drawn=made.drawn,
        colours=made.colours,
        radius_px=3,
        fps=16.0,
        options=Options(method="kmeans"),
    )
    assert np.isfinite(found.joints).all() and found.usable.any()


def test_smoothness_makes_noisy_joints_steadier_and_better() -> None:
    made = scene(40)
    rng = np.random.default_rng(2)
    centres = np.stack([project(camera, made.joints)[0] for camera in made.cameras])
    centres = centres + rng.normal(scale=1.0, size=centres.shape)
    trust = np.ones(centres.shape[:3])
    errors = []
    for smoothness in (0.0, 3.0):
        found = triangulate(
            made.cameras,
            sightings(made.cameras, centres, trust),
            parents=made.rig.parents,
            rest_joints=made.rig.rest_joints,
            threshold_px=4,
            smoothness=smoothness,
        )
        errors.append(np.linalg.norm(found.joints - made.joints, axis=-1).mean())
    assert errors[1] < 0.85 * errors[0]


def chain_between_branches() -> Rig:
    """A pelvis and a chest, each with two limbs, and two joints of spine in between."""
    rest = [
        [0, 0, 1],
        [0, 0, 1.2],
        [0, 0, 1.4],
        [0, 0, 1.6],
        [0.2, 0, 0.9],
        [-0.2, 0, 0.9],
        [0.2, 0, 1.7],
        [-0.2, 0, 1.7],
    ]
    return Rig(
        names=tuple("abcdefgh"),
        parents=np.array([-1, 0, 1, 2, 0, 0, 3, 3], dtype=np.int32),
        rest_joints=np.array(rest, dtype=np.float64),
    )


def test_a_chain_shares_the_twist_between_its_ends() -> None:
    rig = chain_between_branches()
    rotations = np.zeros((1, 8, 4))
    rotations[..., 0] = 1
    rotations[0, 3] = np.roll(Rotation.from_euler("z", 60, degrees=True).as_quat(), 1)
    motion = Motion(rotations=rotations, translations=np.zeros((1, 8, 3)), fps=16.0)
    shared = spread(rig, motion)
    angles = [Rotation.from_quat(np.roll(turn, -1)).magnitude() for turn in shared.rotations[0, [0, 1, 2, 3]]]
    assert np.degrees(sum(angles)) == pytest.approx(60, abs=0.5)
    assert angles[0] == pytest.approx(0, abs=1e-6) and max(angles) == pytest.approx(np.radians(20), abs=0.01)
    assert np.allclose(skeleton.forward(rig, shared)[0], skeleton.forward(rig, motion)[0], atol=1e-9)


def test_spreading_twist_moves_no_joint_and_turns_joints_less() -> None:
    made = scene(12)
    exact = skeleton.inverse(made.rig, made.joints, fps=16.0)
    shared = spread(made.rig, exact)
    assert np.abs(skeleton.forward(made.rig, shared)[0] - made.joints).max() < 1e-6
    squares = [
        (Rotation.from_quat(np.roll(item.rotations.reshape(-1, 4), -1, axis=1)).magnitude() ** 2).sum()
        for item in (exact, shared)
    ]
    assert squares[1] < squares[0]


def test_a_drawer_slides_and_a_body_bobs_over_its_root() -> None:
    rig = Rig(
        names=("root", "hips", "left", "right", "drawer"),
        parents=np.array([-1, 0, 1, 1, 1], dtype=np.int32),
        rest_joints=np.array([[0, 0, 0], [0, 0, 1], [0.3, 0, 1.1], [-0.3, 0, 1.1], [0, -0.4, 1]], dtype=np.float64),
    )
    way = np.linspace(0, 0.3, 10)
    joints = np.repeat(rig.rest_joints[None], 10, axis=0)
    joints[:, 1:, 2] += way[:, None] / 6  # all but the root bob
    joints[:, 4, 1] -= way
    motion, places = solve(
        rig, np.ones(5, dtype=bool), joints, fps=16.0, elastic=np.array([False, False, False, False, True])
    )
    assert np.abs(places[:, 1:] - joints[:, 1:]).max() < 1e-9
    assert np.allclose(motion.rotations[:, :, 0], 1)
