"""Least squares over 3D joints: reprojection in all views and bone lengths, all frames at once (3.3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rigmill.types import Camera, Floats, Ints

_KEEP_WEIGHT = 1e-3  # holds joints that no view fixes at their interpolated place
_STEPS = 8


def _add_at(total: Floats, joints: Ints, values: Floats) -> None:
    """Add values (T, K, ...) to `total` (T, J, ...) at joints (K,), which may repeat."""
    np.add.at(total.swapaxes(0, 1), joints, values.swapaxes(0, 1))


def _levels(parents: Ints) -> list[Ints]:
    """Joints by depth in the tree, roots first."""
    depth = np.zeros(len(parents), dtype=np.int64)
    for joint, parent in enumerate(parents):
        depth[joint] = depth[parent] + 1 if parent >= 0 else 0
    return [np.flatnonzero(depth == level) for level in range(int(depth.max(initial=0)) + 1)]


def _view_terms(
    cameras: Sequence[Camera], joints: Floats, centres: Floats, confidence: Floats, *, threshold_px: float
) -> tuple[Floats, Floats, Floats]:
    """Geman-McClure reprojection: cost (T,), gradient (T, J, 3) and Gauss-Newton blocks (T, J, 3, 3)."""
    cost, gradient, blocks = np.zeros(len(joints)), np.zeros(joints.shape), np.zeros(joints.shape + (3,))
    limit = threshold_px**2
    for camera, seen, trust in zip(cameras, centres, confidence):
        rotation = camera.world_to_view[:3, :3]
        in_view = joints @ rotation.T + camera.world_to_view[:3, 3]
        depth = np.maximum(in_view[..., 2], 1e-6)[..., None]
        focal = np.array([camera.intrinsics[0, 0], camera.intrinsics[1, 1]])
        slope = in_view[..., :2] / depth
        residual = np.where((trust > 0)[..., None], slope * focal + camera.intrinsics[:2, 2] - np.nan_to_num(seen), 0.0)
        jacobian = (focal / depth)[..., None] * (rotation[:2] - slope[..., None] * rotation[2])
        squared = np.sum(residual**2, axis=-1)
        weight = trust * (limit / (limit + squared)) ** 2
        cost += np.sum(trust * limit * squared / (limit + squared), axis=-1)
        gradient += np.einsum("tj,tjab,tja->tjb", weight, jacobian, residual)
        blocks += np.einsum("tj,tjab,tjac->tjbc", weight, jacobian, jacobian)
    return cost, gradient, blocks


def _bone_terms(
    joints: Floats, *, parents: Ints, lengths: Floats, weights: Floats, px: float
) -> tuple[Floats, Floats, Floats]:
    """Cost (T,), residual times weight along the bone (T, J, 3), and the scaled direction a (T, J, 3)."""
    up = np.maximum(parents, 0)
    bones = np.where((parents >= 0)[:, None], joints - joints[:, up], 0.0)
    measured = np.linalg.norm(bones, axis=-1)
    direction = bones / np.maximum(measured, 1e-9)[..., None]
    residual = np.where(parents >= 0, (measured - lengths) * px, 0.0)
    scaled = direction * (np.sqrt(weights) * px)[:, None]
    return np.sum(weights * residual**2, axis=-1), scaled * (np.sqrt(weights) * residual)[..., None], scaled


def _tree_step(gradient: Floats, blocks: Floats, bone: Floats, *, parents: Ints, levels: list[Ints]) -> Floats:
    """The exact solution (T, J, 3) of the step's normal equations, eliminated from the leaves to the roots.

    Bones couple a joint to its parent alone, so the matrix is a tree of 3 x 3 blocks with -a a^T between them,
    and one depth of the tree is solved for all frames at once.
    """
    gradient, blocks = gradient.copy(), blocks.copy()
    for level in reversed(levels[1:]):
        a = bone[:, level]
        inverse_a = np.linalg.solve(blocks[:, level], a[..., None])[..., 0]
        inverse_g = np.linalg.solve(blocks[:, level], gradient[:, level][..., None])[..., 0]
        inner = np.sum(a * inverse_a, axis=-1)
        _add_at(blocks, parents[level], -inner[..., None, None] * a[..., :, None] * a[..., None, :])
        _add_at(gradient, parents[level], np.sum(a * inverse_g, axis=-1)[..., None] * a)
    step = np.zeros_like(gradient)
    for depth, level in enumerate(levels):
        right = -gradient[:, level]
        if depth:
            a = bone[:, level]
            right = right + a * np.sum(a * step[:, parents[level]], axis=-1, keepdims=True)
        step[:, level] = np.linalg.solve(blocks[:, level], right[..., None])[..., 0]
    return step


def refine(
    cameras: Sequence[Camera], joints: Floats, centres: Floats, confidence: Floats, *,
    parents: Ints, lengths: Floats, weights: Floats, threshold_px: float, px: float, num_steps: int = _STEPS,
) -> Floats:
    """The joints (T, J, 3) moved to a minimum of reprojection and bone-length errors, by Levenberg-Marquardt."""
    start, levels, has_parent = joints, _levels(parents), np.flatnonzero(parents >= 0)
    keep = _KEEP_WEIGHT * px**2

    def terms(at: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        cost, gradient, blocks = _view_terms(cameras, at, centres, confidence, threshold_px=threshold_px)
        bone_cost, pull, bone = _bone_terms(at, parents=parents, lengths=lengths, weights=weights, px=px)
        gradient = gradient + pull + keep * (at - start)
        _add_at(gradient, parents[has_parent], -pull[:, has_parent])
        outer = bone[..., :, None] * bone[..., None, :]
        blocks = blocks + outer + keep * np.eye(3)
        _add_at(blocks, parents[has_parent], outer[:, has_parent])
        return cost + bone_cost + keep * np.sum((at - start) ** 2, axis=(1, 2)), gradient, blocks, bone

    damping = np.full(len(joints), 1e-3 * px**2)
    cost, gradient, blocks, bone = terms(joints)
    for _ in range(num_steps):
        damped = blocks + damping[:, None, None, None] * np.eye(3)
        moved = joints + _tree_step(gradient, damped, bone, parents=parents, levels=levels)
        moved_terms = terms(moved)
        better = moved_terms[0] < cost
        joints = np.where(better[:, None, None], moved, joints)
        damping = np.where(better, damping * 0.2, damping * 10)
        cost, gradient, blocks, bone = (
            np.where(better.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)
            for new, old in zip(moved_terms, (cost, gradient, blocks, bone))
        )
    return joints
