"""Vertices carried by joints, compiled."""

from __future__ import annotations

from rigmill.compiled import compiled
from rigmill.types import Floats, Ints


@compiled("void(float64[:, :, ::1], int32[:, ::1], float64[:, ::1], float64[:, :, ::1], float64[:, :, ::1])")
def carry(places: Floats, joints: Ints, weights: Floats, matrices: Floats, found: Floats) -> None:
    """Where vertices are in every frame, into `found` (T, N, 3).

    `places` (T or 1, N, 3) before the skin, `joints` and `weights` (N, K), `matrices` (T, J, 12) from there to the
    scene, rows first.
    """
    moving = places.shape[0] > 1
    for frame in range(found.shape[0]):
        source = frame if moving else 0
        for vertex in range(found.shape[1]):
            x, y, z = places[source, vertex, 0], places[source, vertex, 1], places[source, vertex, 2]
            a, b, c = 0.0, 0.0, 0.0
            for influence in range(joints.shape[1]):
                weight = weights[vertex, influence]
                if weight == 0.0:
                    continue
                joint = joints[vertex, influence]
                m = matrices[frame, joint]
                a += weight * (m[0] * x + m[1] * y + m[2] * z + m[3])
                b += weight * (m[4] * x + m[5] * y + m[6] * z + m[7])
                c += weight * (m[8] * x + m[9] * y + m[10] * z + m[11])
            found[frame, vertex, 0], found[frame, vertex, 1], found[frame, vertex, 2] = a, b, c
