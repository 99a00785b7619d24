"""Takes of the generated world, measured from the file's side: skin, joints and bones in the world."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

import numpy as np

from benchmarks.world.measures import Moved
from curate.world.body import Body, Leg
from curate.world.make import make_body, play, random_of
from curate.world.mesh import Mesh, mesh_of
from curate.world.motions import motions
from curate.world.take import Take, forward
from rigmill.types import Floats


class Seen:
    """One motion of one body of the world. Arrays are (T, ...), metres, z up."""

    def __init__(self, plan: str, number: int, name: str, seed: int = 11) -> None:
        self.body: Body = make_body(plan, number, seed)
        self.take: Take = play(self.body, motions()[name], random_of(seed, plan, number, name))
        self.turns, self.heads = forward(self.body.skeleton, self.take)

    @cached_property
    def mesh(self) -> Mesh:
        """The skin at rest."""
        return mesh_of(self.body, paint=False)

    @cached_property
    def moved(self) -> Moved:
        """The skin over the take."""
        return Moved.of(self.body, self.mesh, self.take)

    def skin(self, bones: Collection[str]) -> Floats:
        """The points (T, N, 3) that some bones carry, for the most part."""
        own = [self.body.skeleton.number(bone) for bone in bones]
        return np.asarray(self.moved.vertices[:, self.mesh.weights[:, own].sum(axis=1) > 0.5])

    def head(self, bone: str) -> Floats:
        """Where a bone begins, (T, 3)."""
        return np.asarray(self.heads[:, self.body.skeleton.number(bone)])

    def turn(self, bone: str) -> Floats:
        """How a bone is turned from rest, (T, 3, 3)."""
        return np.asarray(self.turns[:, self.body.skeleton.number(bone)])

    def point(self, bone: str, at: Floats) -> Floats:
        """Where a point (3,) at rest that a bone carries is, (T, 3)."""
        number = self.body.skeleton.number(bone)
        offset = at - self.body.skeleton.bones[number].head
        return np.asarray(self.heads[:, number] + self.turns[:, number] @ offset)

    def tip(self, bone: str) -> Floats:
        """Where a bone ends, (T, 3)."""
        return self.point(bone, self.body.skeleton[bone].tail)

    def ball(self, leg: Leg) -> Floats:
        """The point (T, 3) that a leg stands on."""
        return self.point(leg.bones[-1], leg.ball)

    def knee_deg(self, leg: Leg) -> Floats:
        """By how much (T,) a leg is bent at its knee; 0 is straight."""
        hip, knee, ankle = (self.head(bone) for bone in leg.bones[:3])
        return angle_deg(knee - hip, ankle - knee)

    def jerk_deg(self) -> float:
        """The most that a bone turns from a frame to the next, against what it hangs on."""
        steps = [np.swapaxes(turns[:-1], 1, 2) @ turns[1:] for turns in self.take.turns.values()]
        traces = np.trace(np.concatenate(steps), axis1=1, axis2=2)
        return float(np.degrees(np.arccos(np.clip((traces - 1) / 2, -1, 1))).max())


def angle_deg(one: Floats, other: Floats) -> Floats:
    """Between vectors (T, 3)."""
    product = np.sum(one * other, axis=-1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)
    return np.asarray(np.degrees(np.arccos(np.clip(product, -1, 1))))


def rise_deg(ways: Floats) -> Floats:
    """How steeply vectors (T, 3) go up."""
    return np.asarray(np.degrees(np.arctan2(ways[..., 2], np.linalg.norm(ways[..., :2], axis=-1))))
