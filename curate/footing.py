"""Feet that stand in the source stand on the target: slide taken out of a retargeted motion. Pure numpy.

A rig of other proportions that points its limbs where the source does puts its feet elsewhere: they float, sink and
slide. The ankle of each foot is displaced by d(t), and the leg bent accordingly (`curate/legs.py`).

- On the ground plane, while a foot stands (`curate/contacts.py`), the point that carries it moves as the source's
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
from numpy.lib.stride_tricks import sliding_window_view

from curate.body import Body
from curate.contacts import (
    MAX_HEIGHT,
    Feet,
    carried,
    find_contacts,
    find_feet,
    foot_joints,
    has_foot,
    heights,
    length,
    lowest,
    lowest_at_rest,
    posed,
    speeds,
    without_short_gaps,
)
from curate.legs import Legs, bend, find_legs, has_leg, lack, smooth
from rigmill.types import Bools, Floats, Ints, Motion

EASE_S = 0.2  # a correction comes and goes in this time
BRIDGE_S = 0.12  # a foot that lifts for less than this is put down where it was
FREE_HEIGHT = 0.25  # in legs; a foot this high is where the limbs put it
MAX_CORRECTION = 0.20  # of a leg
_FREE_CORRECTION = 0.15  # of a leg; beyond this a correction is held back, softly, on its way to MAX_CORRECTION
MAX_RAISED = 0.025  # of the hips' height, up or down
MAX_OFFSET = 0.1  # of a leg; feet that stand farther than this off their rest pose's floor say nothing about it
_NOTICED = 0.001  # of a leg
_STILL = 0.02  # legs per second; slower points carry a foot alike
_LOWER = 0.02  # legs; a point that is so much higher than the other says little about the foot's height


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


def keep_feet(motion: Motion, *, source_motion: Motion, source: Body, target: Body) -> tuple[Motion, Footing]:
    """The motion of `target` with its feet put where `source_motion` of `source` has them, and how well that went.

    `motion` has the frames and the rate of `source_motion`. Turns of upper legs, lower legs and feet change, and the
    roots come down a little where a leg is too short; a rig without whole legs comes back as it is.
    """
    sides = tuple(
        side for side in ("left", "right")
        if has_foot(source, side) and has_foot(target, side) and has_leg(target, side)
    )
    if not sides or len(motion.rotations) < 2:
        return motion, Footing(num_feet=len(sides))
    ratio, seen = target.hip_height / source.hip_height, _seen(source_motion, source, target.facing, sides)
    above_floor, speed = heights(seen), speeds(seen, motion.fps)
    stands, followed = find_contacts(seen, above_floor=above_floor, speed=speed, fps=motion.fps)
    places, turns = posed(target.rig, motion, sum(foot_joints(target, sides), []))
    legs = find_legs(target, places, turns, sides)
    own = _with_balls(find_feet(target, places, sides), legs.turns[2], ratio * (seen.rest[1] - seen.rest[0]))
    near = (1.0 - smooth((above_floor - MAX_HEIGHT) / (FREE_HEIGHT - MAX_HEIGHT))) * seen.known[..., None]
    gap = ratio * seen.places - own.places
    gap[..., 2] -= (level := _level(gap[..., 2], stands + 0.001 * near))[:, None, None]
    along = _along_ground(gap[..., :2], followed, speed, fps=motion.fps)
    moved = np.concatenate([along, _upwards(gap[..., 2], near, above_floor)[..., None]], axis=-1)
    wanted = legs.ankles + _held_back(moved, legs.leg)
    standing, most = stands.any(axis=0), MAX_RAISED * target.hip_height
    raised = _carried_by_body(moved[..., 2], near.max(axis=0), most)
    needed = near.max(axis=0) * lack(legs, wanted, raised=raised)
    raised = np.maximum(raised - _lowered(np.minimum(needed, most + raised), motion.fps), -most)
    ankles, local = bend(legs, wanted, raised=raised)
    onto_floor = np.clip(_too_low(seen, own, level, ratio=ratio), -most - raised.min(), most - raised.max())
    shift = ankles - legs.ankles
    missed = length(shift - moved) > _NOTICED * legs.leg[:, None]
    before, after = _slide(own, stands), _slide(replace(own, places=own.places + shift), stands)
    footing = Footing(
        num_feet=len(sides), contact_share=float(standing.mean()), slide_source=_slide(seen, stands),
        slide_before=before, slide_after=after,
        correction_pct=100.0 * float((length(shift) / legs.leg[:, None]).max()),
        missed_share=float(missed[standing].mean()) if standing.any() else None,
        raised_pct=100.0 * float(np.abs(raised + onto_floor).max()) / target.hip_height,
    )
    return _with_legs(motion, legs, local, parents=target.rig.parents, raised=raised + onto_floor), footing


def _seen(motion: Motion, source: Body, facing: Floats, sides: tuple[str, ...]) -> Feet:
    """The source's feet, in its own size, turned to face where the target faces."""
    places, _ = posed(source.rig, motion, sum(foot_joints(source, sides), []))
    feet, turn = find_feet(source, places, sides), facing.T @ source.facing
    return replace(feet, places=feet.places @ turn.T, rest=feet.rest @ turn.T)


def _with_balls(feet: Feet, turns: Floats, offset: Floats) -> Feet:
    """The feet, with balls (L, 3) off the ankles where the rig has none: a mesh rolls over its toes without a joint.

    `turns` (L, T, 4) are those of the feet.
    """
    known = feet.known[1]
    ball = np.where(known[:, None, None], feet.places[1], feet.places[0] + carried(turns, offset[:, None]))
    rest = np.where(known[:, None], feet.rest[1], feet.rest[0] + offset)
    return replace(feet, places=np.stack([feet.places[0], ball]), rest=np.stack([feet.rest[0], rest]))


def _along_ground(gap: Floats, followed: Bools, speed: Floats, *, fps: float) -> Floats:
    """Displacements (L, T, 2): the changes of the gap (P, L, T, 2) between source and target, while it is followed.

    A foot is carried by the slower of its points (`speed` (P, L, T - 1) in the source): it rolls over the other.
    """
    share = (followed[..., 1:] & followed[..., :-1]) / (speed**2 + _STILL**2) + 1e-9
    steps = np.sum((share / share.sum(axis=0))[..., None] * np.diff(gap, axis=2), axis=0)
    path = np.concatenate([np.zeros_like(steps[:, :1]), np.cumsum(steps, axis=1)], axis=1)
    held = without_short_gaps(followed.any(axis=0), round(BRIDGE_S * fps))
    return np.stack([_eased(*leg, ease=EASE_S * fps) for leg in zip(path, held)])


def _eased(path: Floats, held: Bools, *, ease: float) -> Floats:
    """The path (T, D) less its mean over each run of `held` (T,); beside a run it fades within `ease` frames.

    Where two runs are near, one fades into the other.
    """
    if not held.any():
        return np.zeros_like(path)
    frames = np.arange(len(held))
    run = np.cumsum(held & ~np.concatenate([[False], held[:-1]])) - 1  # the run a frame is in, or the last before
    count = np.bincount(run[held])
    means = np.stack([np.bincount(run[held], weights=column[held]) for column in path.T], axis=-1) / count[:, None]
    far = len(held) + 2.0 * ease
    since = frames - np.maximum.accumulate(np.where(held, frames, -far))
    until = np.minimum.accumulate(np.where(held, frames, 2.0 * far)[::-1])[::-1] - frames
    window = np.maximum(np.minimum(ease, since + until), 1.0)
    before, after = 1.0 - smooth(since / window), np.where(held, 0.0, 1.0 - smooth(until / window))
    last, following = means[np.maximum(run, 0)], means[np.minimum(run + 1, len(means) - 1)]
    return np.asarray(before[:, None] * (path - last) + after[:, None] * (path - following))


def _level(gap: Floats, weights: Floats) -> Floats:
    """The mean over what stands of the gap between heights (P, L, T), for ankles and for balls, (P,).

    It says where the target's floor is, such that legs bend and stretch as little as possible. Ankles and balls have
    a floor each, so that a rest pose whose feet point elsewhere does no harm.
    """
    total = weights.sum(axis=(1, 2))
    mean = np.sum(weights * gap, axis=(1, 2)) / np.maximum(total, 1e-300)
    return np.where(total > 0, mean, gap.mean(axis=(1, 2)))


def _upwards(gap: Floats, near: Floats, above_floor: Floats) -> Floats:
    """Displacements (L, T) that put a foot's lower point as high as the source's; the nearer (P, L, T), the more."""
    height = np.where(near > 0, above_floor, np.inf)
    lower = np.minimum(height.min(axis=0), FREE_HEIGHT)
    share = np.exp((lower - height) / _LOWER)
    return np.asarray(near.max(axis=0) * np.sum(share * gap, axis=0) / np.maximum(share.sum(axis=0), 1e-9))


def _too_low(seen: Feet, own: Feet, level: Floats, *, ratio: float) -> float:
    """How far the target's floor is below where it ought to be: as high above its rest pose's feet as the source's.

    What ankles and balls agree on: a rest pose whose feet point elsewhere shows in one of them. A large difference
    says that a rest pose does not stand (it floats, or its knees are bent), and then nothing is known.
    """
    floor = ratio * lowest(seen) - level
    above = floor - lowest_at_rest(own) - ratio * (lowest(seen) - lowest_at_rest(seen))
    above = above[seen.known.any(axis=1)]
    agreed = float(above[np.argmin(np.abs(above))])
    if np.ptp(np.sign(above)) > 0 or abs(agreed) > MAX_OFFSET * own.leg.mean():
        return 0.0
    return -agreed


def _held_back(moved: Floats, leg: Floats) -> Floats:
    """Displacements (L, T, 3) of at most MAX_CORRECTION of a leg (L,); up to _FREE_CORRECTION nothing is changed."""
    size = length(moved) / leg[:, None]
    room = MAX_CORRECTION - _FREE_CORRECTION
    soft = _FREE_CORRECTION + room * np.tanh((size - _FREE_CORRECTION) / room)
    return moved * np.where(size > _FREE_CORRECTION, soft / np.maximum(size, 1e-300), 1.0)[..., None]


def _carried_by_body(upwards: Floats, near: Floats, most: float) -> Floats:
    """How far the body goes up (T,), at most `most`: what the feet near the ground (L, T) have in common upwards.

    Hips that scale with their height, over legs that do not, dip too far in a crouch or not far enough. To move them
    a little changes no limb's direction.
    """
    common = np.sum(near * upwards, axis=0) / np.maximum(near.sum(axis=0), 1.0)
    return np.asarray(most * np.tanh(common / most))


def _lowered(needed: Floats, fps: float) -> Floats:
    """How far the hips come down, (T,): as needed (L, T), and without haste."""
    reach = max(1, round(EASE_S * fps / 2))
    padded = np.pad(needed.max(axis=0), 2 * reach, mode="edge")
    widest = sliding_window_view(padded, 4 * reach + 1).max(axis=-1)
    return _averaged(_averaged(widest, reach), reach)


def _averaged(values: Floats, reach: int) -> Floats:
    """Moving averages along the last axis over `reach` frames on either side."""
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(reach, reach)], mode="edge")
    return np.asarray(sliding_window_view(padded, 2 * reach + 1, axis=-1).mean(axis=-1))


def _slide(feet: Feet, stands: Bools) -> Slide | None:
    """The slide of the points (P, L, T) that stand."""
    step = length(np.diff(feet.places[..., :2], axis=2)) / feet.leg[:, None]
    found = 100.0 * step[stands[..., 1:] & stands[..., :-1]]
    if not len(found):
        return None
    return Slide(float(found.mean()), float(np.percentile(found, 95)), float(found.max()))


def _with_legs(motion: Motion, legs: Legs, local: Floats, *, parents: Ints, raised: Floats) -> Motion:
    """The motion with the local rotations (3, L, T, 4) of the legs, and its roots raised by (T,)."""
    rotations, translations = motion.rotations.copy(), motion.translations.copy()
    for leg, chain in enumerate(legs.chains):
        for part, joint in enumerate(chain):
            rotations[:, joint] = local[part, leg]
    translations[:, np.asarray(parents) < 0, 2] += raised[:, None]
    return replace(motion, rotations=rotations, translations=translations)
