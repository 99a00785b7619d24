"""Motions put together from what they are meant to be: turns of parts, feet that stand and step, bodies that go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.captions.rigs import FRONT, LEFT, UP, Made
from rigmill.types import Floats, Motion


def smooth(time: Floats, start: float, end: float) -> Floats:
    """From 0 to 1 between two times, at rest before and after."""
    share = np.clip((time - start) / (end - start), 0, 1)
    return share * share * (3 - 2 * share)


def level(bearing_deg: float) -> Floats:
    """A way in a body's own frame: 0 ahead, 90 to its left."""
    bearing = np.radians(bearing_deg)
    return np.cos(bearing) * FRONT + np.sin(bearing) * LEFT


@dataclass
class Acting:
    """A motion of a rig in the making. Ways and axes are the body's own (FRONT, LEFT, UP); lengths are heights."""

    made: Made
    seconds: float
    fps: float

    def __post_init__(self) -> None:
        self.time = np.arange(round(self.seconds * self.fps) + 1) / self.fps
        self._turns = [Rotation.identity(len(self.time))] * self.made.rig.num_joints
        self._slides = np.zeros((len(self.time), self.made.rig.num_joints, 3))

    def turn(self, role: str, axis: Floats, angles_deg: Floats) -> Acting:
        """A joint turns about an axis, after the turns that it already has."""
        own = self.made.turn.apply(axis)
        joint = self.made.roles[role]
        way = Rotation.from_rotvec(np.radians(angles_deg)[:, None] * own)
        self._turns[joint] = way * self._turns[joint]
        return self

    def slide(self, role: str, ways: Floats) -> Acting:
        """A joint goes (T, 3) from its place, in heights."""
        self._slides[:, self.made.roles[role]] += self.made.turn.apply(ways) * self.made.height
        return self

    def root(self, axis: Floats, angles_deg: Floats) -> Acting:
        return self.turn(self._root, axis, angles_deg)

    def go(self, ways: Floats) -> Acting:
        return self.slide(self._root, ways)

    @property
    def _root(self) -> str:
        return next(role for role, joint in self.made.roles.items() if joint == 0)

    def reach(self, chain: Sequence[str], ways: Floats) -> Acting:
        """A leg's end goes (T, 3) from its place, seen from the body, by turning two bones; the foot stays level."""
        rest = self.made.turn.inv().apply(self.made.rig.rest_joints)
        top, middle, end = (rest[self.made.roles[role]] for role in chain[:3])
        first, second = middle - top, end - middle
        wanted = end + ways * self.made.height - top
        lengths = np.linalg.norm(first), np.linalg.norm(second)
        far = np.minimum(np.linalg.norm(wanted, axis=1), 0.999 * sum(lengths))
        cosine = (far**2 - lengths[0] ** 2 - lengths[1] ** 2) / (2 * lengths[0] * lengths[1])
        start = np.arctan2(np.cross(first, second) @ LEFT, first @ second)  # of the second bone against the first
        knee = 1.0 if start >= 0 else -1.0  # it bends on the way that it is bent
        bent = knee * np.arccos(np.clip(cosine, -1, 1)) - start
        lower = Rotation.from_rotvec(bent[:, None] * LEFT)
        now = first + lower.apply(second)
        upper = _between(now, wanted)
        self._set(chain[0], upper)
        self._set(chain[1], lower)
        self._set(chain[2], (upper * lower).inv())
        return self

    def _set(self, role: str, own: Rotation) -> None:
        turned = self.made.turn * own * self.made.turn.inv()
        joint = self.made.roles[role]
        self._turns[joint] = turned * self._turns[joint]

    def motion(self) -> Motion:
        rotations = np.stack([turn.as_quat(scalar_first=True) for turn in self._turns], axis=1)
        return Motion(rotations, self._slides, self.fps)


def _between(first: Floats, second: Floats) -> Rotation:
    """The smallest turns (T,) from ways (T, 3) to ways (T, 3)."""
    axis = np.cross(first, second)
    sine = np.linalg.norm(axis, axis=1)
    angle = np.arctan2(sine, np.sum(first * second, axis=1))
    return Rotation.from_rotvec(axis * (angle / np.maximum(sine, 1e-12))[:, None])


@dataclass(frozen=True)
class Pace:
    """How feet go: speed in heights per second, seconds a stride, the share of it that a foot stands."""

    speed: float
    stride_s: float
    stance: float = 0.62
    lift: float = 0.05
    bounce: float = 0.0


def step(
    acting: Acting,
    pace: Pace,
    bearing_deg: float,
    legs: Sequence[Sequence[str]],
    late: Sequence[float],
    *,
    in_place: bool,
) -> Acting:
    """Legs step such that the body goes one way; `late` is each leg's place in the stride."""
    way, time = level(bearing_deg), acting.time
    sink = -0.035 * UP
    for leg, phase in zip(legs, late):
        beat = (time / pace.stride_s + phase) % 1.0
        swing = np.clip((beat - pace.stance) / (1 - pace.stance), 0, 1)
        swing = swing * swing * (3 - 2 * swing)
        along = pace.speed * pace.stride_s * (0.5 * pace.stance - beat + swing)
        up = pace.lift * np.sin(np.pi * swing) ** 2
        acting.reach(leg, along[:, None] * way + up[:, None] * UP - sink)
    bounce = pace.bounce * np.abs(np.sin(2 * np.pi * time / pace.stride_s))
    acting.go(np.tile(sink, (len(time), 1)) + bounce[:, None] * UP)
    if not in_place:
        acting.go((pace.speed * time)[:, None] * way)
    return acting


def turning_path(acting: Acting, speed: float, turn_deg: Floats) -> Floats:
    """Where a body is (T, 3) that always goes ahead while it turns."""
    ways = np.stack([level(angle) for angle in turn_deg])
    steps = 0.5 * (ways[1:] + ways[:-1]) * (speed / acting.fps)
    return np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
