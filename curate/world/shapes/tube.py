"""Tubes along chains of bones: limbs, trunks, necks, tails. They bend smoothly wherever the chain does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import frames, unit, vec
from curate.world.shapes.patch import POINT_DECIMALS, Coat, Patch, rigid
from rigmill.types import Floats

Radius = float | tuple[float, float]  # all round, or (across, through): along `wide`, and square to it
BLEND = 1.35  # radii on both sides of a joint over which its two bones share the skin


def tube(
    skeleton: Skeleton,
    bones: Sequence[str],
    radii: Sequence[tuple[float, Radius]],
    coat: Coat,
    *,
    wide: Floats | None = None,
    sides: int = 10,
    round_ends: tuple[float, float] = (1.0, 1.0),
    held: str | None = None,
) -> Patch:
    """A skin around bones that lie head to tail.

    `radii` are (place, radius): place 1.5 is the middle of the second bone, -0.2 or 2.3 lie beyond the ends of the
    chain. The tube reaches from the first place to the last. `wide` (default +X) is where a radius's first number
    counts. `round_ends`: how far the caps bulge, in radii; 0 is flat. `held`: the bone that the chain hangs on, if that
    is to carry what lies before the first bone: a neck's foot then stays in the chest however far the neck bows.
    """
    corners = np.array([skeleton[bones[0]].head, *[skeleton[bone].tail for bone in bones]])
    lengths = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    places = np.array([place for place, _ in radii])
    across = np.array([r if isinstance(r, float | int) else r[0] for _, r in radii], dtype=np.float64)
    through = np.array([r if isinstance(r, float | int) else r[1] for _, r in radii], dtype=np.float64)
    rings = _ring_places(places, across, through, lengths)
    middle, along = _path(corners, rings)
    ring_radii = np.stack([_smooth(rings, places, across), _smooth(rings, places, through)], axis=1)
    middle, along, ring_radii, rings = _with_caps(middle, along, ring_radii, rings, round_ends)
    frame = frames(along, np.broadcast_to(vec(1, 0, 0) if wide is None else wide, along.shape))
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    out = ring_radii[:, None, :] * circle[None]
    points = middle[:, None] + out[..., :1] * frame[:, None, :, 1] + out[..., 1:] * frame[:, None, :, 2]
    points[:, -1] = points[:, 0]
    weights = bone_shares(rings, lengths, ring_radii.max(axis=1))
    if held is not None:
        share = _held_share(rings, lengths[0], float(np.interp(0.0, rings, ring_radii.max(axis=1))))
        weights = np.concatenate([share, weights * (1 - share)], axis=1)
        bones = (held, *bones)
    spread = np.broadcast_to(weights[:, None], (*points.shape[:2], len(bones))).copy()
    return Patch(np.round(points, POINT_DECIMALS), spread, tuple(bones), coat)


def _held_share(places: Floats, length: float, girth: float) -> Floats:
    """How much (N, 1) of places along a chain what it hangs on carries: about the chain's head, as at a joint."""
    half = min(BLEND * girth, 0.48 * length, max(-float(places[0]) * length, 1e-6))
    share = np.clip(places * length / (2 * half) + 0.5, 0, 1)
    return np.asarray(1 - (0.5 * share + 0.5 * share * share * (3 - 2 * share)))[:, None]


def bone_shares(places: Floats, lengths: Floats, radii: Floats) -> Floats:
    """Weights (N, B) along a chain of B bones at places (N,): each joint is shared over BLEND radii on both sides."""
    count = len(lengths)
    shares = np.zeros((len(places), count))
    left = np.ones(len(places))
    metres = _metres(places, lengths)
    starts = np.concatenate([[0.0], np.cumsum(lengths)])
    for joint in range(1, count):
        # The joint's own girth decides, so that weights grow steadily along the chain.
        girth = float(np.interp(starts[joint], metres, radii))
        half = min(BLEND * girth, 0.48 * min(lengths[joint - 1], lengths[joint]))
        half = max(half, 1e-6)  # a short tube may end before the joint
        share = np.clip((metres - starts[joint]) / (2 * half) + 0.5, 0, 1)
        share = 0.5 * share + 0.5 * share * share * (3 - 2 * share)
        shares[:, joint - 1] = left * (1 - share)
        left = left * share
    shares[:, -1] = left
    return shares


def _metres(places: Floats, lengths: Floats) -> Floats:
    """Distances along the chain of places; beyond its ends the outer bones go on."""
    starts = np.concatenate([[0.0], np.cumsum(lengths)])
    whole = np.clip(np.floor(places), 0, len(lengths) - 1).astype(int)
    return np.asarray(starts[whole] + (places - whole) * lengths[whole])


def _ring_places(places: Floats, across: Floats, through: Floats, lengths: Floats) -> Floats:
    """Where rings lie: at most about a radius apart, closer where the chain bends."""
    found = [places[0]]
    for start, end, here, there in zip(
        places[:-1], places[1:], np.maximum(across, through), np.maximum(across, through)[1:]
    ):
        way = abs(float(np.diff(_metres(np.array([start, end]), lengths))[0]))
        steps = int(np.clip(np.ceil(way / max(0.6 * (here + there) / 2, 1e-4)), 1, 12))
        found += list(np.linspace(start, end, steps + 1)[1:])
    # A joint gets a ring of its own and one on both sides.
    joints = [j for j in range(1, len(lengths)) if places[0] < j < places[-1]]
    girth = np.interp(np.array(joints, float), places, np.maximum(across, through))
    for joint, radius in zip(joints, girth):
        for share in (-0.7, 0.0, 0.7):
            length = lengths[joint - 1] if share < 0 else lengths[joint]
            found.append(joint + float(np.clip(share * radius / length, -0.3, 0.3)))
    rings = np.unique(np.round(np.clip(found, places[0], places[-1]), 4))
    gaps = np.diff(_metres(rings, lengths))
    least = 0.22 * np.interp(rings[1:], places, np.maximum(across, through))
    keep = np.concatenate([[True], gaps > least])
    keep[-1] = True
    return np.asarray(rings[keep])


def _smooth(rings: Floats, places: Floats, values: Floats) -> Floats:
    """Values between the given ones without corners, and never beyond them (monotone cubic)."""
    if len(places) == 1:
        return np.full(len(rings), values[0])
    gap, rise = np.diff(places), np.diff(values)
    slope = rise / np.maximum(gap, 1e-9)
    tangent = np.zeros(len(values))
    same = slope[:-1] * slope[1:] > 0
    tangent[1:-1][same] = 2 * slope[:-1][same] * slope[1:][same] / (slope[:-1] + slope[1:])[same]
    tangent[0], tangent[-1] = slope[0], slope[-1]
    at = np.clip(np.searchsorted(places, rings, side="right") - 1, 0, len(gap) - 1)
    u = np.clip((rings - places[at]) / np.maximum(gap[at], 1e-9), 0, 1)
    h = gap[at]
    return np.asarray(
        values[at] * (2 * u**3 - 3 * u**2 + 1)
        + h * tangent[at] * (u**3 - 2 * u**2 + u)
        + values[at + 1] * (3 * u**2 - 2 * u**3)
        + h * tangent[at + 1] * (u**3 - u**2)
    )


def _path(corners: Floats, places: Floats) -> tuple[Floats, Floats]:
    """Points and directions (N, 3) along the chain at places; at a joint the direction halves the bend."""
    whole = np.clip(np.floor(places), 0, len(corners) - 2).astype(int)
    share = places - whole
    ways = np.diff(corners, axis=0)
    points = corners[whole] + share[:, None] * ways[whole]
    directions = unit(ways)
    before, after = directions[np.maximum(whole - 1, 0)], directions[np.minimum(whole + 1, len(ways) - 1)]
    own = directions[whole]
    near = 0.3
    low = np.clip((near - share) / near, 0, 1)[:, None] * 0.5
    high = np.clip((share - 1 + near) / near, 0, 1)[:, None] * 0.5
    low, high = np.where(share[:, None] < 0, 0, low), np.where(share[:, None] > 1, 0, high)
    return points, unit(own * (1 - low - high) + before * low + after * high)


def _with_caps(
    middle: Floats, along: Floats, radii: Floats, rings: Floats, bulge: tuple[float, float]
) -> tuple[Floats, Floats, Floats, Floats]:
    """The rings with a round or flat cap at both ends, closed in a point."""
    turn = np.deg2rad([35.0, 65.0, 90.0])
    parts = []
    for end, sign, much in ((0, -1.0, bulge[0]), (-1, 1.0, bulge[1])):
        reach = np.sin(turn) * much * float(radii[end].min()) if much else np.zeros(3)
        shrink = np.cos(turn) if much else np.array([0.66, 0.33, 0.0])
        shrink[-1] = 0.0
        cap = (
            middle[end] + sign * reach[:, None] * along[end],
            np.tile(along[end], (3, 1)),
            shrink[:, None] * radii[end],
            np.full(3, rings[end]),
        )
        parts.append(tuple(part[::-1] for part in cap) if end == 0 else cap)
    whole = [np.concatenate([parts[0][i], own, parts[1][i]]) for i, own in enumerate((middle, along, radii, rings))]
    return whole[0], whole[1], whole[2], whole[3]


def rod(
    bone: str,
    start: Floats,
    end: Floats,
    radii: tuple[float, float],
    coat: Coat,
    *,
    sides: int = 8,
    round_end: float = 1.0,
) -> Patch:
    """A straight tube between two points that one bone carries: a horn, a muzzle, a beak, a pipe."""
    share = np.array([0.0, 0.5, 1.0])
    middle = start + share[:, None] * (end - start)
    along = np.tile(unit(end - start), (3, 1))
    girth = radii[0] + share * (radii[1] - radii[0])
    middle, along, girth2, _ = _with_caps(middle, along, np.stack([girth, girth], axis=1), share, (1.0, round_end))
    frame = frames(along, np.broadcast_to(vec(1, 0, 0), along.shape))
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    points = (
        middle[:, None]
        + girth2[:, None, :1] * np.cos(angle)[None, :, None] * frame[:, None, :, 1]
        + girth2[:, None, 1:] * np.sin(angle)[None, :, None] * frame[:, None, :, 2]
    )
    points[:, -1] = points[:, 0]
    return rigid(np.round(points, POINT_DECIMALS), bone, coat)
