"""Limbs that reach: two-bone inverse kinematics without guesses, whatever the rest pose is."""

from __future__ import annotations

import numpy as np

from curate.world.acting.act import Act
from curate.world.body import Arm, Body, Leg
from curate.world.rig.turns import about, apply, frames, transposed, unit
from rigmill.types import Floats

STRETCHED = 0.998  # of the two bones' length: a limb is never quite straight, so its joint does not jump


def reach(act: Act, upper: str, lower: str, end: Floats, target: Floats, pole: Floats, pole_at_rest: Floats) -> None:
    """Turn two bones so that the point `end` (3,) at rest, which `lower` carries, gets to `target` (T, 3).

    The middle joint juts towards `pole` (3,) or (T, 3) of the world, and at rest juts, or would, to `pole_at_rest`. A
    target too far away is reached for.
    """
    skeleton = act.body.skeleton
    first, second = skeleton[upper].head, skeleton[lower].head
    a, b = second - first, end - second
    len_a, len_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    act.turns.pop(upper, None)
    above, start = act.above(upper), act.world(upper)[1]
    way = target - start
    far = np.clip(np.linalg.norm(way, axis=-1), abs(len_a - len_b) * 1.02 + 1e-6, STRETCHED * (len_a + len_b))
    frame = frames(way, np.broadcast_to(pole, way.shape))
    along = (far**2 + len_a**2 - len_b**2) / (2 * far)
    off = np.sqrt(np.maximum(len_a**2 - along**2, 0.0))
    middle = along[:, None] * frame[..., 0] + off[:, None] * frame[..., 1]
    hand = far[:, None] * frame[..., 0]
    # Both bones turn in the plane of the limb; its normal, unlike the pole, is never along one of them.
    normal, normal_at_rest = frame[..., 2], frames(a + b, pole_at_rest)[..., 2]
    world_upper = frames(middle, np.cross(normal, middle)) @ frames(a, np.cross(normal_at_rest, a)).T
    world_lower = frames(hand - middle, np.cross(normal, hand - middle)) @ frames(b, np.cross(normal_at_rest, b)).T
    act.turns[upper] = transposed(above) @ world_upper
    act.turns[lower] = transposed(world_upper) @ world_lower


def leg_end(act: Act, leg: Leg, ball: Floats, foot_turn: Floats, middle: Floats) -> Floats:
    """Where the second bone of a leg has to end, (T, 3), for its ball to be at `ball` (T, 3).

    The foot is turned by `foot_turn` (T, 3, 3) from rest, what lies between shin and foot by `middle`.
    """
    skeleton = act.body.skeleton
    inner = [skeleton[name].head for name in leg.bones[2:]]
    place = ball + apply(foot_turn, np.broadcast_to(inner[-1] - leg.ball, ball.shape))
    for here, there in zip(inner[-2::-1], inner[:0:-1]):
        place = place + apply(middle, np.broadcast_to(here - there, place.shape))
    return place


def set_leg(
    act: Act, leg: Leg, ball: Floats, foot_turn: Floats, *, knee: Floats | None = None, fold: Floats | float = 0.0
) -> None:
    """Put a leg's ball at `ball` (T, 3), its foot turned by `foot_turn` (T, 3, 3) from rest.

    `knee` (3,) or (T, 3): where the knee juts, else as at rest, turned as the root is about the vertical. `fold` (T,):
    degrees by which bones between shin and foot are turned about the side axis, forward positive.
    """
    upper, lower, *between, foot = leg.bones
    heading = yaw_of(act)
    middle = heading @ about("x", act.full(np.asarray(fold, float)))
    place = leg_end(act, leg, ball, foot_turn, middle)
    end = act.body.skeleton[leg.bones[2]].head
    pole = apply(heading, np.broadcast_to(leg.knee, place.shape)) if knee is None else knee
    reach(act, upper, lower, end, place, pole, leg.knee)
    for bone in between:
        act.set_world_turn(bone, middle)
    act.set_world_turn(foot, foot_turn)
    if leg.toes is not None:
        ahead = foot_turn[:, :, 1]  # the toes keep the foot's heading and lie flat where its heel is up
        flat = heading_turn(-ahead)
        act.set_world_turn(leg.toes, np.where((ahead[:, 2] > 0)[:, None, None], flat, foot_turn))


def yaw_of(act: Act) -> Floats:
    """The main root's turn about the vertical alone, (T, 3, 3)."""
    return heading_turn(-act.world(act.body.root)[0][..., 1])


def heading_turn(ahead: Floats) -> Floats:
    """Turns (T, 3, 3) about the vertical that bring -y to where vectors (T, 3) point, seen from above."""
    size = np.maximum(np.linalg.norm(ahead[:, :2], axis=-1), 1e-9)
    s, c = ahead[:, 0] / size, -ahead[:, 1] / size
    out = np.zeros((len(ahead), 3, 3))
    out[:, 0, 0] = out[:, 1, 1] = c
    out[:, 0, 1], out[:, 1, 0], out[:, 2, 2] = -s, s, 1.0
    return out


def set_arm(act: Act, arm: Arm, hand: Floats, elbow: Floats, hand_turn: Floats | None = None) -> None:
    """Put a wrist at `hand` (T, 3), in arm lengths from the shoulder joint and in the axes of what the arm hangs on.

    There +x is the subject's left, -y ahead, +z up; for a right arm x counts to its own side, so that the same numbers
    mirror. `elbow` likewise: where it juts. A hand never goes through the floor. `hand_turn` (T, 3, 3) turns the hand
    relative to the lower arm.
    """
    skeleton = act.body.skeleton
    upper, lower, end = arm.bones
    mirror = np.array([1.0 if arm.side == "left" else -1.0, 1.0, 1.0])
    length = arm_length(act.body, arm)
    act.turns.pop(upper, None)
    turn, start = act.above(upper), act.world(upper)[1]
    target = start + length * apply(turn, act.full(np.asarray(hand, float)) * mirror)
    target[:, 2] = np.maximum(target[:, 2], _off_the_floor(act, arm, target - start))
    pole = apply(turn, act.full(np.asarray(elbow, float)) * mirror)
    reach(act, upper, lower, skeleton[end].head, target, unit(pole), arm.elbow)
    act.turns.pop(end, None)
    if hand_turn is not None:
        act.turn(end, hand_turn)


def _off_the_floor(act: Act, arm: Arm, way: Floats) -> Floats:
    """The least height (T,) of a wrist whose arm goes along `way` (T, 3), so that its fingers stay above the floor."""
    hand = act.body.skeleton[arm.bones[2]]
    middle = [act.body.skeleton[bone].length for bones in arm.fingers[2:3] for bone in bones]
    length = hand.length + sum(middle) if middle else 1.35 * hand.length
    down = np.clip(-way[:, 2] / np.maximum(np.linalg.norm(way, axis=1), 1e-9), 0.0, 1.0)
    return np.asarray(length * (0.5 + 0.75 * down))


def arm_length(body: Body, arm: Arm) -> float:
    """Shoulder to wrist along the bones, metres."""
    bones = [body.skeleton[name] for name in arm.bones]
    return float(sum(np.linalg.norm(b.head - a.head) for a, b in zip(bones, bones[1:])))
