"""When a foot stands on the ground: seen in the motion that it was made for, before anything is changed.

A foot has two points, its ankle (the Foot joint) and its ball (the Toes joint). Either may carry it: the ankle
after the heel comes down, the ball while the heel rolls up. P points (ankle, ball), L legs, T frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rigmill.humanoid.body import Body
from rigmill.rigs.quaternions import multiply
from rigmill.types import Bools, Floats, Motion, Rig

# Lengths are in legs (thigh and shin at rest), so a child's step and a giant's are the same step.
MAX_SPEED = 0.15  # leg lengths per second, in every single step; at 16 fps that is just under 1 % of a leg per frame
FOLLOW_SPEED = 0.5  # a contact is followed on both sides while the foot is slower than this: landing, lifting off
MAX_HEIGHT = 0.05  # above the floor
FLOOR_ABOVE_REST = 0.1  # the floor is not looked for higher than this above where the rest pose has it
FLOOR_PERCENTILE = 5.0
MIN_CONTACT_S = 0.1
NOTHING = 1e-9  # of the hips' height: no length


@dataclass(frozen=True, slots=True)
class Feet:
    """The points of a body's feet over a clip, world. A ball that the rig lacks is where the ankle is, not `known`."""

    places: Floats  # (P, L, T, 3)
    rest: Floats  # (P, L, 3)
    leg: Floats  # (L,) thigh and shin at rest
    known: Bools  # (P, L)


def posed(rig: Rig, motion: Motion, joints: Iterable[int]) -> tuple[dict[int, Floats], dict[int, Floats]]:
    """Places (T, 3) and world turns (T, 4) of the joints and of all above them; the rest of the rig costs nothing."""
    wanted: set[int] = set()
    for joint in joints:
        while joint >= 0 and joint not in wanted:
            wanted.add(joint)
            joint = int(rig.parents[joint])
    places: dict[int, Floats] = {}
    turns: dict[int, Floats] = {}
    for joint in sorted(wanted):  # parents come first
        parent = int(rig.parents[joint])
        own, moved = motion.rotations[:, joint], motion.translations[:, joint]
        if parent < 0:
            places[joint], turns[joint] = rig.rest_joints[joint] + moved, own
        else:
            offset = rig.rest_joints[joint] - rig.rest_joints[parent] + moved
            places[joint] = places[parent] + carried(turns[parent], offset)
            turns[joint] = multiply(turns[parent], own)
    return places, turns


def carried(turn: Floats, vector: Floats) -> Floats:
    """Vectors (..., 3) turned by unit quaternions (..., 4)."""
    axis = turn[..., 1:]
    side = 2.0 * cross(axis, vector)
    return np.asarray(vector + turn[..., :1] * side + cross(axis, side))


def cross(first: Floats, second: Floats) -> Floats:
    """The cross product (..., 3), without what numpy's own spends on finding out the shapes."""
    x1, y1, z1 = first[..., 0], first[..., 1], first[..., 2]
    x2, y2, z2 = second[..., 0], second[..., 1], second[..., 2]
    return np.stack([y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2], axis=-1)


def length(vectors: Floats) -> Floats:
    """Lengths (...) of vectors (..., D)."""
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", vectors, vectors)))


def has_foot(body: Body, side: str) -> bool:
    """Whether thigh, shin and foot of a side are in the map, and have length."""
    names = [f"{side}{part}" for part in ("UpperLeg", "LowerLeg", "Foot")]
    if not all(name in body.joints for name in names):
        return False
    hip, knee, ankle = (body.rig.rest_joints[body.joints[name]] for name in names)
    return bool(min(np.linalg.norm(knee - hip), np.linalg.norm(ankle - knee)) > NOTHING * abs(body.hip_height))


def foot_joints(body: Body, sides: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """The joints of ankles and balls; an ankle stands in for a ball that the rig lacks."""
    ankles = [body.joints[f"{side}Foot"] for side in sides]
    return ankles, [body.joints.get(f"{side}Toes", ankle) for side, ankle in zip(sides, ankles)]


def find_feet(body: Body, places: dict[int, Floats], sides: tuple[str, ...]) -> Feet:
    """The feet of sides that `has_foot`, from the places (T, 3) of their joints."""
    ankles, balls = foot_joints(body, sides)
    return Feet(
        places=np.stack([np.stack([places[joint] for joint in points]) for points in (ankles, balls)]),
        rest=np.stack([body.rig.rest_joints[ankles], body.rig.rest_joints[balls]]),
        leg=np.array([body.leg(side) for side in sides]),
        known=np.array([[True] * len(sides), [ball != ankle for ankle, ball in zip(ankles, balls)]]),
    )


def lowest(feet: Feet) -> Floats:
    """How low the ankles and the balls come in the clip, world, (P,).

    A low percentile over both feet: one frame under ground says nothing. The rest pose is not asked: it may float
    high above the ground that a clip runs on, its toes may point down, or it may be caught in mid-step.
    """
    return np.asarray(np.percentile(feet.places[..., 2], FLOOR_PERCENTILE, axis=(1, 2)))


def lowest_at_rest(feet: Feet) -> Floats:
    """How low the ankles and the balls are at rest, world, (P,)."""
    return np.asarray(feet.rest[..., 2].min(axis=1))


def heights(feet: Feet) -> Floats:
    """How high the points are above their floor, in legs, (P, L, T).

    The floor of a point is how low it comes in the clip. But who never comes down to the rest pose's feet, jumping or
    hanging, has no floor in the clip: it is at most FLOOR_ABOVE_REST above rest.
    """
    floor = np.minimum(lowest(feet), lowest_at_rest(feet) + FLOOR_ABOVE_REST * feet.leg.mean())
    return (feet.places[..., 2] - floor[:, None, None]) / feet.leg[:, None]


def speeds(feet: Feet, fps: float) -> Floats:
    """How fast the points are in each step, in legs per second, (P, L, T - 1)."""
    return np.asarray(length(np.diff(feet.places, axis=2)) * fps / feet.leg[:, None])


def find_contacts(feet: Feet, *, above_floor: Floats, speed: Floats, fps: float) -> tuple[Bools, Bools]:
    """Which points stand, and which are worth following, in which frames; (P, L, T) both.

    A point stands where it is low and slow, in the step before and in the step after, for MIN_CONTACT_S. No gap is
    closed: a frame that moved fast is not a contact, however short it was. It is followed from a little before it
    stands until a little after, as long as it is low and not fast.
    """
    num_frames = max(2, int(np.ceil(MIN_CONTACT_S * fps - 1e-9)))
    low = (above_floor <= MAX_HEIGHT) & feet.known[..., None]
    stands = without_short_runs(low & _on_both_sides(speed <= MAX_SPEED), num_frames)
    slow = low & _on_both_sides(speed <= FOLLOW_SPEED)
    starts = slow & ~np.concatenate([np.zeros_like(slow[..., :1]), slow[..., :-1]], axis=-1)
    runs = np.cumsum(starts.reshape(-1)).reshape(slow.shape)  # a run does not reach over the end of a row
    return stands, slow & np.isin(runs, np.unique(runs[stands]))


def without_short_runs(mask: Bools, num_frames: int) -> Bools:
    """The mask (..., T) with runs of less than `num_frames` true values taken out."""
    if mask.shape[-1] < num_frames:
        return np.zeros_like(mask)
    whole = sliding_window_view(mask, num_frames, axis=-1).all(axis=-1)
    padding = [(0, 0)] * (mask.ndim - 1) + [(num_frames - 1, num_frames - 1)]
    return np.asarray(sliding_window_view(np.pad(whole, padding), num_frames, axis=-1).any(axis=-1))


def without_short_gaps(mask: Bools, num_frames: int) -> Bools:
    """The mask (..., T) with gaps of at most `num_frames` between true values closed; the clip's ends are no gaps."""
    edge = num_frames + 1
    padded = np.pad(mask, [(0, 0)] * (mask.ndim - 1) + [(edge, edge)])
    return ~without_short_runs(~padded, edge)[..., edge:-edge]


def _on_both_sides(steps: Bools) -> Bools:
    """Whether the steps (..., T - 1) before and after each frame (..., T) hold; beyond the clip's ends they do."""
    edge = np.ones_like(steps[..., :1])
    return np.concatenate([edge, steps], axis=-1) & np.concatenate([steps, edge], axis=-1)
