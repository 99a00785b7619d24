"""How well takes move, measured from their joints and skin and not from how they were made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.world.body import Body
from curate.world.mesh import Mesh, edges_of, skinned
from curate.world.take import Take, forward
from rigmill.types import Floats

NEAR_FLOOR = 0.004  # of the leg: a ball that is no higher than at rest by this, over two frames, stands
SUNK = 0.015  # of the body's height below the floor: it shows
SLIPS = frozenset({"fall", "lie down", "crawl"})  # in these feet let go of the floor, or drag, on purpose


@dataclass(frozen=True)
class Moved:
    """A take's bones and skin."""

    body: Body
    take: Take
    turns: Floats  # (T, B, 3, 3)
    heads: Floats  # (T, B, 3)
    vertices: Floats  # (T, V, 3)

    @classmethod
    def of(cls, body: Body, mesh: Mesh, take: Take) -> Moved:
        turns, heads = forward(body.skeleton, take)
        rest = np.array([bone.head for bone in body.skeleton.bones])
        return cls(body, take, turns, heads, skinned(mesh.vertices, mesh.weights, rest, turns, heads))


def foot_slides(moved: Moved) -> list[float]:
    """For every time that a foot stands, how far it gets from where it was set down, in % of the leg.

    A take in place goes with the floor: its way from frame to frame is the median of all that stand.
    """
    body, take = moved.body, moved.take
    if not body.legs or take.truth.verb in SLIPS:
        return []
    length = body.leg_length
    balls, stands = [], []
    for leg in body.legs:
        place = body.skeleton.number(leg.bones[-1])
        offset = leg.ball - body.skeleton.bones[place].head
        ball = moved.heads[:, place] + moved.turns[:, place] @ offset
        low = ball[:, 2] < leg.ball[2] + NEAR_FLOOR * length
        balls.append(ball[:, :2])
        stands.append(low[1:] & low[:-1])
    steps = np.concatenate([np.diff(ball, axis=0)[stand] for ball, stand in zip(balls, stands)])
    floor = np.median(steps, axis=0) if take.truth.in_place and len(steps) else np.zeros(2)
    found = []
    for ball, stand in zip(balls, stands):
        still = ball - np.arange(len(ball))[:, None] * floor
        for start, end in _runs(stand):
            away = np.linalg.norm(still[start : end + 1] - still[start], axis=1)
            found.append(float(100 * away.max() / length))
    return found


def _runs(flags: Floats) -> list[tuple[int, int]]:
    """Of steps between frames: (first frame, last frame) of every run."""
    padded = np.concatenate([[0], np.asarray(flags, int), [0]])
    turns = np.diff(padded)
    return list(zip(np.flatnonzero(turns == 1), np.flatnonzero(turns == -1)))


def sunk_frames(moved: Moved) -> int:
    """In how many frames something is visibly below the floor."""
    return int((moved.vertices[..., 2].min(axis=1) < -SUNK * moved.body.height).sum())


def stretch(moved: Moved, mesh: Mesh) -> float:
    """The most that an edge of the skin is lengthened, as a multiple of its length at rest."""
    edges = edges_of(mesh.triangles)
    rest = np.linalg.norm(mesh.vertices[edges[:, 0]] - mesh.vertices[edges[:, 1]], axis=1)
    now = np.linalg.norm(moved.vertices[:, edges[:, 0]] - moved.vertices[:, edges[:, 1]], axis=2)
    long = rest > 0.002 * moved.body.height  # of shorter ones nobody sees anything
    return float((now[:, long] / rest[long]).max())
