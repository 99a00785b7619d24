"""The facts of one clip."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rigmill.facts.anatomy import Anatomies
from rigmill.facts.facts import Gait, Heading, MotionFacts, PartFacts, SubjectKind
from rigmill.facts.gait import gait
from rigmill.facts.parts import moving_parts
from rigmill.facts.rhythm import rhythm
from rigmill.facts.take import Take, make_take
from rigmill.facts.travel import facing_deg, leans_deg, posture, travel, tumbled_deg, turned_deg
from rigmill.types import Floats, Motion, Rig

_IDLE_REACH, _IDLE_TURN_DEG = 0.07, 30.0  # of the strongest limb: who stands and breathes, sways or looks about
_IDLE_RISE = 0.06  # heights that the body goes up or down meanwhile
_IDLE_BODY_TURN_DEG, _IDLE_LEAN_DEG = 20.0, 15.0
_IDLE_ROLL_DEG = 45.0  # that the whole body turns over; of what has no legs to stand on
_WHIPS = 0.36  # heights that the end of a tail or a trunk gets in one go: more than a wag
_BEATS = 0.18  # the same of what has no legs: it swims
_GAPES_DEG = 15.0  # that a jaw opens
_SWAYED = 0.75
_ALWAYS = ("tail", "ear", "trunk")  # what stands still wags these
_BY_REACH = ("arm", "leg")  # limbs whose joints turn more than their ends move
_NODS = 1.3  # times that a head or a raised arm goes to and fro: it says yes or no, or waves
_MOVES, _MOVES_DEG = 0.01, 3.0  # heights and degrees: a joint that moves less has only noise

_ANATOMIES = Anatomies()


def measure(
    rig: Rig,
    motion: Motion,
    *,
    joints: Floats | None = None,
    humanoid: Mapping[str, str] | None = None,
    num_markers: int = 0,
    front_deg: float = 0.0,
) -> MotionFacts:
    """What the motion does.

    `joints` (T, J, 3) are the evaluated places where they are known; else they follow from the motion. `humanoid` is
    the file's declared map, canonical VRM 1.0 bone -> joint name. The last `num_markers` joints are markers, which say
    nothing of their own. Cameras count their azimuths from `front_deg`. Every number is finite or None, whatever the
    input's numbers are.
    """
    if num_markers:
        own = rig.num_joints - num_markers
        rig = Rig(rig.names[:own], rig.parents[:own], rig.rest_joints[:own])
        motion = Motion(motion.rotations[:, :own], motion.translations[:, :own], motion.fps)
        joints = None if joints is None else joints[:, :own]
    if not rig.num_joints or not len(motion.rotations):
        return _nothing()
    rest = np.nan_to_num(np.asarray(rig.rest_joints, dtype=np.float64), posinf=0.0, neginf=0.0)
    rig = Rig(rig.names, rig.parents, rest)
    return _measured(make_take(rig, motion, joints, _ANATOMIES.find(rig, humanoid or {})), front_deg)


def _measured(take: Take, front_deg: float) -> MotionFacts:
    way, feet = travel(take), gait(take)
    walks = feet.gait is not Gait.NONE
    repeats = rhythm(take, hops=feet.num_jumps > 1 and not walks)
    parts = moving_parts(take, walks=walks)
    known = take.anatomy.front is not None
    heights = take.centre[:, 2] - take.centre[0, 2]
    turn = turned_deg(take)
    flip, roll = tumbled_deg(take) if known else (None, None)
    leans = leans_deg(take)
    lean = None if leans is None else (float(leans[0]), float(leans[-1]), float(leans.max()))
    bent = 0.0 if leans is None else float(np.ptp(leans))
    duration = take.duration_s
    rise, sink = max(0.0, float(heights.max())), max(0.0, float(-heights.min()))
    still = way.heading is Heading.NONE
    return MotionFacts(
        subject_kind=take.anatomy.kind,
        front_known=known,
        duration_s=duration,
        travel=way.heading,
        travel_heights=way.net,
        path_heights=way.path,
        travel_bearing_deg=None if still else way.bearing_deg,
        speed_heights_per_s=way.path / duration if duration > 0 else 0.0,
        turn_deg=turn,
        facing_start_deg=facing_deg(take, 0, front_deg),
        facing_end_deg=facing_deg(take, -1, front_deg),
        rise_heights=rise,
        sink_heights=sink,
        end_rise_heights=float(heights[-1]),
        num_jumps=feet.num_jumps,
        flip_deg=flip,
        end_lean_deg=lean[1] if lean else None,
        period_s=repeats.period_s,
        num_cycles=repeats.num_cycles,
        moving_share=_moving_share(take),
        idle=still
        and feet.gait is Gait.NONE
        and not feet.num_jumps
        and _is_idle(take, parts, max(rise, sink))
        and abs(turn) < _IDLE_BODY_TURN_DEG
        and bent < _IDLE_LEAN_DEG
        and max(abs(flip or 0.0), abs(roll or 0.0)) < _IDLE_ROLL_DEG,
        parts=parts,
        gait=feet.gait,
        in_place=still and feet.gait is not Gait.NONE,
        gait_heading=feet.heading,
        num_steps=feet.num_steps,
        posture_start=posture(take, 0, lean[0] if lean else None, walks=walks),
        posture_end=posture(take, take.num_frames - 1, lean[1] if lean else None, walks=walks),
        max_lean_deg=lean[2] if lean else None,
        roll_deg=roll,
        loops=repeats.loops,
    )


def _is_idle(take: Take, parts: tuple[PartFacts, ...], moved: float) -> bool:
    if take.anatomy.kind is SubjectKind.ARTICULATED and parts:
        return False
    swims = not take.anatomy.feet and any(p.part == "tail" and p.reach_heights >= _BEATS for p in parts)
    if swims or any(_shows(part, take.long) for part in parts):
        return False
    told = [part for part in parts if not part.part.endswith(_ALWAYS)]
    strongest = max((_moved(part) for part in told), default=0.0)
    turned = max((part.turn_deg for part in told if not part.part.endswith(_BY_REACH)), default=0.0)
    nods = any((part.part == "head" or part.raised) and part.num_cycles >= _NODS for part in told)
    calm = strongest < _IDLE_REACH * take.long and turned < _IDLE_TURN_DEG and not nods
    return calm and moved < _IDLE_RISE * take.long


def _moved(part: PartFacts) -> float:
    """How far a limb gets; legs, over which a body sways, a little less."""
    return max(part.reach_heights, part.slide_heights) * (_SWAYED if part.part.endswith("leg") else 1.0)


def _shows(part: PartFacts, long: float) -> bool:
    """Whether a tail whips, a trunk is raised or a jaw gapes: more than waiting bodies do."""
    if part.part == "jaw":
        return part.turn_deg >= _GAPES_DEG
    if part.part == "trunk":
        return part.reach_heights >= _WHIPS * long
    return part.part == "tail" and part.reach_heights >= _WHIPS * long and part.num_cycles < _NODS


def _moving_share(take: Take) -> float:
    """Of the joints, those that are somewhere else in the body's frame at some time, or turned."""
    if take.num_frames < 2:
        return 0.0
    joints = take.joints - take.centre[:, None]
    moved = np.ptp(joints, axis=0).max(axis=-1) >= 2 * _MOVES
    cosines = np.abs(np.sum(take.local * take.local[..., :1], axis=0)).min(axis=-1)
    turned = cosines <= np.cos(np.radians(_MOVES_DEG) / 2)
    return float(np.mean(moved | turned))


def _nothing() -> MotionFacts:
    """Of a clip without frames or joints."""
    return MotionFacts(
        subject_kind=SubjectKind.OTHER,
        front_known=False,
        duration_s=0.0,
        travel=Heading.NONE,
        travel_heights=0.0,
        path_heights=0.0,
        travel_bearing_deg=None,
        speed_heights_per_s=0.0,
        turn_deg=None,
        facing_start_deg=None,
        facing_end_deg=None,
        rise_heights=0.0,
        sink_heights=0.0,
        end_rise_heights=0.0,
        num_jumps=0,
        flip_deg=None,
        end_lean_deg=None,
        period_s=None,
        num_cycles=0.0,
        moving_share=0.0,
        idle=True,
        parts=(),
    )
