"""The visible surface at rest as triangles, and a hash of it that no container, place or size changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from rigmill.rigs.moments import TRIPLES, triangle_areas
from rigmill.types import Floats, Ints

_STEPS = 500  # of a normalised moment: float noise is far under a step, different shapes are far over it
# Third moments as the hash spells them: 18, of which ten differ.
_SPELLED = [6 + TRIPLES.index(tuple(sorted((*two, one)))) for two in zip(*np.triu_indices(3)) for one in range(3)]


@dataclass(frozen=True, slots=True)
class Surface:
    """The triangles (K) of all visible meshes at rest, in the world as imported."""

    corners: Floats  # (K, 3, 3)
    areas: Floats  # (K,)
    mesh: Ints  # (K,) index into Subject.meshes
    material: Ints  # (K,) slot of that mesh
    loops: Ints  # (K, 3) corners in that mesh


def read_surface(meshes: list[Any]) -> Surface:
    """Triangles of the meshes as stored (at rest no modifier changes them). Call after `Subject.reset`."""
    corners, material, loops, mesh = [], [], [], []
    for index, item in enumerate(meshes):
        data = item.data
        data.calc_loop_triangles()
        num = len(data.loop_triangles)
        places = np.empty(len(data.vertices) * 3, dtype=np.float32)
        data.vertices.foreach_get("co", places)
        to_world = np.array(item.matrix_world)
        world = places.reshape(-1, 3).astype(np.float64) @ to_world[:3, :3].T + to_world[:3, 3]
        corners.append(world[_read(data.loop_triangles, "vertices", num * 3).reshape(-1, 3)])
        material.append(_read(data.loop_triangles, "material_index", num))
        loops.append(_read(data.loop_triangles, "loops", num * 3).reshape(-1, 3))
        mesh.append(np.full(num, index))
    joined = np.concatenate(corners) if corners else np.zeros((0, 3, 3))
    empty = np.zeros(0, dtype=np.int64)
    return Surface(
        corners=joined,
        areas=triangle_areas(joined),
        mesh=np.concatenate([empty, *mesh]),
        material=np.concatenate([empty, *material]),
        loops=np.concatenate([empty.reshape(0, 1).repeat(3, 1), *loops]),
    )


def _read(collection: Any, name: str, size: int) -> Ints:
    values = np.empty(size, dtype=np.int32)
    collection.foreach_get(name, values)
    return values


def geometry_hash(moments: Floats | None, num_triangles: int) -> str:
    """16 hex digits: the number of triangles and the surface's moments up to the third, about its centre, in its size.

    The same for any place, uniform size, order of vertices and way of splitting or merging them; another for another
    shape, pose at rest, orientation or mesh density. Empty where there is no surface.
    """
    if moments is None:
        return ""
    numbers = np.concatenate([moments[:6], moments[_SPELLED], moments[-1:]])
    steps = np.rint(numbers * _STEPS).astype(np.int64)
    text = ",".join(map(str, [num_triangles, *steps.tolist()]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def visible_bounds(meshes: list[Any]) -> Floats:
    """Min and max corner (2, 3) of all evaluated vertices, in the world as the scene shows it now."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for mesh in meshes:
        evaluated = mesh.evaluated_get(depsgraph)
        vertices = evaluated.data.vertices
        if not len(vertices):
            continue
        points = np.empty(len(vertices) * 3, dtype=np.float32)
        vertices.foreach_get("co", points)
        to_world = np.array(evaluated.matrix_world)
        world = to_world[:3, :3] @ points.reshape(-1, 3).T.astype(np.float64, order="C")  # rows: quick to search
        low = np.minimum(low, world.min(axis=1) + to_world[:3, 3])
        high = np.maximum(high, world.max(axis=1) + to_world[:3, 3])
    return np.stack([low, high])
