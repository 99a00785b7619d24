"""Which limbs and parts move, what they do, how strongly and how often."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rigmill.facts.facts import PartAction, PartFacts, SubjectKind, Sweep
from rigmill.facts.limbs import Limb
from rigmill.facts.names import CREATURE
from rigmill.facts.rhythm import period, swings
from rigmill.facts.take import Take, steps
from rigmill.rigs import turns as clip
from rigmill.types import Bools, Floats

LEAST_REACH = 0.04  # heights: what a limb's end moves while one stands and breathes is less
LEAST_TURN_DEG = 12.0  # the same of a joint's turn
_LEAST_LIMB_DEG = 35.0  # of a limb whose end tells more: knees and elbows give way a little in every idle
_LEAST_THING_DEG, _LEAST_THING_SLIDE = 3.0, 0.015  # things do not breathe
_SPUN_DEG = 300.0  # of one way round: it spins
_ONE_WAY = 1.2  # the sum of all turns over the net one, at most: beyond, it has turned back
_RISES = 0.6  # of the way that a limb's end has gone at the end that must be height, for it to have risen
_DOMINATES = 0.75  # cosine between the way of most motion and an axis of the body
_TURN_LENGTH = 0.2  # heights: a turn of one radian counts as a way of this length
_LIFTED = 0.15  # of a limb's reach that its end must be above its top: a wing that flaps is not raised half of the time
_RAISED = 0.5  # of the time that a limb moves
_REPEATS = 0.005  # heights about its mean: less is noise, whether it repeats or not
_TIMES = 1.5  # that its own period fits into a stretch of the clip, at least
_MOVING = 0.2  # of its highest speed: slower is no motion
_STRIKE = 0.45  # of its length that the end of a limb gets ahead in one go
_STRIKE_S = 0.35  # in at most this time
_EXTENDED = 0.75  # of its length that a limb reaches when it strikes
_OPEN_DEG = 175.0  # what turns farther and is not called a door or a lid is none
_OPENING = frozenset({"part", "door", "gate", "drawer", "lid", "hatch", "window"})  # what opens and closes
_STRIKING = frozenset({"arm", "leg"})
_LONG = frozenset({"arm", "leg"})
_WINDOW = 5  # frames in which a raised limb's motion is looked at by itself, at least


@dataclass(frozen=True, slots=True)
class _Curves:
    """One limb over the clip. Angles in radians, lengths in heights."""

    limb: Limb
    ends: Floats  # (T, 3) its end, seen from what it hangs on, in the axes of rest
    slides: Floats  # (T, 3) its top, the same
    angles: Floats  # (T,) of the joint that turns most, from its first frame
    turned: Floats  # (4, T) that joint's turn relative to its parent
    joint: int

    @property
    def reach(self) -> float:
        return float(np.linalg.norm(self.ends - self.ends[0], axis=-1).max())

    @property
    def slide(self) -> float:
        return float(np.linalg.norm(self.slides - self.slides[0], axis=-1).max())

    @property
    def turn(self) -> float:
        return float(self.angles.max())

    @property
    def strength(self) -> float:
        return max(self.reach, self.slide, _TURN_LENGTH * self.turn)


def moving_parts(take: Take, *, walks: bool) -> tuple[PartFacts, ...]:
    """The limbs and parts that move by themselves, the strongest first. Limbs of what `walks` strike nothing."""
    things = take.anatomy.kind is SubjectKind.ARTICULATED
    limbs = _things(take) if things else take.anatomy.limbs
    found = sorted((curves for curves in _curves(take, limbs) if _moves(curves, things)), key=_order)
    parts = [_facts(take, curves, walks) for curves in found]
    struck = [part.part.removeprefix(part.side) for part in parts if part.strikes]
    # Both at once push, clap or catch a fall.
    return tuple(
        replace(part, strikes=False) if struck.count(part.part.removeprefix(part.side)) > 1 else part for part in parts
    )


def _order(curves: _Curves) -> tuple[float, str, int]:
    return (-round(curves.strength, 3), curves.limb.part, curves.limb.top)


def _moves(curves: _Curves, things: bool) -> bool:
    if things:
        return bool(curves.turn >= np.radians(_LEAST_THING_DEG) or curves.slide >= _LEAST_THING_SLIDE)
    least = _LEAST_LIMB_DEG if curves.limb.kind in _LONG else LEAST_TURN_DEG
    return bool(curves.reach >= LEAST_REACH or curves.turn >= np.radians(least) or curves.slide >= LEAST_REACH)


def _things(take: Take) -> tuple[Limb, ...]:
    """Every joint of a thing that is not its body is a part of its own, called as its limb is."""
    rig, anatomy = take.rig, take.anatomy
    return tuple(
        Limb(f"{side} {word}".strip() if word != "part" else word, word, side, (joint,), int(rig.parents[joint]))
        for joint, (word, side) in enumerate(anatomy.called)
        if joint not in anatomy.trunk or rig.num_joints == 1
    )


def _curves(take: Take, limbs: tuple[Limb, ...]) -> list[_Curves]:
    if not limbs or take.num_frames < 2:
        return []
    tops, ends = [limb.top for limb in limbs], [limb.end for limb in limbs]
    holders = [limb.holder for limb in limbs]
    back = clip.inverse(take.holder_turns(limbs))  # (4, L, T)
    places = take.joints.transpose(2, 1, 0)  # (3, J, T)
    arms = clip.rotate(back, places[:, ends] - places[:, tops])
    held = np.stack([places[:, holder] if holder >= 0 else take.centre.T for holder in holders], axis=1)
    slid = clip.rotate(back, places[:, tops] - held)
    if take.anatomy.kind is SubjectKind.ARTICULATED:  # of things the file's own numbers: exact, however small
        slid = take.slides[:, tops].transpose(2, 1, 0)
    chains = [joint for limb in limbs for joint in limb.chain]
    cosines = np.abs(np.sum(take.local[:, chains] * take.local[:, chains, :1], axis=0))
    angles = 2 * np.arccos(np.minimum(cosines, 1.0))  # (C, T)
    most = angles.max(axis=1)
    found, start = [], 0
    for number, limb in enumerate(limbs):
        best = start + int(np.argmax(most[start : start + len(limb.chain)]))
        start += len(limb.chain)
        joint = chains[best]
        one = limb.top == limb.end
        end = slid[:, number] if one else arms[:, number]
        found.append(_Curves(limb, end.T, slid[:, number].T, angles[best], take.local[:, joint], joint))
    return found


def _facts(take: Take, curves: _Curves, walks: bool) -> PartFacts:
    limb = curves.limb
    way = steps(curves.turned)
    total = way.sum(axis=1)
    about = float(np.linalg.norm(total))
    spun = about >= np.radians(_SPUN_DEG) and float(np.linalg.norm(way, axis=0).sum()) <= _ONE_WAY * about
    sliding = limb.kind not in CREATURE and curves.slide > _TURN_LENGTH * curves.turn
    raised, above = _raised(take, curves)
    halves, cycles = swings(_curve(curves, sliding))
    if above.sum() >= _WINDOW and raised:  # an arm that is raised, waves and is lowered waves as often as it waves
        waves = swings(_main_way(curves.ends[above])[1])
        halves, cycles = max((halves, cycles), waves, key=lambda each: each[1])
    action = PartAction.SPINS if spun else _action(take, curves, sliding, halves)
    return PartFacts(
        part=limb.part,
        side=limb.side,
        joint=take.rig.names[curves.joint],
        action=action,
        turn_deg=float(np.degrees(about if spun else curves.turn)),
        slide_heights=curves.slide,
        reach_heights=curves.reach,
        num_cycles=about / (2 * np.pi) if spun else (cycles if halves >= 2 else 0.0),
        raised=raised,
        sweep=_sweep(take, curves),
        strikes=not walks and not raised and limb.kind in _STRIKING and _strikes(take, curves),
        period_s=_period_s(take, curves),
    )


def _period_s(take: Take, curves: _Curves) -> float | None:
    turned = clip.to_matrices(curves.turned[:, None])[:, 0].reshape(take.num_frames, -1) / 2**0.5
    found = period(
        np.concatenate([curves.ends, curves.slides, _TURN_LENGTH * turned], axis=1), least=_REPEATS, times=_TIMES
    )
    return None if found is None else found[0] / take.fps


def _turn_vectors(curves: _Curves) -> Floats:
    """The joint's turn from its first frame as a rotation vector, (T, 3), in the axes of rest."""
    way = clip.multiply(curves.turned, clip.inverse(curves.turned[:, :1]))
    way = way * np.where(way[0] < 0, -1.0, 1.0)
    sine = np.linalg.norm(way[1:], axis=0)
    scale = np.where(sine > 1e-12, 2 * np.arctan2(sine, way[0]) / np.maximum(sine, 1e-12), 2.0)
    return np.asarray((way[1:] * scale).T)


def _main_way(points: Floats) -> tuple[Floats, Floats]:
    """The direction (3,) of most motion of points (T, 3), and where they are along it (T,)."""
    spread = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(spread.T @ spread)
    return axes[:, -1], np.asarray(spread @ axes[:, -1])


def _curve(curves: _Curves, sliding: bool) -> Floats:
    """The one curve that tells most of a limb's motion."""
    if sliding:
        return _main_way(curves.slides)[1]
    if curves.reach > _TURN_LENGTH * curves.turn and curves.limb.top != curves.limb.end:
        return _main_way(curves.ends)[1]
    return _main_way(_turn_vectors(curves))[1]


def _action(take: Take, curves: _Curves, sliding: bool, halves: int) -> PartAction:
    thing = take.anatomy.kind is SubjectKind.ARTICULATED
    if halves >= 2:
        return PartAction.SLIDES if sliding else PartAction.SWINGS
    if thing:
        if sliding:
            out = [float(np.linalg.norm(curves.slides[frame])) for frame in (0, -1)]
            return PartAction.SLIDES_OUT if out[1] > out[0] else PartAction.SLIDES_IN
        if curves.limb.kind not in _OPENING:
            return PartAction.TURNS
        away = 2 * np.arccos(np.minimum(np.abs(curves.turned[0, [0, -1]]), 1.0))
        if curves.limb.kind == "part" and float(np.degrees(away.max())) > _OPEN_DEG:
            return PartAction.TURNS
        return PartAction.OPENS if away[1] > away[0] else PartAction.CLOSES
    way = curves.ends[-1] - curves.ends[0]
    gone = float(np.linalg.norm(way))
    if gone >= LEAST_REACH and abs(way[2]) >= _RISES * gone:
        return PartAction.RISES if way[2] > 0 else PartAction.SINKS
    return PartAction.SLIDES if sliding else PartAction.TURNS


def _raised(take: Take, curves: _Curves) -> tuple[bool, Bools]:
    """Whether the end is above the top for most of the time that it moves, and when it is, (T,)."""
    limb = curves.limb
    if limb.top == limb.end or curves.reach < LEAST_REACH:
        return False, np.zeros(take.num_frames, dtype=np.bool_)
    speeds = np.linalg.norm(np.diff(curves.ends, axis=0), axis=-1)
    moves = np.append(speeds, speeds[-1:]) > _MOVING * speeds.max(initial=0.0)
    least = _LIFTED * float(np.linalg.norm(curves.ends, axis=-1).max())
    above = take.joints[:, limb.end, 2] - take.joints[:, limb.top, 2] > least
    return bool(moves.any() and np.mean(above[moves]) > _RAISED), above


def _sweep(take: Take, curves: _Curves) -> Sweep:
    front, left = take.anatomy.front, take.anatomy.left
    by_turn = curves.limb.kind in ("head", "jaw") or curves.limb.top == curves.limb.end
    if by_turn:
        axis = _main_way(_turn_vectors(curves))[0]
        if abs(axis[2]) >= _DOMINATES:
            return Sweep.SIDE_TO_SIDE
        return Sweep.UP_DOWN if left is not None and abs(axis @ left) >= _DOMINATES else Sweep.NONE
    axis = _main_way(curves.ends)[0]
    if abs(axis[2]) >= _DOMINATES:
        return Sweep.UP_DOWN
    if front is None or left is None:
        return Sweep.NONE
    if abs(axis @ left) >= _DOMINATES:
        return Sweep.SIDE_TO_SIDE
    return Sweep.FORTH_AND_BACK if abs(axis @ front) >= _DOMINATES else Sweep.NONE


def _strikes(take: Take, curves: _Curves) -> bool:
    """Whether the end shoots ahead of the body until the limb is stretched."""
    front = take.anatomy.front
    if front is None:
        return False
    ahead = curves.ends @ front
    out = np.linalg.norm(curves.ends, axis=-1)
    window = max(1, round(_STRIKE_S * take.fps))
    gained = np.zeros(len(ahead))
    for lag in range(1, min(window, len(ahead) - 1) + 1):
        gained[lag:] = np.maximum(gained[lag:], np.minimum(ahead[lag:] - ahead[:-lag], ahead[lag:]))
    chain = np.linalg.norm(np.diff(take.rest[list(curves.limb.chain)], axis=0), axis=-1).sum()
    return bool(np.any((gained >= _STRIKE * chain) & (out >= _EXTENDED * chain)))
