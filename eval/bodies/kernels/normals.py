"""Normals of vertices that move, compiled."""

from __future__ import annotations

import math

from rigmill.compiled import compiled
from rigmill.types import Floats, Ints


@compiled("void(float32[:, ::1], int32[:, ::1], float32[:, ::1])")
def smooth_normals(vertices: Floats, faces: Ints, normals: Floats) -> None:
    """The mean normal of each vertex's faces by their area, unit, into `normals` (N, 3), which is all zeros before."""
    for face in range(faces.shape[0]):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ux, uy, uz = (vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2])
        vx, vy, vz = (vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2])
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in range(3):
            vertex = faces[face, corner]
            normals[vertex, 0] += x
            normals[vertex, 1] += y
            normals[vertex, 2] += z
    for vertex in range(normals.shape[0]):
        x, y, z = float(normals[vertex, 0]), float(normals[vertex, 1]), float(normals[vertex, 2])
        length = math.sqrt(x * x + y * y + z * z)
        if length > 0:
            normals[vertex, 0] = x / length
            normals[vertex, 1] = y / length
            normals[vertex, 2] = z / length
        else:
            normals[vertex, 2] = 1.0
