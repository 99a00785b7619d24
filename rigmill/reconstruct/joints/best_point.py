"""The point that most views agree on, for every joint and frame, compiled."""

from __future__ import annotations

import math

import numpy as np

from rigmill.compiled import compiled, inlined
from rigmill.reconstruct.joints.sightings import Sightings
from rigmill.types import Floats, Ints

PARALLEL = 0.3  # det / (trace / 3)^3 of the rays' normal matrix below which depth is a guess: opposite views


@inlined
def roundness(n: Floats) -> float:
    """Of a normal matrix (xx, xy, xz, yy, yz, zz): 1 when rays come from all sides, 0 when they are parallel."""
    trace = (n[0] + n[3] + n[5]) / 3.0
    if trace <= 1e-9:
        return 0.0
    determinant = n[0] * (n[3] * n[5] - n[4] * n[4]) - n[1] * (n[1] * n[5] - n[4] * n[2])
    determinant += n[2] * (n[1] * n[4] - n[3] * n[2])
    return determinant / (trace * trace * trace)


@inlined
def add_sight(x: float, y: float, z: float, weight: float, normal: Floats) -> None:
    """Add weight * (I - d d^T): what a ray along d says about a point."""
    normal[0] += weight * (1.0 - x * x)
    normal[1] -= weight * x * y
    normal[2] -= weight * x * z
    normal[3] += weight * (1.0 - y * y)
    normal[4] -= weight * y * z
    normal[5] += weight * (1.0 - z * z)


@inlined
def error_px(c: Floats, x: float, y: float, z: float, seen: Floats) -> float:
    """The distance between a projected point and a measured centre; infinite behind the camera."""
    depth = c[6] * x + c[7] * y + c[8] * z + c[11]
    if depth <= 1e-9:
        return np.inf
    u = (c[0] * x + c[1] * y + c[2] * z + c[9]) / depth * c[12] + c[14] - seen[0]
    v = (c[3] * x + c[4] * y + c[5] * z + c[10]) / depth * c[13] + c[15] - seen[1]
    return math.hypot(u, v)


@compiled("void(float64[:, ::1], float64[::1])", nogil=True)
def roundnesses(normals: Floats, found: Floats) -> None:
    """The `roundness` of each of the normal matrices (N, 6) into `found` (N,)."""
    for index in range(normals.shape[0]):
        found[index] = roundness(normals[index])


@compiled(
    "void(Sightings, float64[:, ::1], int64[::1], float64, float64[:, :, ::1], float64[:, ::1])",
    nogil=True,
    allocates=True,
)
def best_points(
    views: Sightings, positions: Floats, subsets: Ints, threshold_px: float, points: Floats, costs: Floats
) -> None:
    """The points (T, J, 3) and truncated costs (T, J), infinite where no two views can say.

    `subsets` are bit masks of views, those tried first win ties; views without trust are in none. `positions`
    (V, 3) are the cameras'.
    """
    lens, seen, trust = views.lens, views.centres, views.trust
    num_views = lens.shape[0]
    rays, own, normal = np.empty((num_views, 3)), np.empty(6), np.empty(6)
    for frame in range(points.shape[0]):
        for joint in range(points.shape[1]):
            costs[frame, joint] = np.inf
            points[frame, joint, :] = 0.0
            known = 0
            for view in range(num_views):
                if not trust[view, frame, joint] > 0.0:
                    continue
                known |= 1 << view
                c = lens[view]
                x = (seen[view, frame, joint, 0] - c[14]) / c[12]
                y = (seen[view, frame, joint, 1] - c[15]) / c[13]
                length = math.sqrt(x * x + y * y + 1.0)
                for axis in range(3):
                    rays[view, axis] = (x * c[axis] + y * c[3 + axis] + c[6 + axis]) / length
            for subset in subsets:
                if subset & known != subset:
                    continue
                own[:], normal[:] = 0.0, 0.0
                bx, by, bz = 0.0, 0.0, 0.0
                for view in range(num_views):
                    if subset >> view & 1 == 0:
                        continue
                    x, y, z = rays[view, 0], rays[view, 1], rays[view, 2]
                    add_sight(x, y, z, 1.0, own)
                    weight = trust[view, frame, joint]
                    add_sight(x, y, z, weight, normal)
                    px, py, pz = positions[view, 0], positions[view, 1], positions[view, 2]
                    along = px * x + py * y + pz * z
                    bx += weight * (px - along * x)
                    by += weight * (py - along * y)
                    bz += weight * (pz - along * z)
                if roundness(own) <= PARALLEL:
                    continue
                a, b, c_, d, e, f = normal[0], normal[1], normal[2], normal[3], normal[4], normal[5]
                c00, c01, c02 = d * f - e * e, c_ * e - b * f, b * e - c_ * d
                determinant = a * c00 + b * c01 + c_ * c02
                if abs(determinant) <= 1e-15:
                    continue
                c11, c12, c22 = a * f - c_ * c_, b * c_ - a * e, a * d - b * b
                x = (c00 * bx + c01 * by + c02 * bz) / determinant
                y = (c01 * bx + c11 * by + c12 * bz) / determinant
                z = (c02 * bx + c12 * by + c22 * bz) / determinant
                cost = 0.0
                for view in range(num_views):
                    if known >> view & 1:
                        error = min(error_px(lens[view], x, y, z, seen[view, frame, joint]), threshold_px)
                        cost += trust[view, frame, joint] * error * error
                if cost < costs[frame, joint] - 1e-9:
                    costs[frame, joint] = cost
                    points[frame, joint, 0], points[frame, joint, 1], points[frame, joint, 2] = x, y, z
