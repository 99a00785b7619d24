from __future__ import annotations

import numpy as np

from rigmill.clips.camera import project
from rigmill.reconstruct.joints.best_point import PARALLEL, best_points, roundnesses
from rigmill.reconstruct.joints.sightings import sightings
from tests.support.pose_scenes import scene


def test_rays_from_all_sides_are_round_and_parallel_ones_are_not() -> None:
    rays = np.random.default_rng(0).normal(size=(50, 3, 3))
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    rays[1] = rays[1, :1]  # three that are one
    rays[2] = np.eye(3)
    normals = np.sum(np.eye(3) - rays[..., :, None] * rays[..., None, :], axis=1)
    found = np.empty(50)
    roundnesses(np.ascontiguousarray(normals.reshape(50, 9)[:, [0, 1, 2, 4, 5, 8]]), found)
    assert np.allclose(found, np.linalg.det(normals) / (np.trace(normals, axis1=1, axis2=2) / 3) ** 3, atol=1e-12)
    assert abs(found[1]) < 1e-9 < PARALLEL and abs(found[2] - 1) < 1e-12


def test_the_point_is_that_of_the_views_that_agree() -> None:
    made = scene(3)
    centres = np.stack([project(camera, made.joints)[0] for camera in made.cameras])
    centres[1, :, 4] += 60.0
    trust = np.ones(centres.shape[:3])
    trust[2, :, 7] = 0.0
    trust[1:, :, 9] = 0.0  # one view is left, which cannot say
    points, costs = np.zeros((*trust.shape[1:], 3)), np.zeros(trust.shape[1:])
    best_points(
        sightings(made.cameras, centres, trust),
        np.stack([camera.position for camera in made.cameras]),
        np.array([0b1111, 0b1101, 0b0111, 0b1011, 0b1110, 0b0011, 0b1001, 0b0110, 0b1100]),
        3.0,
        points,
        costs,
    )
    known = np.delete(np.arange(made.rig.num_joints), 9)
    assert np.abs(points[:, known] - made.joints[:, known]).max() < 1e-6
    assert np.isinf(costs[:, 9]).all() and np.allclose(costs[:, 4], 9.0)  # the odd view costs the threshold, squared
