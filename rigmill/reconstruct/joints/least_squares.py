"""Least squares over 3D joints: reprojection in all views and bone lengths, frame by frame, compiled (3.3)."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import numpy as np

from rigmill.compiled import compiled, inlined
from rigmill.reconstruct.joints.sightings import Sightings
from rigmill.types import Floats, Ints

_KEEP_WEIGHT = 1e-3  # holds joints that no view fixes at their interpolated place
_STEPS = 12
_STILL = 1e-9  # of the cost: a step that lowers it by less is the last


class Bones(NamedTuple):
    """How long the bones of J joints are to be."""

    parents: Annotated[Ints, "int64[::1]"]  # (J,)
    lengths: Annotated[Floats, "float64[::1]"]  # (J,)
    weights: Annotated[Floats, "float64[::1]"]  # (J,), of a squared error in pixels


@inlined
def add_views(
    views: Sightings, frame: int, joints: Floats, limit: float, gradient: Floats, blocks: Floats, row: Floats
) -> float:
    """Add Geman-McClure reprojection to gradients (J, 3) and Gauss-Newton blocks (J, 3, 3); its cost.

    `row` (2, 3) is scratch.
    """
    lens, seen, trust, shapes = views.lens, views.centres, views.trust, views.shapes
    cost = 0.0
    for view in range(lens.shape[0]):
        c = lens[view]
        for joint in range(joints.shape[0]):
            weight = trust[view, frame, joint]
            if weight <= 0.0:
                continue
            x, y, z = joints[joint, 0], joints[joint, 1], joints[joint, 2]
            depth = max(c[6] * x + c[7] * y + c[8] * z + c[11], 1e-6)
            u = (c[0] * x + c[1] * y + c[2] * z + c[9]) / depth
            v = (c[3] * x + c[4] * y + c[5] * z + c[10]) / depth
            ex, ey = u * c[12] + c[14] - seen[view, frame, joint, 0], v * c[13] + c[15] - seen[view, frame, joint, 1]
            xx, xy, yy = shapes[view, frame, joint, 0], shapes[view, frame, joint, 1], shapes[view, frame, joint, 2]
            squared = xx * ex * ex + 2.0 * xy * ex * ey + yy * ey * ey
            cost += weight * limit * squared / (limit + squared)
            weight *= (limit / (limit + squared)) ** 2
            for axis in range(3):
                row[0, axis] = c[12] / depth * (c[axis] - u * c[6 + axis])
                row[1, axis] = c[13] / depth * (c[3 + axis] - v * c[6 + axis])
            for axis in range(3):
                pull_x, pull_y = xx * row[0, axis] + xy * row[1, axis], xy * row[0, axis] + yy * row[1, axis]
                gradient[joint, axis] += weight * (pull_x * ex + pull_y * ey)
                for other in range(3):
                    blocks[joint, axis, other] += weight * (pull_x * row[0, other] + pull_y * row[1, other])
    return cost


@inlined
def add_bones(bones: Bones, joints: Floats, px: float, gradient: Floats, blocks: Floats, ways: Floats) -> float:
    """Add bone lengths; the scaled directions a go to `ways` (J, 3): -a a^T couples a joint and its parent."""
    parents, lengths, weights = bones.parents, bones.lengths, bones.weights
    cost = 0.0
    for joint in range(joints.shape[0]):
        up = parents[joint]
        ways[joint, :] = 0.0
        if up < 0 or weights[joint] <= 0.0:
            continue
        x, y, z = joints[joint, 0] - joints[up, 0], joints[joint, 1] - joints[up, 1], joints[joint, 2] - joints[up, 2]
        length = math.sqrt(x * x + y * y + z * z)
        error = (length - lengths[joint]) * px * math.sqrt(weights[joint])
        scale = math.sqrt(weights[joint]) * px / max(length, 1e-9)
        ways[joint, 0], ways[joint, 1], ways[joint, 2] = x * scale, y * scale, z * scale
        cost += error * error
        for axis in range(3):
            gradient[joint, axis] += error * ways[joint, axis]
            gradient[up, axis] -= error * ways[joint, axis]
            for other in range(3):
                outer = ways[joint, axis] * ways[joint, other]
                blocks[joint, axis, other] += outer
                blocks[up, axis, other] += outer
    return cost


@inlined
def solve3(m: Floats, b: Floats, found: Floats) -> None:
    """found = m^-1 b for a symmetric positive 3 x 3 matrix."""
    c00, c01 = m[1, 1] * m[2, 2] - m[1, 2] * m[1, 2], m[0, 2] * m[1, 2] - m[0, 1] * m[2, 2]
    c02, c11 = m[0, 1] * m[1, 2] - m[0, 2] * m[1, 1], m[0, 0] * m[2, 2] - m[0, 2] * m[0, 2]
    c12, c22 = m[0, 1] * m[0, 2] - m[0, 0] * m[1, 2], m[0, 0] * m[1, 1] - m[0, 1] * m[0, 1]
    scale = 1.0 / (m[0, 0] * c00 + m[0, 1] * c01 + m[0, 2] * c02)
    found[0] = scale * (c00 * b[0] + c01 * b[1] + c02 * b[2])
    found[1] = scale * (c01 * b[0] + c11 * b[1] + c12 * b[2])
    found[2] = scale * (c02 * b[0] + c12 * b[1] + c22 * b[2])


@inlined
def tree_step(
    gradient: Floats,
    blocks: Floats,
    bones: Floats,
    parents: Ints,
    damping: float,
    step: Floats,
    carried: Floats,
    pulls: Floats,
) -> None:
    """The exact solution (J, 3) of the step's normal equations, eliminated from the leaves to the roots.

    Bones couple a joint to its parent alone, so the matrix is a tree of 3 x 3 blocks and nothing fills in. `gradient`
    and `blocks` are used up; `carried` and `pulls` (J, 3) become block^-1 a and block^-1 gradient.
    """
    for joint in range(parents.shape[0] - 1, -1, -1):
        for axis in range(3):
            blocks[joint, axis, axis] += damping
        solve3(blocks[joint], gradient[joint], pulls[joint])
        up = parents[joint]
        if up < 0:
            continue
        a, way, pull = bones[joint], carried[joint], pulls[joint]
        solve3(blocks[joint], a, way)
        inner = a[0] * way[0] + a[1] * way[1] + a[2] * way[2]
        along = a[0] * pull[0] + a[1] * pull[1] + a[2] * pull[2]
        for axis in range(3):
            gradient[up, axis] += along * a[axis]
            for other in range(3):
                blocks[up, axis, other] -= inner * a[axis] * a[other]
    for joint in range(parents.shape[0]):
        up, along = parents[joint], 0.0
        if up >= 0:
            along = bones[joint, 0] * step[up, 0] + bones[joint, 1] * step[up, 1] + bones[joint, 2] * step[up, 2]
        for axis in range(3):
            step[joint, axis] = -pulls[joint, axis] + (along * carried[joint, axis] if up >= 0 else 0.0)


@compiled(
    "void(float64[:, :, ::1], Sightings, Bones, float64[:, :, ::1], float64[:, ::1], float64, float64, int64)",
    nogil=True,
    allocates=True,
)
def descend(
    joints: Floats, views: Sightings, bones: Bones, kept: Floats, keep: Floats, limit: float, px: float, num_steps: int
) -> None:
    """Levenberg-Marquardt over each frame of `joints` (T, J, 3), in place."""
    num_joints = joints.shape[1]
    gradient, blocks = np.empty((num_joints, 3)), np.empty((num_joints, 3, 3))
    new_gradient, new_blocks = np.empty((num_joints, 3)), np.empty((num_joints, 3, 3))
    ways, new_ways = np.empty((num_joints, 3)), np.empty((num_joints, 3))
    step, moved = np.empty((num_joints, 3)), np.empty((num_joints, 3))
    carried, pulls, row = np.empty((num_joints, 3)), np.empty((num_joints, 3)), np.empty((2, 3))
    work_gradient, work_blocks = np.empty((num_joints, 3)), np.empty((num_joints, 3, 3))
    for frame in range(joints.shape[0]):
        now = joints[frame]
        damping, cost = 1e-3 * px * px, np.inf
        for number in range(num_steps + 1):
            if number == 0:
                moved[:] = now
            else:
                work_gradient[:] = gradient
                work_blocks[:] = blocks
                tree_step(work_gradient, work_blocks, ways, bones.parents, damping, step, carried, pulls)
                moved[:] = now + step
            new_gradient[:], new_blocks[:] = 0.0, 0.0
            new_cost = add_views(views, frame, moved, limit, new_gradient, new_blocks, row)
            new_cost += add_bones(bones, moved, px, new_gradient, new_blocks, new_ways)
            for joint in range(num_joints):
                for axis in range(3):
                    off = moved[joint, axis] - kept[frame, joint, axis]
                    new_cost += keep[frame, joint] * off * off
                    new_gradient[joint, axis] += keep[frame, joint] * off
                    new_blocks[joint, axis, axis] += keep[frame, joint]
            if new_cost < cost:
                is_last = cost - new_cost < _STILL * new_cost
                cost = new_cost
                now[:], gradient[:], blocks[:], ways[:] = moved, new_gradient, new_blocks, new_ways
                damping *= 0.2
                if is_last:
                    break
            else:
                damping *= 10.0
                if damping > 1e9 * px * px:
                    break


def refine(
    joints: Floats,
    views: Sightings,
    bones: Bones,
    *,
    threshold_px: float,
    px: float,
    num_steps: int = _STEPS,
    kept: Floats | None = None,
    keep: Floats | None = None,
) -> Floats:
    """The joints (T, J, 3) moved to a minimum of reprojection and bone-length errors, by Levenberg-Marquardt.

    `px` is how long a unit is in pixels. `keep` (T, J) is how much a joint is held at `kept` (T, J, 3), in units of a
    squared pixel.
    """
    found = np.ascontiguousarray(joints, dtype=np.float64).copy()
    hold = np.full(joints.shape[:2], _KEEP_WEIGHT) if keep is None else _KEEP_WEIGHT + keep
    descend(
        found,
        views,
        bones,
        found.copy() if kept is None else np.ascontiguousarray(kept, dtype=np.float64),
        hold * px**2,
        threshold_px**2,
        px,
        num_steps,
    )
    return found
