"""Coats: what colour a surface has where. Every pattern is a function of the place at rest, so it never has seams."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from curate.world.looks.colours import Colour
from curate.world.shapes.patch import Coat
from rigmill.types import Bools, Floats


def plain(colour: Colour, *, mottle: float = 0.06, size: float = 0.06) -> Coat:
    """One colour with soft spots `size` metres apart, so that a plain surface still shows how it moves."""

    def coat(points: Floats, _places: Floats, _normals: Floats) -> Floats:
        return _tinted(points, colour, mottle, size)

    return coat


def with_belly(base: Coat, belly: Colour, *, height: float = -0.35) -> Coat:
    """Another coat where the surface looks downward: normals whose z is below `height`."""

    def coat(points: Floats, places: Floats, normals: Floats) -> Floats:
        found = base(points, places, normals)
        return np.where((normals[:, 2] < height)[:, None], _tinted(points, belly, 0.04, 0.06), found)

    return coat


def striped(base: Coat, colour: Colour, *, axis: int, every: float, share: float = 0.4, wave: float = 0.0) -> Coat:
    """Stripes across an axis (0 x, 1 y, 2 z), one each `every` metres; `wave` bends them."""

    def where(points: Floats, _places: Floats, _normals: Floats) -> Bools:
        other = points[:, (axis + 1) % 3] + points[:, (axis + 2) % 3]
        at = points[:, axis] / every + wave * np.sin(2 * np.pi * other / (3 * every))
        return np.asarray(np.mod(at, 1.0) < share)

    return over(base, colour, where)


def ringed(base: Coat, colour: Colour, *, count: float, share: float = 0.4) -> Coat:
    """Rings along a tube, `count` from end to end."""
    return over(base, colour, lambda _p, places, _n: np.mod(places[:, 1] * count, 1.0) < share)


def spotted(base: Coat, colour: Colour, *, size: float, share: float = 0.35, seed: float = 0.0) -> Coat:
    """Round spots about `size` metres apart."""

    def where(points: Floats, _places: Floats, _normals: Floats) -> Bools:
        x, y, z = (points / size * np.pi + seed).T
        return np.asarray(
            np.sin(x + 0.7 * np.sin(y)) * np.sin(y + 0.6 * np.sin(z)) * np.sin(z + 0.8 * np.sin(x)) > 0.6 - share
        )

    return over(base, colour, where)


def patched(base: Coat, colour: Colour, *, size: float, share: float = 0.4, seed: float = 0.0) -> Coat:
    """Large blotches of a second colour."""

    def where(points: Floats, _places: Floats, _normals: Floats) -> Bools:
        x, y, z = (points / size + seed).T
        value = (
            np.sin(1.9 * x + 1.3 * np.sin(y)) + np.sin(1.7 * y + 1.1 * np.sin(z)) + np.sin(2.1 * z + 1.2 * np.sin(x))
        )
        return np.asarray(value > 3 - 6 * share)

    return over(base, colour, where)


def checked(base: Coat, colour: Colour, *, size: float) -> Coat:
    """A check of squares of `size` metres."""
    return over(base, colour, lambda p, _u, _n: np.mod(np.floor(p / size + 1e-4).sum(axis=1), 2) < 1)


def grained(colour: Colour, *, axis: int, every: float = 0.05) -> Coat:
    """Wood whose grain runs along an axis (0 x, 1 y, 2 z)."""

    def coat(points: Floats, _places: Floats, _normals: Floats) -> Floats:
        across = points[:, (axis + 1) % 3] + 0.7 * points[:, (axis + 2) % 3]
        rings = np.sin(2 * np.pi * across / every + 1.5 * np.sin(points[:, axis] / every / 3))
        return np.clip(np.array(colour.rgb) * (1 + 0.09 * rings[:, None] + 0.04 * np.sign(rings[:, None])), 0, 1)

    return coat


def above(base: Coat, colour: Colour, *, axis: int, limit: float, below: bool = False) -> Coat:
    """Another colour beyond a limit along an axis, such as a sock below z = 0.1."""
    return over(base, colour, lambda p, _u, _n: (p[:, axis] < limit) if below else (p[:, axis] > limit))


def within(base: Coat, colour: Colour, *, low: float, high: float) -> Coat:
    """Another colour on a part of a tube, as shares of its length: a collar, a cuff, a sock, a tip."""
    return over(base, colour, lambda _p, places, _n: (places[:, 1] >= low) & (places[:, 1] <= high))


def over(base: Coat, colour: Colour, where: Callable[[Floats, Floats, Floats], Bools]) -> Coat:
    """`colour` over the base where the function `where(points, places, normals)` says so."""

    def coat(points: Floats, places: Floats, normals: Floats) -> Floats:
        found = base(points, places, normals)
        return np.where(where(points, places, normals)[:, None], _tinted(points, colour, 0.04, 0.06), found)

    return coat


def _tinted(points: Floats, colour: Colour, mottle: float, size: float) -> Floats:
    x, y, z = (points / size).T
    spots = np.sin(x + 1.7 * np.sin(0.9 * z)) * np.sin(y + 1.3 * np.sin(1.1 * x)) * np.sin(z + 1.1 * np.sin(0.8 * y))
    return np.clip(np.array(colour.rgb) * (1.0 + 2 * mottle * spots[:, None]), 0, 1)
