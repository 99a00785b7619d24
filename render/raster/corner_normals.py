"""Normals of a mesh's corners from its vertices alone, as Blender has them: much quicker than to ask for them again.

Corners of one vertex between which the surface is smooth are a fan and share a normal: the mean of their faces',
weighted by angle. Normals that a file brings along lean away from that mean. How far is kept as Blender keeps it: as
shares of angles between the fan's edges and its mean, and between its first edge and its last, around the mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rigmill.compiled import compiled, inlined
from rigmill.types import Floats, Ints

_LEANS_RAD = 2e-3  # what leans less is the mean
_TURN = np.float32(2 * np.pi)


@dataclass(frozen=True, slots=True)
class Fans:
    """What does not move. N corners, F faces, G fans, V vertices."""

    starts: Ints  # (F + 1,) int32, into corners
    vertices: Ints  # (N,) int32, of the corners
    fan: Ints  # (N,) int32
    axes: Ints  # (G, 3) int32: a fan's vertex, and those at the ends of its first and last edge; -1: it is closed
    leans: Floats  # (G, 2) float32: shares of the angles off and around the mean; (0, 2) where all are the means


def find_fans(
    *, starts: Ints, vertices: Ints, edges: Ints, sharp_edges: Ints, sharp_faces: Ints, all_smooth: bool
) -> Fans:
    """The fans of faces whose corners begin at `starts` (F + 1,), with the vertex and the edge of each corner (N,).

    `sharp_edges` (E,) and `sharp_faces` (F,) say where the surface is not smooth; `all_smooth`: a fan per vertex.
    """
    num = len(vertices)
    following = np.arange(1, num + 1, dtype=np.int32)
    filled = np.diff(starts) > 0
    following[starts[1:][filled] - 1] = starts[:-1][filled]
    before = np.empty(num, dtype=np.int32)
    before[following] = np.arange(num)
    leaves, enters = np.zeros(num, dtype=bool), np.zeros(num, dtype=bool)  # smoothly, over the edge after or before
    if all_smooth:
        fan = vertices.copy()
        leaves[:] = enters[:] = True
    else:
        one, other = _smooth_pairs(starts, vertices, edges, following, sharp_edges, sharp_faces)
        leaves[one] = leaves[other] = enters[following[one]] = enters[following[other]] = True
        pairs = np.concatenate(
            [np.stack([one, following[other]], axis=1), np.stack([following[one], other], axis=1)]
        ).astype(np.int32)
        fan = np.arange(num, dtype=np.int32)
        _join(np.ascontiguousarray(pairs), fan)
    _, corner, fan = np.unique(fan, return_index=True, return_inverse=True)
    axes = np.stack([vertices[corner], vertices[following[corner]], np.full(len(corner), -1)], axis=1)
    first, last = np.flatnonzero(~leaves), np.flatnonzero(~enters)
    axes[fan[first], 1] = vertices[following[first]]
    axes[fan[last], 2] = vertices[before[last]]
    return Fans(
        starts.astype(np.int32),
        vertices.astype(np.int32),
        fan.astype(np.int32),
        np.ascontiguousarray(axes, dtype=np.int32),
        np.zeros((0, 2), np.float32),
    )


def _smooth_pairs(
    starts: Ints, vertices: Ints, edges: Ints, following: Ints, sharp_edges: Ints, sharp_faces: Ints
) -> tuple[Ints, Ints]:
    """The two corners whose edges lie together, (P,) each, for every edge over which the surface is smooth."""
    face = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
    order = np.argsort(edges, kind="stable")
    first = np.searchsorted(edges[order], np.arange(len(sharp_edges)))
    two = (np.bincount(edges, minlength=len(sharp_edges)) == 2) & (sharp_edges == 0)
    one, other = order[first[two]], order[first[two] + 1]
    smooth = (sharp_faces[face[one]] == 0) & (sharp_faces[face[other]] == 0) & (face[one] != face[other])
    smooth &= vertices[one] == vertices[following[other]]  # faces that wind alike run along it in turn
    return one[smooth], other[smooth]


def with_leans(fans: Fans, points: Floats, normals: Floats) -> Fans:
    """The fans with the normals (N, 3) that they have where their vertices are at `points` (V, 3)."""
    corner = np.empty(len(fans.axes), dtype=np.int64)
    corner[fans.fan] = np.arange(len(fans.fan))
    leans = np.zeros((len(fans.axes), 2), dtype=np.float32)
    means = np.zeros((len(fans.axes), 3), dtype=np.float32)
    _add_faces(points, fans.starts, fans.vertices, fans.fan, means)
    _normalise(means)
    _find_leans(points, fans.axes, means, _edge_angles(fans, points, means), normals[corner], leans)
    leans[np.arccos(np.clip(np.einsum("gc,gc->g", means, normals[corner]), -1, 1)) < _LEANS_RAD] = 0
    return replace(fans, leans=leans) if leans.any() else fans


def _edge_angles(fans: Fans, points: Floats, means: Floats) -> Floats:
    """The mean angle between the edges of each fan and its mean normal (G,)."""
    sums = np.zeros((len(fans.axes), 2), dtype=np.float32)
    _add_edges(points, fans.starts, fans.vertices, fans.fan, fans.axes, means, fans.leans, sums)
    result: Floats = sums[:, 0] / np.maximum(sums[:, 1], 1)
    return result


def corner_normals(fans: Fans, points: Floats, *, turn: Floats, out: Floats) -> None:
    """Unit normals into `out` (N, 3) float32, of vertices at `points` (V, 3) float32, turned by `turn` (3, 3)."""
    means = np.zeros((len(fans.axes), 3), dtype=np.float32)
    _add_faces(points, fans.starts, fans.vertices, fans.fan, means)
    _normalise(means)
    if len(fans.leans):
        _lean(points, fans.axes, _edge_angles(fans, points, means), fans.leans, means)
    turned = np.empty_like(means)
    turn_normals(means, turn=turn, out=turned)
    _spread(turned, fans.fan, out)


def turn_normals(normals: Floats, *, turn: Floats, out: Floats) -> None:
    """Unit normals into `out` (N, 3) float32, of `normals` (N, 3) float32 turned by `turn` (3, 3)."""
    np.matmul(normals, turn.T.astype(np.float32), out=out)
    _normalise(out)


@inlined
def _towards(points: Any, start: Any, end: Any) -> Any:
    """The unit vector from one vertex to another."""
    x, y, z = points[end, 0] - points[start, 0], points[end, 1] - points[start, 1], points[end, 2] - points[start, 2]
    length = np.sqrt(x * x + y * y + z * z)
    scale = np.float32(1) / length if length > 0 else np.float32(0)
    return x * scale, y * scale, z * scale


@inlined
def _angle(cosine: Any) -> Any:
    """The arc cosine, within 7e-5 (Abramowitz and Stegun, 4.4.45): a quarter of the exact one's cost."""
    size = min(abs(cosine), np.float32(1))
    series = np.float32(1.5707288) + size * (
        np.float32(-0.2121144) + size * (np.float32(0.0742610) + size * np.float32(-0.0187293))
    )
    angle = np.sqrt(np.float32(1) - size) * series
    return angle if cosine >= 0 else np.float32(np.pi) - angle


@compiled("void(int32[:, ::1], int32[::1])")
def _join(pairs: Any, labels: Any) -> None:
    """Give corners that pairs connect, directly or not, one label."""
    for pair in range(pairs.shape[0]):
        one, other = pairs[pair, 0], pairs[pair, 1]
        while labels[one] != one:
            labels[one] = labels[labels[one]]
            one = labels[one]
        while labels[other] != other:
            labels[other] = labels[labels[other]]
            other = labels[other]
        if one < other:
            labels[other] = one
        else:
            labels[one] = other
    for corner in range(labels.shape[0]):
        label = labels[corner]
        while labels[label] != label:
            label = labels[label]
        labels[corner] = label


@compiled("void(float32[:, ::1], int32[::1], int32[::1], int32[::1], float32[:, ::1])")
def _add_faces(points: Any, starts: Any, vertices: Any, fan: Any, means: Any) -> None:
    """Add each face's normal, times its angle at the corner, to the corner's fan."""
    for face in range(starts.shape[0] - 1):
        start, end = starts[face], starts[face + 1]
        nx = ny = nz = np.float32(0)
        before = vertices[end - 1]
        for corner in range(start, end):  # Newell: right for any polygon
            here = vertices[corner]
            nx += (points[before, 1] - points[here, 1]) * (points[before, 2] + points[here, 2])
            ny += (points[before, 2] - points[here, 2]) * (points[before, 0] + points[here, 0])
            nz += (points[before, 0] - points[here, 0]) * (points[before, 1] + points[here, 1])
            before = here
        if end - start == 3:  # exact where Newell cancels, far from the origin
            a, b, c = vertices[start], vertices[start + 1], vertices[start + 2]
            px, py, pz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
            qx, qy, qz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
            nx, ny, nz = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        if length <= 0:
            nx, ny, nz = np.float32(0), np.float32(0), np.float32(1)
        else:
            nx, ny, nz = nx / length, ny / length, nz / length
        before = vertices[end - 1]
        here = vertices[start]
        bx, by, bz = _towards(points, here, before)
        for corner in range(start, end):
            here = vertices[corner]
            after = vertices[corner + 1] if corner + 1 < end else vertices[start]
            ax, ay, az = _towards(points, here, after)
            angle = _angle(ax * bx + ay * by + az * bz)
            index = fan[corner]
            means[index, 0] += nx * angle
            means[index, 1] += ny * angle
            means[index, 2] += nz * angle
            bx, by, bz = -ax, -ay, -az


@compiled("void(float32[:, ::1])")
def _normalise(vectors: Any) -> None:
    """Make vectors unit ones; one of no length points up, as Blender has it."""
    for index in range(vectors.shape[0]):
        x, y, z = vectors[index, 0], vectors[index, 1], vectors[index, 2]
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0:
            vectors[index, 0], vectors[index, 1], vectors[index, 2] = x / length, y / length, z / length
        else:
            vectors[index, 0], vectors[index, 1], vectors[index, 2] = 0, 0, 1


@compiled("void(float32[:, ::1], int32[::1], float32[:, ::1])")
def _spread(means: Any, fan: Any, out: Any) -> None:
    for corner in range(fan.shape[0]):
        index = fan[corner]
        out[corner, 0], out[corner, 1], out[corner, 2] = means[index, 0], means[index, 1], means[index, 2]


@compiled(
    "void(float32[:, ::1], int32[::1], int32[::1], int32[::1], int32[:, ::1], float32[:, ::1], float32[:, ::1], "
    "float32[:, ::1])"
)
def _add_edges(points: Any, starts: Any, vertices: Any, fan: Any, axes: Any, means: Any, leans: Any, sums: Any) -> None:
    """Per fan the sum of its edges' angles with its mean, and how many edges it has; where `leans` says it matters."""
    some = leans.shape[0] > 0
    for face in range(starts.shape[0] - 1):
        for corner in range(starts[face], starts[face + 1]):
            index = fan[corner]
            if some and leans[index, 0] == 0:
                continue
            after = vertices[corner + 1] if corner + 1 < starts[face + 1] else vertices[starts[face]]
            x, y, z = _towards(points, vertices[corner], after)
            sums[index, 0] += _angle(x * means[index, 0] + y * means[index, 1] + z * means[index, 2])
            sums[index, 1] += 1
    for index in range(axes.shape[0]):
        if axes[index, 2] >= 0 and not (some and leans[index, 0] == 0):
            x, y, z = _towards(points, axes[index, 0], axes[index, 2])
            sums[index, 0] += _angle(x * means[index, 0] + y * means[index, 1] + z * means[index, 2])
            sums[index, 1] += 1


@inlined
def _frame(points: Any, axes: Any, index: Any, x: Any, y: Any, z: Any) -> Any:
    """Two axes across the mean (x, y, z), the first along the first edge, and the angle around it to the last edge."""
    fx, fy, fz = _towards(points, axes[index, 0], axes[index, 1])
    dot = fx * x + fy * y + fz * z
    fx, fy, fz = fx - dot * x, fy - dot * y, fz - dot * z
    length = np.sqrt(fx * fx + fy * fy + fz * fz)
    scale = np.float32(1) / length if length > 0 else np.float32(0)
    fx, fy, fz = fx * scale, fy * scale, fz * scale
    sx, sy, sz = y * fz - z * fy, z * fx - x * fz, x * fy - y * fx
    opening = _TURN
    if axes[index, 2] >= 0:
        lx, ly, lz = _towards(points, axes[index, 0], axes[index, 2])
        opening = np.arctan2(lx * sx + ly * sy + lz * sz, lx * fx + ly * fy + lz * fz)
        if opening < 0:
            opening += _TURN
    return fx, fy, fz, sx, sy, sz, opening


@compiled("void(float32[:, ::1], int32[:, ::1], float32[:, ::1], float32[::1], float32[:, ::1], float32[:, ::1])")
def _find_leans(points: Any, axes: Any, means: Any, edge_angles: Any, normals: Any, leans: Any) -> None:
    for index in range(axes.shape[0]):
        x, y, z = means[index, 0], means[index, 1], means[index, 2]
        fx, fy, fz, sx, sy, sz, opening = _frame(points, axes, index, x, y, z)
        a, b, c = normals[index, 0], normals[index, 1], normals[index, 2]
        off, whole = _angle(a * x + b * y + c * z), edge_angles[index]
        around = np.arctan2(a * sx + b * sy + c * sz, a * fx + b * fy + c * fz)
        if around < 0:
            around += _TURN
        if whole <= 0:
            continue
        leans[index, 0] = off / whole if off <= whole else (off - _TURN) / (_TURN - whole)
        if around <= opening:
            leans[index, 1] = around / opening if opening > 0 else np.float32(0)
        else:
            leans[index, 1] = (around - _TURN) / (_TURN - opening)


@compiled("void(float32[:, ::1], int32[:, ::1], float32[::1], float32[:, ::1], float32[:, ::1])")
def _lean(points: Any, axes: Any, edge_angles: Any, leans: Any, means: Any) -> None:
    """Means become the fans' normals."""
    for index in range(axes.shape[0]):
        if leans[index, 0] == 0:
            continue
        x, y, z = means[index, 0], means[index, 1], means[index, 2]
        fx, fy, fz, sx, sy, sz, opening = _frame(points, axes, index, x, y, z)
        off, around = leans[index, 0], leans[index, 1]
        off *= edge_angles[index] if off > 0 else _TURN - edge_angles[index]
        around *= opening if around > 0 else _TURN - opening
        along, first, second = np.cos(off), np.sin(off) * np.cos(around), np.sin(off) * np.sin(around)
        means[index, 0] = along * x + first * fx + second * sx
        means[index, 1] = along * y + first * fy + second * sy
        means[index, 2] = along * z + first * fz + second * sz
