"""How feet carry a body: steps, walks and runs, in place or not, and jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.facts.facts import Gait, Heading, SubjectKind
from rigmill.facts.take import Take
from rigmill.facts.travel import heading_of, level_turns
from rigmill.types import Bools, Floats

_STEP = 0.12  # of a leg that a foot must move to and fro, seen from the body, to be stepping
_SHARE = 0.2  # of the widest step: feet that do less shift while others kick
_DOWN = 0.2  # of its own lift: a foot that is lower stands
_LEAST_LIFT, _MOST_LIFT = 0.02, 0.08  # of a leg: what is lifted less always stands, what is lifted more never
_STEADY = 0.6  # of the speed of standing feet that must go one way, or they do not tell which way the body goes
_SWUNG = 0.3  # correlation of a foot's lift and its speed: it is lifted in order to be put down elsewhere
_SLOW = 0.3  # legs per second: slower, the feet do not carry the body anywhere
_APART = -0.15  # correlation of two feet: when all feet do the same, it is a hop and no step
_FAST = 2.95  # legs per second: walks of all bodies of our corpus are slower, runs faster
_STRIDES = 3  # steps for every jump, at least: if there are less, the jumps are the flights of a run
_IN_THE_AIR = 0.15  # of the time that no foot is on the ground: a run, at a pace that is no walk's
_STANCE = 0.45  # of the time that a foot stands: less, at such a pace, and it is a run; in walks it is more than half
_BRISK = 2.0  # legs per second: slower is no run, whatever its feet do
_OFF_GROUND = 0.05  # heights over where they stand at rest that the feet of what glides are
_UNEVEN = 0.08  # heights that the last joint of one foot may be above another's though both stand
_BEATS_DEG = 30.0  # that wings turn: what has feet off the ground then flies
_BEARS = 0.3  # of the body's own way that standing feet must go back under it: what flies has feet that hang
_JUMP, _GROUND = 0.04, 0.012  # heights: the least that feet and body rise in a jump; lower, a foot is on the ground
_JUMP_LEGS, _GROUND_LEGS = 0.08, 0.03  # the same of a leg, of bodies with short ones
_LEAP = 0.16  # of what walks and runs: less is the spring of its step


@dataclass(frozen=True, slots=True)
class Steps:
    """As MotionFacts has it."""

    gait: Gait
    heading: Heading
    num_steps: int
    num_jumps: int


def gait(take: Take) -> Steps:
    """What the feet do."""
    if not take.anatomy.feet or take.num_frames < 3:
        return Steps(Gait.NONE, Heading.NONE, 0, 0)
    places, heights = take.feet
    leg = take.anatomy.leg_length / take.unit
    lifts = heights - heights.min(axis=0)
    down = lifts <= np.clip(_DOWN * np.ptp(lifts, axis=0), _LEAST_LIFT * leg, _MOST_LIFT * leg)
    level = np.einsum("tyx,tfy->tfx", level_turns(take.yaw), (places - take.centre[:, None])[..., :2])
    stepping = _stepping(level, lifts, leg)
    jumps = _jumps(take, heights)
    if stepping.sum() < 2 or _together(lifts[:, stepping], level[:, stepping]) >= _APART:
        return Steps(Gait.NONE, Heading.NONE, 0, jumps)
    before = np.roll(down, 1, axis=0)
    apart = np.linalg.norm(level[-1] - level[0], axis=-1)[stepping].max()
    if apart > max(_STEP * leg, 1.2 * np.linalg.norm(np.diff(level, axis=0), axis=-1).max()):
        before[0] = down[0]  # else the take goes round, and the last frame is before the first
    num_steps = int(np.sum(~before[:, stepping] & down[:, stepping]))
    way, speed, clear = _carried(take, level, lifts, down, stepping)
    if num_steps < 2 or speed < _SLOW * leg or not clear:
        return Steps(Gait.NONE, Heading.NONE, num_steps, jumps)
    in_the_air = float(np.mean(~down[:, stepping].any(axis=1))) >= _IN_THE_AIR
    springs = in_the_air or float(down[:, stepping].mean()) < _STANCE
    kind = Gait.RUN if speed > (_BRISK if springs else _FAST) * leg else Gait.WALK
    heading = Heading.SOMEWHERE
    if take.anatomy.front is not None and take.anatomy.left is not None:
        ahead, left = way @ take.anatomy.front[:2], way @ take.anatomy.left[:2]
        heading = heading_of(float(np.degrees(np.arctan2(left, ahead))))
    leaps = _jumps(take, heights, least=_LEAP)
    return Steps(kind, heading, num_steps, leaps if leaps * _STRIDES <= num_steps else 0)


def _carried(take: Take, level: Floats, lifts: Floats, down: Bools, stepping: Bools) -> tuple[Floats, float, bool]:
    """The way (2,) that the feet carry the body, in the axes of rest with its heading taken out; the speed, heights
    per second; and whether the feet agree about it.

    Standing feet go backwards under a body that goes forwards. Where they do not agree, as feet that roll and slip,
    those that are lifted go the body's way. A body that gets somewhere tells by itself.
    """
    ways = np.diff(level, axis=0)[:, stepping]
    standing = (down[1:] & down[:-1])[:, stepping]
    gone = -ways[standing]
    total = gone.sum(axis=0)
    length = float(np.linalg.norm(gone, axis=-1).sum())
    steady = float(np.linalg.norm(total)) / length if length > 0 else 0.0
    lift = 0.5 * (lifts[1:] + lifts[:-1])[:, stepping]
    ways, lift = ways - ways.mean(axis=0), lift - lift.mean(axis=0)
    swung = np.einsum("tfx,tf->x", ways, lift)
    scale = float(np.sqrt((ways**2).sum() * (lift**2).sum()))
    swing = float(np.linalg.norm(swung)) / scale if scale > 0 else 0.0
    way = total if steady >= _STEADY else swung
    way = way / max(float(np.linalg.norm(way)), 1e-12)
    # Feet that are just being lifted count among those that stand, and are slower; a stroll has pauses.
    speed = max(float(np.median(gone @ way)), float((gone @ way).mean())) * take.fps if len(gone) else 0.0
    moved = np.diff(take.centre[:, :2], axis=0)
    own = np.einsum("tyx,ty->tx", level_turns(0.5 * (take.yaw[1:] + take.yaw[:-1])), moved).mean(axis=0) * take.fps
    if float(np.linalg.norm(own)) > max(_SLOW * take.anatomy.leg_length / take.unit, 0.5 * speed):
        pace = float(np.linalg.norm(own))
        bears = len(gone) > 0 and float((gone @ (own / pace)).mean()) * take.fps >= _BEARS * pace
        return own / pace, pace, bears or take.anatomy.kind is not SubjectKind.WINGED
    return way, speed, steady >= _STEADY or swing >= _SWUNG


def _stepping(level: Floats, lifts: Floats, leg: float) -> Bools:
    """Feet (F,) that go to and fro under the body, or up and down."""
    moved = np.ptp(level, axis=0).max(axis=-1)
    wide = moved >= max(_STEP * leg, _SHARE * float(moved.max()))
    return np.asarray(wide & (np.ptp(lifts, axis=0) >= _LEAST_LIFT * leg))


def _together(lifts: Floats, level: Floats) -> float:
    """Correlation of the feet's ways, the least of all pairs: 1 where all feet do the same at the same time."""
    curves = np.concatenate([lifts[..., None], level], axis=-1)
    curves = curves - curves.mean(axis=0)
    flat = curves.transpose(1, 0, 2).reshape(curves.shape[1], -1)
    norms = np.maximum(np.linalg.norm(flat, axis=1), 1e-12)
    return float(np.min((flat @ flat.T) / norms[:, None] / norms[None]))


def _jumps(take: Take, heights: Floats, *, least: float = _JUMP) -> int:
    """Times at which all feet have left the ground, and the body has risen with them; who starts in the air lands."""
    at_rest = np.array([take.rest[list(foot.joints), 2].min() for foot in take.anatomy.feet])
    heights = heights - np.minimum(at_rest - at_rest.min(), _UNEVEN)
    if take.anatomy.kind is SubjectKind.WINGED and (_wings_beat(take) or heights.min() - at_rest.min() > _OFF_GROUND):
        return 0
    leg = take.anatomy.leg_length / take.unit
    least = min(least, max(_JUMP_LEGS * leg, _GROUND)) if least == _JUMP else least
    lowest = heights.min(axis=1) - heights.min()
    off = lowest >= min(_GROUND, _GROUND_LEGS * leg)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], off, [False]]).astype(np.int8)))
    body, count = take.centre[:, 2], 0
    for start, end in zip(edges[::2], edges[1::2]):
        if start > 0 and (end < len(body) or take.anatomy.kind is not SubjectKind.WINGED):  # else it flies off
            ground = max(body[start - 1], body[end]) if end < len(body) else body[start - 1]
            count += bool(lowest[start:end].max() >= least and body[start:end].max() - ground >= least)
    return count


def _wings_beat(take: Take) -> bool:
    """Whether some joint of a wing turns; or there is no wing to tell by."""
    wings = [joint for limb in take.anatomy.limbs if limb.kind == "wing" for joint in limb.chain]
    if not wings:
        return True
    cosines = np.abs(np.sum(take.local[:, wings] * take.local[:, wings, :1], axis=0))
    return bool(2 * np.arccos(np.minimum(cosines.min(), 1.0)) >= np.radians(_BEATS_DEG))
