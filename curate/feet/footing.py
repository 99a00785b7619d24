"""Feet that stand in the source stand on the target: slide taken out of a retargeted motion. Pure numpy.

A rig of other proportions that points its limbs where the source does puts its feet elsewhere: they float, sink and
slide. The ankle of each foot is displaced by d(t), and the leg bent accordingly (`curate/feet/legs.py`).

- On the ground plane, while a foot stands (`curate/feet/contacts.py`), the point that carries it moves as the source's
  does, times the ratio of hip heights, by which the hips travel too: d' = ratio * v_source - v_target. The constant
  that is left open is chosen such that d is 0 on average over the contact, so that legs stay as near as possible to
  where they point. Before and after, d fades.
- Upwards, a point that is near the floor is as high above the target's floor as the source's is above its own, times
  the ratio; this fades with height.

What a foot slides in the source (a pivot, a drag, a skater, the noise of a capture) is reproduced and not removed.
It was chosen by who made the motion, and only so a motion put on its own skeleton comes back unchanged. What counts
as standing is slow enough that what is reproduced stays small.

P points (ankle, ball), L legs, T frames.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from curate.feet.contacts import (
    Feet,
    carried,
    find_contacts,
    find_feet,
    foot_joints,
    has_foot,
    heights,
    length,
    posed,
    speeds,
)
from curate.feet.grounding import along_ground, carried_by_body, held_back, level, lowered, nearness, too_low, upwards
from curate.feet.legs import Legs, bend, find_legs, has_leg, lack, smooth
from rigmill.humanoid.body import Body, carry
from rigmill.types import Bools, Floats, Motion

MAX_RAISED = 0.025  # of the hips' height, up or down
_NOTICED = 0.001  # of a leg
_NOTHING = 1e-9  # of the hips' height
_LYING = (0.2, 0.5)  # of a leg: how high a hip is over its ankle


@dataclass(frozen=True, slots=True)
class Slide:
    """How far points that stand move on the ground plane from frame to frame, in percent of a leg per frame.

    A leg is thigh and shin at rest, of the body that slides; a point stands where the source's does, in both frames.
    """

    mean_pct: float
    p95_pct: float
    max_pct: float


@dataclass(frozen=True, slots=True)
class Footing:
    """How feet stand before and after. None: no foot stands, or there is none."""

    num_feet: int = 0
    contact_share: float = 0.0  # of foot-frames in which the ankle or the ball stands
    slide_source: Slide | None = None  # what the motion has on its own skeleton, and the target therefore too
    slide_before: Slide | None = None
    slide_after: Slide | None = None
    correction_pct: float = 0.0  # the largest displacement of an ankle, of its leg
    missed_share: float | None = None  # of standing foot-frames in which the ankle is not where it was wanted
    raised_pct: float = 0.0  # the most that the hips were moved up or down, of their height

    @property
    def slide_before_pct(self) -> float | None:
        """The 95th percentile."""
        return self.slide_before.p95_pct if self.slide_before else None

    @property
    def slide_after_pct(self) -> float | None:
        """The 95th percentile."""
        return self.slide_after.p95_pct if self.slide_after else None


def keep_feet(
    motion: Motion, *, source_motion: Motion, source: Body, target: Body, on_rest: bool = False
) -> tuple[Motion, Footing]:
    """The motion of `target` with its feet put where `source_motion` of `source` has them, and how well that went.

    `motion` has the frames and the rate of `source_motion`. Turns of upper legs, lower legs and feet change, and the
    roots go up and down by at most MAX_RAISED; a motion that needs nothing, or a rig without whole legs, comes back.
    `on_rest`: the source stands or walks, and the target's feet are on the ground at rest.
    """
    sides = tuple(
        side
        for side in ("left", "right")
        if has_foot(source, side) and has_foot(target, side) and has_leg(target, side)
    )
    if not sides or len(motion.rotations) < 2:
        return motion, Footing(num_feet=len(sides))
    ratio, seen = target.hip_height / source.hip_height, _seen(source_motion, source, target.facing, sides)
    above_floor, speed = heights(seen), speeds(seen, motion.fps)
    stands, followed = find_contacts(seen, above_floor=above_floor, speed=speed, fps=motion.fps)
    # Shins are named because a foot that is carried does not hang from its own.
    shins = [target.joints[f"{side}LowerLeg"] for side in sides]
    places, turns = posed(target.rig, motion, sum(foot_joints(target, sides), shins))
    legs = find_legs(target, places, turns, sides)
    own = _with_balls(find_feet(target, places, sides), legs.turns[2], ratio * (seen.rest[1] - seen.rest[0]))

    upright = _uprightness(source_motion, source, sides)
    near = nearness(seen, above_floor) * upright
    gap = ratio * seen.places - own.places
    # Of one who falls the feet lie still at the end, and say nothing of the ground. Where nothing stands, what is near
    # the floor does.
    floors = level(gap[..., 2], stands * upright + 0.001 * near)
    most = MAX_RAISED * target.hip_height
    low = too_low(seen, own, floors, ratio=ratio, on_rest=on_rest)
    # What is more than the body may go up or down is the legs', which stretch or bend: their floor is elsewhere.
    base = float(np.clip(low, -most, most)) if abs(low) > most else 0.0
    floors = floors - (low if base else 0.0)
    over, down = upwards(gap[..., 2] - floors[:, None, None], near, above_floor), near.max(axis=0)
    up = over + (1.0 - down) * base
    moved = np.concatenate([along_ground(gap[..., :2], followed, speed, fps=motion.fps), up[..., None]], axis=-1)
    wanted = legs.ankles + held_back(moved, legs.leg)

    raised = base + carried_by_body(over - down * base, down, most - abs(base))
    needed = down * lack(legs, wanted, raised=raised)
    raised = np.maximum(raised - lowered(np.minimum(needed, most + raised), motion.fps), -most)
    ankles, local = bend(legs, wanted, raised=raised)
    if not base:
        raised = raised + np.clip(low, -most - raised.min(), most - raised.max())

    shift = ankles - legs.ankles
    standing, missed = stands.any(axis=0), length(shift - moved) > _NOTICED * legs.leg[:, None]
    footing = Footing(
        num_feet=len(sides),
        contact_share=float(standing.mean()),
        slide_source=_slide(seen, stands),
        slide_before=_slide(own, stands),
        slide_after=_slide(replace(own, places=own.places + shift), stands),
        correction_pct=100.0 * float((length(shift) / legs.leg[:, None]).max()),
        missed_share=float(missed[standing].mean()) if standing.any() else None,
        raised_pct=100.0 * float(np.abs(raised).max()) / target.hip_height,
    )
    if max(np.abs(shift).max(), np.abs(raised).max()) < _NOTHING * target.hip_height:
        return motion, footing
    return _with_legs(motion, legs, local, target=target, raised=raised), footing


def _seen(motion: Motion, source: Body, facing: Floats, sides: tuple[str, ...]) -> Feet:
    """The source's feet, in its own size, turned to face where the target faces."""
    places, _ = posed(source.rig, motion, sum(foot_joints(source, sides), []))
    feet, turn = find_feet(source, places, sides), facing.T @ source.facing
    return replace(feet, places=feet.places @ turn.T, rest=feet.rest @ turn.T)


def _uprightness(motion: Motion, source: Body, sides: tuple[str, ...]) -> Floats:
    """1 for legs (L, T) under which the ground is, 0 for those that lie on it (their feet point anywhere)."""
    ankles = [source.joints[f"{side}Foot"] for side in sides]
    hips = [source.joints[f"{side}UpperLeg"] for side in sides]
    places, _ = posed(source.rig, motion, ankles + hips)
    height = np.stack([places[hip][:, 2] - places[ankle][:, 2] for hip, ankle in zip(hips, ankles)])
    low, high = _LYING
    return smooth((height / np.array([source.leg(side) for side in sides])[:, None] - low) / (high - low))


def _with_balls(feet: Feet, turns: Floats, offset: Floats) -> Feet:
    """The feet, with balls (L, 3) off the ankles where the rig has none: a mesh rolls over its toes without a joint.

    `turns` (L, T, 4) are those of the feet.
    """
    known = feet.known[1]
    ball = np.where(known[:, None, None], feet.places[1], feet.places[0] + carried(turns, offset[:, None]))
    rest = np.where(known[:, None], feet.rest[1], feet.rest[0] + offset)
    return replace(feet, places=np.stack([feet.places[0], ball]), rest=np.stack([feet.rest[0], rest]))


def _slide(feet: Feet, stands: Bools) -> Slide | None:
    """The slide of the points (P, L, T) that stand."""
    step = length(np.diff(feet.places[..., :2], axis=2)) / feet.leg[:, None]
    found = 100.0 * step[stands[..., 1:] & stands[..., :-1]]
    if not len(found):
        return None
    return Slide(float(found.mean()), float(np.percentile(found, 95)), float(found.max()))


def _with_legs(motion: Motion, legs: Legs, local: Floats, *, target: Body, raised: Floats) -> Motion:
    """The motion with the local rotations (3, L, T, 4) of the legs, and its roots raised by (T,).

    A foot that hangs from elsewhere and is carried by its shin does not turn with it, so its own turn stays.
    """
    rotations, translations = motion.rotations.copy(), motion.translations.copy()
    for leg, chain in enumerate(legs.chains):
        for part, joint in enumerate(chain):
            if part < 2 or joint not in target.carried:
                rotations[:, joint] = local[part, leg]
    translations[:, np.asarray(target.rig.parents) < 0, 2] += raised[:, None]
    return carry(replace(motion, rotations=rotations, translations=translations), target)
