"""A surface's shape as a few numbers, which no place, size, order of vertices or density of triangles changes."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from rigmill.types import Floats

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
TRIPLES = tuple(combinations_with_replacement(range(3), 3))  # of axes, of the third moments


def triangle_areas(corners: Floats) -> Floats:
    """Of triangles (K, 3, 3): (K,)."""
    edges = corners[:, 1:] - corners[:, :1]
    areas: Floats = 0.5 * np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=-1)
    return areas


def surface_moments(corners: Floats) -> Floats | None:
    """The moments of triangles (K, 3, 3) about their centre, in their size; None where there is no surface.

    (17,): six second moments (xx, xy, xz, yy, yz, zz), ten third ones (TRIPLES), and the log of the area. Two meshes of
    one surface have the same; a turned, mirrored or otherwise posed one has others.
    """
    areas = triangle_areas(corners)
    area = float(areas.sum())
    if not np.isfinite(area) or area <= 0:
        return None
    points = np.einsum("pc,kcx->kpx", _POINTS, corners).reshape(-1, 3)
    weights = (areas[:, None] * _WEIGHTS / area).reshape(-1)
    centred = points - weights @ points
    second = np.einsum("n,nx,ny->xy", weights, centred, centred)
    size = float(np.sqrt(np.trace(second)))
    if not size > 0:
        return None
    third = np.einsum("n,nx,ny,nz->xyz", weights, centred, centred, centred, optimize=True) / size**3
    upper = (second / size**2)[np.triu_indices(3)]
    return np.concatenate([upper, [third[axes] for axes in TRIPLES], [np.log(area / size**2)]])
