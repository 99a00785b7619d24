"""Wings without fingers: an insect's stiff panes and a bat's membrane, as sheets along their bones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curate.world.looks import patterns
from curate.world.looks.colours import Colour
from curate.world.rig.bones import Skeleton
from curate.world.shapes.patch import Coat, Patch
from curate.world.shapes.solids import sheet
from curate.world.shapes.tube import bone_shares
from rigmill.types import Bools, Floats


def along(skeleton: Skeleton, bones: Sequence[str], places: Floats) -> tuple[Floats, Floats]:
    """Points (N, 3) of the fore edge at places along the bones, and weights (N, B)."""
    heads = np.array([skeleton[bones[0]].head, *[skeleton[name].tail for name in bones]])
    lengths = np.linalg.norm(np.diff(heads, axis=0), axis=1)
    whole = np.clip(np.floor(places), 0, len(bones) - 1).astype(int)
    points = heads[whole] + (places - whole)[:, None] * np.diff(heads, axis=0)[whole]
    return points, bone_shares(places, lengths, np.full(len(places), 0.3 * float(lengths.mean())))


def wing(
    skeleton: Skeleton,
    bones: Sequence[str],
    depth: Floats,
    coats: tuple[Coat, Coat],
    *,
    back: Floats,
    places: tuple[float, float],
    thick: float,
    fore: float = 0.0,
    arch: float = 0.0,
) -> list[Patch]:
    """A sheet from the bones' line by `depth` (N,) metres in the direction `back` (3,), a share `fore` ahead of it.

    coats: above and below, places (from the fore edge backward, outward). `arch`: how far its middle is bent up, as a
    share of its depth.
    """
    count = len(depth)
    at = np.linspace(*places, count)
    lead, shares = along(skeleton, bones, at)
    across = np.linspace(0, 1, 7)
    points = lead[:, None] + (across[None, :, None] - fore) * depth[:, None, None] * back
    points[..., 2] += arch * depth[:, None] * np.sin(np.pi * across)[None]
    weights = np.broadcast_to(shares[:, None], (count, 7, len(bones))).copy()
    above, below = _turned_over(coats[0]), coats[1]  # a grid that runs back and outward faces down
    if bones[0].startswith("right"):
        points, weights = points[:, ::-1], weights[:, ::-1]
        above, below = coats[0], _turned_over(coats[1])
    return sheet(points, weights, tuple(bones), (below, above), thick=thick)


def _turned_over(coat: Coat) -> Coat:
    """The coat with its places counted from the other edge, so that 0 is the fore edge on both faces of both sides."""
    return lambda points, places, normals: coat(points, places * (-1, 1) + (1, 0), normals)


def veined(pane: Colour, vein: Colour, *, count: int, slope: float = 0.0, edge: float = 0.08) -> Coat:
    """A pane whose veins, `count` from root to tip, run backward, slanting outward by `slope` of the wing."""

    def where(_points: Floats, places: Floats, _normals: Floats) -> Bools:
        u, v = places[:, 0], places[:, 1]
        return np.asarray((np.mod((v - slope * u) * count, 1.0) < 0.16) | (u < edge))

    return patterns.over(patterns.plain(pane, mottle=0.03, size=0.05), vein, where)
