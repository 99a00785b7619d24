"""Legs bent such that their ankles come where they are wanted: two-bone inverse kinematics. L legs, T frames, world.

A leg is its hip, knee and ankle, and whatever joints lie between (twist bones) go along with the bone above them.
Bones keep the lengths that they have in each frame; feet and toes keep their world turns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.feet.contacts import carried, length
from rigmill.humanoid.body import Body
from rigmill.humanoid.checks import is_below
from rigmill.rigs.quaternions import between, conjugate, multiply, normalise
from rigmill.types import Floats

STRAIGHT = 0.9999  # of thigh and shin: the farthest that an ankle is put, unless it was farther already
EASY_REACH = 0.97  # beyond this a knee snaps straight for the last centimetre; the hips come down first
_SURE_BEND = (0.05, 0.30)  # sine at the hip: below a knee's direction is noise, above it is the pose's own
_REST_BEND = 0.10  # sine at the hip from which a rest pose says which way its knees bend


@dataclass(frozen=True, slots=True)
class Legs:
    """The legs of a body over a clip."""

    chains: tuple[tuple[int, int, int], ...]  # upper leg, lower leg, foot: joints
    leg: Floats  # (L,) thigh and shin at rest
    hips: Floats  # (L, T, 3)
    knees: Floats  # (L, T, 3)
    ankles: Floats  # (L, T, 3)
    forward: Floats  # (L, T, 3) unit: where the knees would bend to, carried by the thighs
    turns: Floats  # (3, L, T, 4) of upper legs, lower legs, feet
    above: Floats  # (3, L, T, 4) of the joints above these


def has_leg(body: Body, side: str) -> bool:
    """Whether the leg of a side that `has_foot` can be bent: the foot hangs from the shin or is carried by it, the shin
    hangs from the thigh.
    """
    upper, lower, foot = (body.joints[f"{side}{part}"] for part in ("UpperLeg", "LowerLeg", "Foot"))
    end = body.carried.get(foot, foot)
    return is_below(body.rig, end, lower) and is_below(body.rig, lower, upper)


def find_legs(body: Body, places: dict[int, Floats], turns: dict[int, Floats], sides: tuple[str, ...]) -> Legs:
    """The legs of sides that `has_leg`, from places (T, 3) and world turns (T, 4) of their joints and all above."""
    parents = body.rig.parents
    chains = tuple(
        (body.joints[f"{side}UpperLeg"], body.joints[f"{side}LowerLeg"], body.joints[f"{side}Foot"]) for side in sides
    )
    still = np.broadcast_to([1.0, 0.0, 0.0, 0.0], turns[chains[0][0]].shape)  # above a root
    by_part = tuple(zip(*chains))
    hips, knees, ankles = (np.stack([places[joint] for joint in joints]) for joints in by_part)
    forward = np.stack([_rest_forward(body, chain) for chain in chains])[:, None]
    own = np.stack([np.stack([turns[joint] for joint in joints]) for joints in by_part])
    return Legs(
        chains=chains,
        hips=hips,
        knees=knees,
        ankles=ankles,
        forward=carried(own[0], forward),
        turns=own,
        leg=np.array([body.leg(side) for side in sides]),
        above=np.stack([np.stack([turns.get(int(parents[joint]), still) for joint in joints]) for joints in by_part]),
    )


def lack(legs: Legs, wanted: Floats, *, raised: Floats) -> Floats:
    """How far a body that is raised by (T,) must come down for each leg to reach its wanted ankle (L, T, 3), (L, T).

    0 where it reaches it at ease.
    """
    down = legs.hips[..., 2] + raised - wanted[..., 2]
    reach = np.maximum(EASY_REACH * _sum_of_bones(legs), length(legs.ankles - legs.hips))
    aside = length((legs.hips - wanted)[..., :2])
    return np.asarray(np.maximum(down - np.sqrt(np.maximum(reach**2 - aside**2, 0.0)), 0.0))


def bend(legs: Legs, wanted: Floats, *, raised: Floats) -> tuple[Floats, Floats]:
    """Ankles (L, T, 3) as near to the wanted as they come, and the local rotations (3, L, T, 4) that take them there.

    The body goes up by `raised` (T,) before. Each knee keeps to the plane in which it is bent. A leg that was
    straight, or nearly, has no plane: what it bends more is bent to where the thigh's front is.
    """
    thigh, shin = legs.knees - legs.hips, legs.ankles - legs.knees
    thigh_length, shin_length = length(thigh), length(shin)
    old = legs.ankles - legs.hips
    hips = legs.hips + raised[:, None] * [0.0, 0.0, 1.0]
    new_length, new_along = _within_reach(legs, wanted - hips, old, np.abs(thigh_length - shin_length))
    old_along = _unit(old, -legs.forward)
    bulge, front = _bulge(thigh, old_along, legs.forward)
    share = (thigh_length**2 - shin_length**2 + new_length**2) / (2.0 * np.maximum(new_length, 1e-300))
    share = np.clip(share, -thigh_length, thigh_length)
    aside = np.sqrt(thigh_length**2 - share**2)
    more = np.maximum(aside - length(bulge), 0.0)
    towards = carried(between(old_along, new_along), _unit(bulge + more[..., None] * front, front))
    new_thigh = share[..., None] * new_along + aside[..., None] * towards
    ankles = hips + new_length[..., None] * new_along
    by_thigh, by_shin = between(thigh, new_thigh), between(shin, ankles - hips - new_thigh)
    local = np.stack(
        [
            multiply(by_thigh, legs.turns[0]),
            multiply(conjugate(by_thigh), multiply(by_shin, legs.turns[1])),
            multiply(conjugate(by_shin), legs.turns[2]),
        ]
    )
    return ankles, normalise(multiply(conjugate(legs.above), local))


def _within_reach(legs: Legs, wanted: Floats, old: Floats, shortest: Floats) -> tuple[Floats, Floats]:
    """Length (L, T) and direction (L, T, 3) of hip to ankle; what a pose already had stays possible.

    A leg that is stretched beyond its ease gives in more and more: a knee that snaps straight is seen at once, and
    the little that the foot misses is not.
    """
    was, far = length(old), length(wanted)
    ease = np.maximum(EASY_REACH * _sum_of_bones(legs), was)
    room = np.maximum(STRAIGHT * _sum_of_bones(legs) - ease, 1e-12 * ease)
    far = np.where(far > ease, ease + room * np.tanh((far - ease) / room), far)
    nearest = np.minimum(shortest + (1 - STRAIGHT) * legs.leg[:, None], was)
    return np.maximum(far, nearest), _unit(wanted, _unit(old, -legs.forward))


def _bulge(thigh: Floats, along: Floats, forward: Floats) -> tuple[Floats, Floats]:
    """How the knee stands off the line from hip to ankle, and the direction in which it would bend more."""
    bulge = thigh - np.einsum("...i,...i->...", thigh, along)[..., None] * along
    sine = length(bulge) / np.maximum(length(thigh), 1e-300)
    low, high = _SURE_BEND
    sure = smooth((sine - low) / (high - low))[..., None]
    front = _unit(forward - np.einsum("...i,...i->...", forward, along)[..., None] * along, forward)
    return bulge, _unit((1.0 - sure) * front + sure * _unit(bulge, front), front)


def _rest_forward(body: Body, chain: tuple[int, int, int]) -> Floats:
    """Where a knee bends to, (3,) world at rest: as the rest pose shows clearly, else to the body's front."""
    hip, knee, ankle = body.rig.rest_joints[list(chain)]
    along = (ankle - hip) / max(float(np.linalg.norm(ankle - hip)), 1e-300)
    bulge = knee - hip - np.dot(knee - hip, along) * along
    if np.linalg.norm(bulge) > _REST_BEND * np.linalg.norm(knee - hip):
        return np.asarray(bulge / np.linalg.norm(bulge))
    front = body.facing.T @ np.array([0.0, -1.0, 0.0])
    front = front - np.dot(front, along) * along
    if np.linalg.norm(front) < _SURE_BEND[0]:  # a leg that points forwards bends up
        front = np.array([0.0, 0.0, 1.0]) - along[2] * along
    return np.asarray(front / np.linalg.norm(front))


def _sum_of_bones(legs: Legs) -> Floats:
    return length(legs.knees - legs.hips) + length(legs.ankles - legs.knees)


def _unit(vectors: Floats, otherwise: Floats) -> Floats:
    """Vectors (..., 3) of length 1; `otherwise` (of length 1) where they have none."""
    size = length(vectors)[..., None]
    return np.where(size > 1e-12, vectors / np.maximum(size, 1e-12), otherwise)


def smooth(share: Floats) -> Floats:
    """0 below 0, 1 above 1, and a curve without corners between."""
    share = np.clip(share, 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))
