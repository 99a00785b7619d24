"""Where the ground of a motion is: where its feet stand, which is not always where the rest pose has them.

Files hang a rest pose anywhere: hips at the origin, a third of the body below the floor, on a shelf above it. What
says where the ground is, in this order:

1. The feet, where they carry the body. A foot carries while it stands (`curate/feet/contacts.py`; the floor is how low
   feet come in the clip), does not hang down like the shin, is well below an upright trunk, and is still while the
   hips move. Who jumps, swims, flies, sits or lies has no such foot, and a body that is frozen says nothing.
2. The file: z = 0, if the rest pose is far from it, and the feet are nearer to it than to the rest pose's and never
   below it. That serves walks in place, whose feet never rest. Where the hips rest at the origin, as in files that
   never displace a body, they have to be at least half as high as they stand.
3. The rest pose.

A difference of MAX_OFFSET and less is that of a heel or of noise, and the rest pose is believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from curate.feet.contacts import (
    FLOOR_PERCENTILE,
    MAX_HEIGHT,
    Feet,
    find_contacts,
    find_feet,
    foot_joints,
    has_foot,
    length,
    lowest,
    lowest_at_rest,
    posed,
    speeds,
)
from curate.feet.grounding import MAX_OFFSET
from curate.retarget.alignment import rest_ground, stands
from rigmill.humanoid.body import Body
from rigmill.types import Bools, Floats, Motion

STANDS = 0.8  # of the frames upright: a body that stands or walks
TOUCHES = 0.2  # of the frames, upright with a foot about on the ground: a stand, a walk or a run, and no flight
MIN_CARRIED = 0.15  # of the frames: fewer are a touch, not the ground that a clip is on
_HIGH_HIPS = 0.6  # of the height that the hips stand at: lower over their feet they sit
_UPRIGHT = 0.5  # cosine of the trunk's lean
_STEADY = 0.5  # of what the hips move: a foot that moves more goes along with the body
_SWAYS = 0.005  # of a leg: hips that move less are frozen
_HANGS = 0.8  # sine of the steepest slope from ankle to ball, where the rest pose has no steeper one
_BENT_OFFSET = 0.15  # of a leg: legs that are bent at rest do not say how high an ankle is over its sole
_OFF_THE_FILE = 0.1  # of the height that the hips stand at: a rest pose that is nearer to z = 0 stands on it
_AT_ORIGIN = 0.25  # of the same; hips that rest there may stay there, so that z = 0 is no ground
_LOW_HIPS = 0.5  # of the same


class Seen(StrEnum):
    """What says where the ground is."""

    REST = "rest"
    FEET = "feet"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Ground:
    """How much higher the ground of a motion is than its rest pose says, in the rig's unit, and what says so.

    Of the frames, in how many the body is upright over its feet, and in how many of these a foot is on that ground.
    """

    above_rest: float = 0.0
    seen: Seen = Seen.REST
    upright_share: float = 0.0
    near_share: float = 0.0

    @property
    def is_trodden(self) -> bool:
        """Whether the body stands, walks or runs on it for a while."""
        return self.near_share >= TOUCHES


def find_ground(motion: Motion, body: Body) -> Ground:
    """The ground of a motion of `body`; that of the rest pose where nothing else is sure, or there are no feet."""
    sides = tuple(side for side in ("left", "right") if has_foot(body, side))
    if not sides or len(motion.rotations) < 2:
        return Ground()
    joints = [body.joints[f"{side}{part}"] for part in ("UpperLeg", "UpperArm") for side in ("left", "right")]
    places, _ = posed(body.rig, motion, [*sum(foot_joints(body, sides), []), *joints, body.hips])
    feet, hips = find_feet(body, places, sides), places[body.hips]
    trunk = places[joints[2]] + places[joints[3]] - places[joints[0]] - places[joints[1]]
    height = hips[:, 2] - feet.places[..., 2].min(axis=(0, 1))
    upright = (trunk[:, 2] >= _UPRIGHT * length(trunk)) & (height >= _HIGH_HIPS * body.hip_height)
    leg, rest = float(feet.leg.mean()), rest_ground(body)
    least = (MAX_OFFSET if stands(body) else _BENT_OFFSET) * leg
    level = rest + _above_rest(feet, body)
    carries = _carrying(feet, hips, fps=motion.fps) & upright
    found, seen = rest, Seen.REST
    if carries.mean() >= MIN_CARRIED:
        found, seen = float(np.median(level[carries])), Seen.FEET
    elif _on_the_file(level, lowest=float(lowest(feet).min()), hips=hips, body=body, least=least):
        low = upright & (level <= np.percentile(level, FLOOR_PERCENTILE) + 2 * MAX_HEIGHT * leg)
        found, seen = float(np.median(level[low])) if low.any() else 0.0, Seen.FILE
        found = found if abs(found) <= _BENT_OFFSET * leg else 0.0  # in the air
    if not stands(body) and abs(found) <= least:
        found = 0.0  # as a rest pose in a leap has it
    if abs(found - rest) <= least:
        found, seen = rest, Seen.REST
    near = upright & (level <= found + max(least, 2 * MAX_HEIGHT * leg))
    return Ground(found - rest, seen, float(upright.mean()), float(near.mean()))


def lowered(motion: Motion, body: Body, by: float) -> Motion:
    """The motion with all of the body `by` lower."""
    if not by:
        return motion
    translations = motion.translations.copy()
    translations[:, np.asarray(body.rig.parents) < 0, 2] -= by
    return replace(motion, translations=translations)


def warnings(ground: Ground, contact_share: float) -> list[str]:
    """What is strange about the feet of a motion in which a share of the foot-frames stands."""
    if contact_share > 0 or ground.upright_share < STANDS:
        return []
    if ground.near_share >= TOUCHES:
        return ["no foot stands still: it walks in place, or its feet slide all the time"]
    return ["no foot comes down to the ground: a jump or a flight, or its ground is elsewhere"]


def _above_rest(feet: Feet, body: Body) -> Floats:
    """How much higher the lowest point of the feet is than at rest, (T,); than the ground, if the rest is no stand."""
    at_rest = lowest_at_rest(feet) if stands(body) else np.full(2, rest_ground(body))
    above = feet.places[..., 2] - at_rest[:, None, None]
    return np.asarray(np.where(feet.known[..., None], above, np.inf).min(axis=(0, 1)))


def _on_the_file(level: Floats, *, lowest: float, hips: Floats, body: Body, least: float) -> bool:
    """Whether z = 0 is the ground of feet by which it would be at `level` (T,), and that come down to `lowest`."""
    low, rest = float(np.percentile(level, FLOOR_PERCENTILE)), rest_ground(body)
    at_origin = abs(float(body.rig.rest_joints[body.hips, 2])) < _AT_ORIGIN * body.hip_height
    return (
        abs(rest) > _OFF_THE_FILE * body.hip_height
        and lowest >= -least
        and abs(low) < abs(low - rest)
        and not (at_origin and float(np.median(hips[:, 2])) < _LOW_HIPS * body.hip_height)
    )


def _carrying(feet: Feet, hips: Floats, *, fps: float) -> Bools:
    """The frames (T,) in which a foot is still while the hips move."""
    above_floor = (feet.places[..., 2] - lowest(feet)[:, None, None]) / feet.leg[:, None]
    standing, _ = find_contacts(feet, above_floor=above_floor, speed=speeds(feet, fps), fps=fps)
    ankle, ball = feet.places[0], feet.places[1]
    drop, sole = ankle[..., 2] - ball[..., 2], length(feet.rest[0] - feet.rest[1])[:, None]
    drop_at_rest = np.abs(feet.rest[0, :, 2] - feet.rest[1, :, 2])[:, None]
    hangs = drop > np.maximum(_HANGS * sole, drop_at_rest) + MAX_HEIGHT * feet.leg[:, None]
    found = standing & ~hangs
    for point, foot in np.ndindex(found.shape[:2]):
        edges = np.flatnonzero(np.diff(np.pad(found[point, foot], 1).astype(np.int8)))
        for start, end in edges.reshape(-1, 2):
            sway = _reach(hips[start:end])
            steady = _reach(feet.places[point, foot, start:end]) <= _STEADY * sway
            found[point, foot, start:end] = steady and sway > _SWAYS * feet.leg[foot]
    return np.asarray(found.any(axis=(0, 1)))


def _reach(path: Floats) -> float:
    """The diagonal of the box around a path (T, 3)."""
    return float(np.linalg.norm(np.ptp(path, axis=0)))
