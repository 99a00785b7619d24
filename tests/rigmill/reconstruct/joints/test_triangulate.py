from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from rigmill.clips.camera import project
from rigmill.reconstruct.joints.least_squares import Bones, refine
from rigmill.reconstruct.joints.sightings import sightings
from rigmill.reconstruct.joints.triangulate import Triangulated, triangulate
from rigmill.types import Floats
from tests.support.pose_scenes import Scene, scene


def seen(made: Scene, noise_px: float = 0.0, seed: int = 0) -> tuple[Floats, Floats]:
    pixels = np.stack([project(camera, made.joints)[0] for camera in made.cameras])
    pixels = pixels + np.random.default_rng(seed).normal(scale=noise_px, size=pixels.shape) if noise_px else pixels
    return pixels, np.ones(pixels.shape[:3])


def solve(made: Scene, centres: Floats, confidence: Floats) -> Triangulated:
    return triangulate(
        made.cameras,
        sightings(made.cameras, centres, confidence),
        parents=made.rig.parents,
        rest_joints=made.rig.rest_joints,
        threshold_px=3,
    )


def test_exact_centres_give_exact_joints() -> None:
    made = scene(8)
    found = solve(made, *seen(made))
    assert found.usable.all()
    assert np.abs(found.joints - made.joints).max() < 1e-6
    assert found.reprojection_px.max() < 1e-3


def test_one_wrong_view_does_not_move_a_joint() -> None:
    made = scene(8)
    centres, confidence = seen(made)
    centres[2] += 40
    found = solve(made, centres, confidence)
    assert found.usable.all()
    assert np.linalg.norm(found.joints - made.joints, axis=-1).max() < 2e-3


def test_two_opposite_views_alone_are_not_enough() -> None:
    made = scene(6)
    centres, confidence = seen(made)
    confidence[[1, 3], :, 5] = 0
    found = solve(made, centres, confidence)
    assert not found.usable[:, 5].any()
    assert found.usable[:, [0, 1, 2, 3, 4, 6]].all()
    assert np.isfinite(found.joints).all()


def test_a_joint_missing_for_some_frames_follows_its_parent() -> None:
    made = scene(40)
    centres, confidence = seen(made)
    joint = made.rig.names.index("left_hand")
    confidence[:, 10:14, joint] = 0
    centres[:, 10:14, joint] = np.nan
    found = solve(made, centres, confidence)
    assert not found.usable[10:14, joint].any() and found.usable[:10].all()
    assert np.isnan(found.reprojection_px[10:14, joint]).all()
    assert np.linalg.norm(found.joints - made.joints, axis=-1)[10:14, joint].max() < 0.02


def test_bone_lengths_make_noisy_joints_better() -> None:
    made = scene(30)
    centres, confidence = seen(made, noise_px=1.0)
    found = solve(made, centres, confidence)
    zero = np.zeros(made.rig.num_joints)
    without = refine(
        made.joints,
        sightings(made.cameras, centres, confidence),
        Bones(made.rig.parents.astype(np.int64), zero, zero),
        threshold_px=3,
        px=300.0,
    )
    errors = [np.linalg.norm(joints - made.joints, axis=-1).mean() for joints in (found.joints, without)]
    assert errors[0] < 0.9 * errors[1]


@pytest.mark.slow
def test_refinement_reaches_the_minimum_that_scipy_finds() -> None:
    made = scene(2)
    centres, confidence = seen(made, noise_px=1.5, seed=3)
    parents = made.rig.parents
    has_parent = np.flatnonzero(parents >= 0)
    bones = made.joints[0, has_parent] - made.joints[0, parents[has_parent]]
    lengths = np.zeros(len(parents))
    lengths[has_parent] = np.linalg.norm(bones, axis=-1)
    weights, px, limit, keep = np.full(len(parents), 20.0), 300.0, 9.0, 1e-3
    start = made.joints + 0.01

    def residuals(flat: Floats) -> Floats:
        joints = flat.reshape(-1, 3)
        rows = [np.sqrt(keep) * px * (joints - start[0]).ravel()]
        for camera, places in zip(made.cameras, centres[:, 0]):
            squared = np.sum((project(camera, joints)[0] - places) ** 2, axis=-1)
            rows.append(np.sqrt(limit * squared / (limit + squared)))
        length = np.linalg.norm(joints[has_parent] - joints[parents[has_parent]], axis=-1)
        rows.append(np.sqrt(weights[has_parent]) * (length - lengths[has_parent]) * px)
        return np.concatenate(rows)

    ours = refine(
        start,
        sightings(made.cameras, centres, confidence),
        Bones(parents.astype(np.int64), lengths, weights),
        threshold_px=3,
        px=px,
        num_steps=60,
    )[0]
    theirs = least_squares(residuals, start[0].ravel(), xtol=1e-12, ftol=1e-14, gtol=1e-12)
    cost = float(np.sum(residuals(ours.ravel()) ** 2))
    assert cost <= 2 * theirs.cost * (1 + 1e-6)
    assert np.abs(ours - theirs.x.reshape(-1, 3)).max() < 1e-4
