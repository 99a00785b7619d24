"""Solids that one bone carries: balls, boxes, lathes; and thin sheets of a row of bones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curate.world.rig.turns import frames, unit, vec
from curate.world.shapes.patch import POINT_DECIMALS, Coat, Patch, rigid
from rigmill.types import Floats


def ball(
    bone: str,
    centre: Floats,
    radii: Sequence[float] | Floats | float,
    coat: Coat,
    *,
    turn: Floats | None = None,
    rings: int = 8,
) -> Patch:
    """An ellipsoid with half axes `radii` along x, y and z, turned by `turn` (3, 3)."""
    sizes = np.broadcast_to(np.asarray(radii, float), (3,))
    up, angle = np.linspace(-np.pi / 2, np.pi / 2, rings + 1), np.linspace(0, 2 * np.pi, rings + 5)
    around = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)
    points = np.cos(up)[:, None, None] * around[None] + np.sin(up)[:, None, None] * vec(0, 0, 1)
    points[0], points[-1] = vec(0, 0, -1), vec(0, 0, 1)
    points[:, -1] = points[:, 0]
    points = points * sizes
    if turn is not None:
        points = points @ turn.T
    return rigid(np.round(points + centre, POINT_DECIMALS), bone, coat)


def box(bone: str, low: Floats, high: Floats, coat: Coat, *, cells: int = 2, turn: Floats | None = None) -> list[Patch]:
    """A box with sharp edges between two corners; `turn` (3, 3) turns it about its middle."""
    low, high = np.minimum(low, high), np.maximum(low, high)
    middle = (low + high) / 2
    patches = []
    step = np.linspace(0, 1, cells + 1)
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        for outward in (True, False):
            v, u = np.meshgrid(step, step, indexing="ij")
            points = np.empty((cells + 1, cells + 1, 3))
            points[..., axis] = high[axis] if outward else low[axis]
            points[..., one] = low[one] + (u if outward else 1 - u) * (high[one] - low[one])
            points[..., two] = low[two] + v * (high[two] - low[two])
            if turn is not None:
                points = (points - middle) @ turn.T + middle
            patches.append(rigid(np.round(points, POINT_DECIMALS), bone, coat, smooth=False))
    return patches


def lathe(
    bone: str, start: Floats, end: Floats, profile: Sequence[tuple[float, float]], coat: Coat, *, sides: int = 16
) -> Patch:
    """A solid of revolution from start to end: (share of the way, radius) in turn; a wheel, a cup, a bulb.

    Give a place twice for a sharp edge, and radius 0 to close an end.
    """
    along = unit(end - start)
    frame = frames(along, vec(1, 0, 0) if abs(along[0]) < 0.9 else vec(0, 0, 1))
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    circle = np.cos(angle)[:, None] * frame[:, 1] + np.sin(angle)[:, None] * frame[:, 2]
    points = np.stack([start + share * (end - start) + radius * circle for share, radius in profile])
    points[:, -1] = points[:, 0]
    return rigid(np.round(points, POINT_DECIMALS), bone, coat, smooth=False)


def sheet(
    points: Floats, weights: Floats, bones: Sequence[str], coats: tuple[Coat, Coat], *, thick: float
) -> list[Patch]:
    """A thin sheet with two faces over points (R, C, 3): wings, fins, ears. weights (R, C, K).

    The first coat is for the side that the grid's normals point to. It is thickest in the middle and closed at its rim.
    """
    rows, columns = points.shape[:2]
    r, c = np.linspace(0, 1, rows)[:, None], np.linspace(0, 1, columns)[None]
    bulge = thick / 2 * np.minimum(1, 4 * r * (1 - r) * 4) * np.minimum(1, 4 * c * (1 - c) * 4)
    along = np.gradient(points, axis=0)
    across = np.gradient(points, axis=1)
    normal = unit(np.cross(across, along))
    upper = points + bulge[..., None] * normal
    lower = (points - bulge[..., None] * normal)[:, ::-1]
    return [
        Patch(np.round(upper, POINT_DECIMALS), weights, tuple(bones), coats[0]),
        Patch(np.round(lower, POINT_DECIMALS), weights[:, ::-1], tuple(bones), coats[1]),
    ]
