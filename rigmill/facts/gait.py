"""How feet carry a body: steps, walks and runs, in place or not, and jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.facts.facts import Gait, Heading
from rigmill.facts.take import Take
from rigmill.facts.travel import heading_of, level_turns
from rigmill.types import Bools, Floats

_STEP = 0.12  # of a leg that a foot must move to and fro, seen from the body, to be stepping
_DOWN = 0.25  # of its own lift: a foot that is lower stands
_LEAST_LIFT = 0.02  # of a leg: what is lifted less stands all the time
_STEADY = 0.6  # of the speed of standing feet that must go one way, or they are dragged about by something else
_SLOW = 0.25  # legs per second: slower, the feet do not carry the body anywhere
_TOGETHER = 0.7  # correlation of the lifts of all feet: beyond, they hop
_RUNS = 0.45  # of the time that a foot stands, on average: less is a run, whose body flies between steps
_FAST = 2.6  # legs per second: who walks faster runs, whatever the feet look like
_JUMP, _AIR = 0.08, 0.04  # heights: a jump's least height of the lowest foot; from where on it is in the air
_RISE = 0.5  # of that height that the body must rise too: who draws up his feet has not jumped


@dataclass(frozen=True, slots=True)
class Steps:
    """As MotionFacts has it."""

    gait: Gait
    heading: Heading
    num_steps: int
    num_jumps: int
    speed: float  # heights per second that the feet carry the body


_NOT = Steps(Gait.NONE, Heading.NONE, 0, 0, 0.0)


def gait(take: Take) -> Steps:
    """What the feet do."""
    feet = take.anatomy.feet
    if not feet or take.num_frames < 3:
        return _NOT
    lifts = _lifts(take)
    leg = take.anatomy.leg_length / max(take.anatomy.height, 1e-12)
    down = lifts - lifts.min(axis=0) <= np.maximum(_DOWN * np.ptp(lifts, axis=0), _LEAST_LIFT * leg)
    places = np.stack([take.joints[:, list(foot)].mean(axis=1) for foot in feet], axis=1)  # (T, F, 3)
    level = np.einsum("tyx,tfy->tfx", level_turns(take.yaw), (places - take.centre[:, None])[..., :2])
    stepping = _stepping(level, lifts, leg)
    carried = _carried(level, down, take.fps)
    num_steps = int(sum(np.sum(~down[:-1, foot] & down[1:, foot]) for foot in np.flatnonzero(stepping)))
    speed = float(np.linalg.norm(carried))
    steady = speed >= _SLOW * leg and _steadiness(level, down) >= _STEADY
    alternates = stepping.sum() >= 2 and _together(lifts[:, stepping], level[:, stepping]) < _TOGETHER
    if not (alternates and steady and num_steps >= 1):
        return Steps(Gait.NONE, Heading.NONE, num_steps if alternates else 0, _jumps(take, lifts), 0.0)
    stands = float(down[:, stepping].mean())
    kind = Gait.RUN if stands < _RUNS or speed > _FAST * leg else Gait.WALK
    heading = Heading.SOMEWHERE
    if take.anatomy.front is not None and take.anatomy.left is not None:
        ahead, left = carried @ take.anatomy.front[:2], carried @ take.anatomy.left[:2]
        heading = heading_of(float(np.degrees(np.arctan2(left, ahead))))
    return Steps(kind, heading, num_steps, 0 if kind is Gait.RUN else _jumps(take, lifts), speed)


def _lifts(take: Take) -> Floats:
    """How far each foot's lowest joint is above where it is when the foot stands, (T, F) heights."""
    found = []
    for foot in take.anatomy.feet:
        joints = list(foot)
        flat = take.rest[joints, 2] - take.rest[joints, 2].min()
        found.append((take.joints[:, joints, 2] - flat).min(axis=1))
    return np.stack(found, axis=1)


def _stepping(level: Floats, lifts: Floats, leg: float) -> Bools:
    """Feet (F,) that go to and fro under the body, or up and down."""
    moved = np.ptp(level, axis=0).max(axis=-1)
    return np.asarray((moved >= _STEP * leg) & (np.ptp(lifts, axis=0) >= _LEAST_LIFT * leg))


def _carried(level: Floats, down: Bools, fps: float) -> Floats:
    """The velocity of the body over its standing feet, (2,) heights per second in the axes of rest, heading taken out."""
    ways = -np.diff(level, axis=0)
    both = (down[1:] & down[:-1])[..., None]
    count = both.sum(axis=(0, 1))
    return np.asarray((ways * both).sum(axis=(0, 1)) / np.maximum(count, 1) * fps)


def _steadiness(level: Floats, down: Bools) -> float:
    ways = -np.diff(level, axis=0)
    both = down[1:] & down[:-1]
    if not both.any():
        return 0.0
    chosen = ways[both]
    total = float(np.linalg.norm(chosen, axis=-1).sum())
    return float(np.linalg.norm(chosen.sum(axis=0))) / total if total > 0 else 0.0


def _together(lifts: Floats, level: Floats) -> float:
    """Correlation of the feet's ways, the least of all pairs: 1 where all feet do the same at the same time."""
    curves = np.concatenate([lifts[..., None], level], axis=-1)
    curves = curves - curves.mean(axis=0)
    flat = curves.transpose(1, 0, 2).reshape(curves.shape[1], -1)
    norms = np.maximum(np.linalg.norm(flat, axis=1), 1e-12)
    return float(np.min((flat @ flat.T) / norms[:, None] / norms[None]))


def _jumps(take: Take, lifts: Floats) -> int:
    """Times at which all feet are in the air, and the body has risen with them."""
    lowest = lifts.min(axis=1) - lifts.min()
    high = lowest >= _AIR
    edges = np.flatnonzero(np.diff(np.concatenate([[False], high, [False]]).astype(np.int8)))
    height, count = take.centre[:, 2], 0
    for start, end in zip(edges[::2], edges[1::2]):
        around = height[max(start - 1, 0) : end + 1]
        ground = min(height[max(start - 1, 0)], height[min(end, len(height) - 1)])
        peak = float(lowest[start:end].max())
        count += bool(peak >= _JUMP and float(around.max()) - ground >= _RISE * peak)
    return count
