"""A body's patches as one mesh: vertices with normals, texture coordinates and weights, and triangles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.world.body import Body
from curate.world.looks.texture import Atlas, painted
from curate.world.rig.turns import unit
from curate.world.shapes.patch import Patch, cell_normals, grid_normals, quads
from rigmill.types import Bytes, Floats, Ints

MOST = 4  # bones a vertex


@dataclass(frozen=True, slots=True)
class Mesh:
    """Vertices (V, 3), normals (V, 3), uvs (V, 2) with v down, weights (V, B) of all bones, triangles (F, 3)."""

    vertices: Floats
    normals: Floats
    uvs: Floats
    weights: Floats
    triangles: Ints
    picture: Bytes  # (H, W, 3) sRGB, rows from the top


def mesh_of(body: Body, *, paint: bool = True) -> Mesh:
    """The mesh of a body at rest; without paint it has no texture, and is made in a fifth of the time."""
    atlas = painted(body.patches) if paint else _unpainted(body.patches)
    parts = [_part(patch, places, body) for patch, places in zip(body.patches, atlas.places)]
    starts = np.cumsum([0, *[len(part[0]) for part in parts]])
    vertices, normals, uvs, weights = (np.concatenate([part[i] for part in parts]) for i in range(4))
    triangles = np.concatenate([part[4] + start for part, start in zip(parts, starts)])
    return Mesh(vertices, normals, uvs, tidy(weights), _with_area(triangles, vertices), atlas.picture)


def _unpainted(patches: Sequence[Patch]) -> Atlas:
    return Atlas(np.zeros((1, 1, 3), np.uint8), tuple(np.zeros((*patch.points.shape[:2], 2)) for patch in patches))


def _part(patch: Patch, places: Floats, body: Body) -> tuple[Floats, Floats, Floats, Floats, Ints]:
    rows, columns = patch.points.shape[:2]
    spread = np.zeros((rows * columns, len(body.skeleton.bones)))
    for number, bone in enumerate(patch.bones):
        spread[:, body.skeleton.number(bone)] += patch.weights[..., number].ravel()
    corners = quads(rows, columns)
    points, uvs = patch.points.reshape(-1, 3), places.reshape(-1, 2)
    if patch.smooth:
        normals = grid_normals(patch.points).reshape(-1, 3)
        faces = corners
    else:
        normals = np.repeat(unit(cell_normals(patch.points).reshape(-1, 3)), 4, axis=0)
        points, uvs, spread = (array[corners.ravel()] for array in (points, uvs, spread))
        faces = np.arange(len(points)).reshape(-1, 4)
    return points, normals, uvs, spread, np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])


def tidy(weights: Floats) -> Floats:
    """At most four influences a vertex, none of them tiny, adding up to one."""
    if weights.shape[1] > MOST:
        least = np.sort(weights, axis=1)[:, -MOST][:, None]
        weights = np.where(weights >= least, weights, 0.0)
    weights = weights / weights.sum(axis=1, keepdims=True)
    weights = np.where(weights < 0.01, 0.0, weights)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _with_area(triangles: Ints, vertices: Floats) -> Ints:
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    return triangles[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-9]


def skinned(vertices: Floats, weights: Floats, rest: Floats, turns: Floats, heads: Floats) -> Floats:
    """Vertices (T, V, 3) when bones that rest at (B, 3) are turned by (T, B, 3, 3) and moved to heads (T, B, 3)."""
    count, bones = turns.shape[:2]
    shift = heads - (turns @ rest[:, :, None])[..., 0]
    moves = np.concatenate([turns, shift[..., None]], axis=-1)  # (T, B, 3, 4)
    blended = (weights @ moves.transpose(1, 0, 2, 3).reshape(bones, -1)).reshape(-1, count, 3, 4)
    moved = np.einsum("vtij,vj->vti", blended[..., :3], vertices) + blended[..., 3]
    return np.ascontiguousarray(moved.transpose(1, 0, 2))


def edges_of(triangles: Ints) -> Ints:
    """Every edge (E, 2) once."""
    pairs: Sequence[Ints] = [triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)
