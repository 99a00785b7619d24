"""The visible surface at rest as triangles, and a hash of it that no container, place or size changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from rigmill.types import Floats, Ints

# Points of a triangle and their weights with which a sum over them is the integral of any polynomial of degree 4.
_A, _B = 0.445948490915965, 0.091576213509771
_POINTS = np.array(
    [
        [_A, _A, 1 - 2 * _A],
        [_A, 1 - 2 * _A, _A],
        [1 - 2 * _A, _A, _A],
        [_B, _B, 1 - 2 * _B],
        [_B, 1 - 2 * _B, _B],
        [1 - 2 * _B, _B, _B],
    ]
)
_WEIGHTS = np.array([0.223381589678011] * 3 + [0.109951743655322] * 3)
_STEPS = 500  # of a normalised moment: float noise is far under a step, different shapes are far over it


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
    areas = 0.5 * np.linalg.norm(np.cross(joined[:, 1] - joined[:, 0], joined[:, 2] - joined[:, 0]), axis=-1)
    empty = np.zeros(0, dtype=np.int64)
    return Surface(
        corners=joined,
        areas=areas,
        mesh=np.concatenate([empty, *mesh]),
        material=np.concatenate([empty, *material]),
        loops=np.concatenate([empty.reshape(0, 1).repeat(3, 1), *loops]),
    )


def _read(collection: Any, name: str, size: int) -> Ints:
    values = np.empty(size, dtype=np.int32)
    collection.foreach_get(name, values)
    return values


def geometry_hash(surface: Surface) -> str:
    """16 hex digits: the number of triangles and the surface's moments up to the third, about its centre, in its size.

    The same for any place, uniform size, order of vertices and way of splitting or merging them; another for another
    shape, pose at rest, orientation or mesh density. Empty where there is no surface.
    """
    area = float(surface.areas.sum())
    if not np.isfinite(area) or area <= 0:
        return ""
    points = np.einsum("pc,kcx->kpx", _POINTS, surface.corners).reshape(-1, 3)
    weights = (surface.areas[:, None] * _WEIGHTS / area).reshape(-1)
    centred = points - weights @ points
    second = np.einsum("n,nx,ny->xy", weights, centred, centred)
    size = float(np.sqrt(np.trace(second)))
    if not size > 0:
        return ""
    third = np.einsum("n,nx,ny,nz->xyz", weights, centred, centred, centred, optimize=True) / size**3
    upper = np.triu_indices(3)
    numbers = np.concatenate([(second / size**2)[upper], third[upper].reshape(-1), [np.log(area / size**2)]])
    steps = np.rint(numbers * _STEPS).astype(np.int64)
    text = ",".join(map(str, [len(surface.areas), *steps.tolist()]))
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
