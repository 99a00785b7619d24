"""How the rest pose of one body is turned into that of another: the constant turn A_j of every part both have.

Directions are compared in the target's world, the source's having been turned by facing. From the body outwards:

- Limbs (arms, fingers, legs): A_j = S(A_above d_target, d_source) A_above, where d goes from the joint to the next of
  its limb at rest, S is the smallest turn from one direction to another and A_above that of the joint above. So limbs
  point exactly where the source's do, and what the limb above was turned by is kept. A limb's last joint takes A_above,
  but a lower leg without a foot that both maps know points to where the leg ends, so that legs of three parts stand.
- A hand of which both bodies show two knuckles is turned as a whole: the direction to the fingers onto the source's,
  and the line of the knuckles onto the source's as far as that allows. So the palms face where the source's face.
- Trunk, shoulders, head and feet: A_j = 1. How these stand at rest is the character's own (heels, a bent neck, where
  a rigger put the collar bone), and aligning them would bend the mesh.
- Heads, necks and trunks that are turned out of the mirror plane at rest are posed, whatever the legs (tilts.py). Then
  A_j = A_chest R_source R_target^-1 of neck and head, R being the turn from neutral to rest, against the chest.
- But many files rest in a pose, a jump or a step, and how trunk and feet are held in it is nobody's character. A rest
  is taken for one if the legs are not mirror images within 15 degrees, or are bent. If either body has such a rest:
  the hips are turned as a frame (the line of the thighs onto the source's, the trunk as near as that allows), the
  chest as one (the trunk, then the line of the upper arms), joints between by their place, what hangs on the chest with
  it. Feet take A_j = R_source R_target^-1, where R turns a foot from flat on the floor, ahead, to how it is at rest. R
  is 1 for a body that stands. How steep a flat foot is is read from the other foot, or taken as 45 degrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from curate.retarget.tilts import UPRIGHT, chest_frame, lean, tilt
from rigmill.humanoid.body import Body, leg_end, leg_joints
from rigmill.humanoid.checks import from_part_to_part
from rigmill.humanoid.names import LIMBS
from rigmill.rigs.quaternions import between, conjugate, from_matrix, multiply, to_matrix
from rigmill.rigs.turns import IDENTITY, rotate
from rigmill.types import Floats

MIRRORED_DEG = 15.0
_LEG = (("UpperLeg", "LowerLeg"), ("LowerLeg", "Foot"), ("Foot", "Toes"))
_KNUCKLES = (("Index", "Little"), ("Index", "Ring"), ("Middle", "Little"), ("Index", "Middle"), ("Middle", "Ring"))
_THUMB = ("ThumbMetacarpal", "ThumbProximal")
# How steep the line from ankle to toes is: between 24 and 64 degrees in the rigs of the corpus that stand.
_FOOT_SLOPE, _FOOT_SPREAD = np.radians(45.0), np.radians(20.0)
_FLAT = 0.1  # sine of the angle between two lines below which they span no plane
_NOTHING = 1e-9
_HEAD = ("head", "jaw", "leftEye", "rightEye")
Places = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Alignment:
    """A_j by canonical name, each a quaternion (4,) in the target's world; `chest` is that of the trunk's upper end."""

    turns: Mapping[str, Floats]
    chest: Floats


def align(source: Body, target: Body) -> Alignment:
    """A_j of every part that both bodies have."""
    shared = [name for name in target.joints if name in source.joints]
    facing = target.facing.T @ source.facing
    source_places: Places = {name: facing @ source.rig.rest_joints[source.joints[name]] for name in shared}
    target_places: Places = {name: target.rig.rest_joints[target.joints[name]] for name in shared}
    found = dict.fromkeys(shared, IDENTITY)
    chest, frames = IDENTITY, (chest_frame(source), chest_frame(target))
    if not (stands(source) and stands(target)):
        hips, chest = (_frames(part, target_places, source_places) for part in ("UpperLeg", "UpperArm"))
        found = _trunk(found, hips, chest)
        frames = _chest_frames(source, target)
    else:
        ours, theirs = lean(source), lean(target)
        if ours is not UPRIGHT or theirs is not UPRIGHT:
            hips, chest = (
                _from_to(*pair, target.facing) for pair in ((ours.hips, theirs.hips), (ours.chest, theirs.chest))
            )
            found = _trunk(found, hips, chest)
            frames = (_without(ours.chest, source.facing), _without(theirs.chest, target.facing))
    found |= _heads(source, target, frames, found)
    for name, limb in LIMBS.items():  # from the body outwards
        if name in found:
            above = _above(name, found)
            following = next((part for part in limb.following if part in found), None)
            found[name] = _limb(name, above, target_places, source_places, following)
            shins = [_shin(body, name) for body in (target, source)] if following is None else [None]
            if shins[0] is not None and shins[-1] is not None:
                found[name] = multiply(between(rotate(above, shins[0]), facing @ shins[-1]), above)
    for side in ("left", "right"):
        turn = _from_to(_foot_pose(source, side), _foot_pose(target, side), target.facing)
        found |= {f"{side}{part}": turn for part in ("Foot", "Toes") if f"{side}{part}" in found}
    return Alignment(found, chest)


def stands(body: Body) -> bool:
    """Whether the legs and feet at rest are straight, and mirror images within MIRRORED_DEG."""
    if above_stand(body):
        return False
    mirror = np.array([-1.0, 1.0, 1.0])
    for upper, lower in _LEG:
        if all(f"{side}{part}" in body.joints for side in ("left", "right") for part in (upper, lower)):
            left, right = (_direction(body, f"{side}{upper}", f"{side}{lower}") for side in ("left", "right"))
            lengths = float(np.linalg.norm(left) * np.linalg.norm(right))
            if lengths > _NOTHING and left @ (right * mirror) < lengths * np.cos(np.radians(MIRRORED_DEG)):
                return False
    return True


def above_stand(body: Body) -> float:
    """How much higher the hips are at rest than when the body stands: not 0 where it rests in a leap or on its knees.

    What touches the ground at rest is the lowest joint of the legs, unless the legs are bent; then the ground is z = 0.
    """
    height, ground = float(body.rig.rest_joints[body.hips, 2]), rest_ground(body)
    return 0.0 if _legs_straight(body) else height - ground - body.hip_height


def rest_ground(body: Body) -> float:
    """How high the ground is by the rest pose: as the lowest joint of the legs or, if they are bent, z = 0."""
    lowest = float(body.rig.rest_joints[leg_joints(body.joints), 2].min())
    return lowest if _legs_straight(body) else min(lowest, 0.0)


def _legs_straight(body: Body) -> bool:
    lowest = float(body.rig.rest_joints[leg_joints(body.joints), 2].min())
    return float(body.rig.rest_joints[body.hips, 2]) - lowest >= body.hip_height * (1 - 1e-6)


def _direction(body: Body, start: str, end: str) -> Floats:
    """From one part to another at rest, the body facing -Y."""
    return np.asarray(body.facing @ from_part_to_part(body.rig, body.joints, start, end))


def _shin(body: Body, name: str) -> Floats | None:
    """From a lower leg to where the leg ends, world; None of any other part, and where nothing says it."""
    end = leg_end(body.rig, body.joints, name.removesuffix("LowerLeg")) if name.endswith("LowerLeg") else None
    return None if end is None else body.rig.rest_joints[end] - body.rig.rest_joints[body.joints[name]]


def _foot_pose(body: Body, side: str) -> Floats:
    """R of a foot, the body facing -Y: from flat on the floor to how it is at rest; of the shin without toes."""
    if stands(body) or f"{side}Foot" not in body.joints:
        return IDENTITY
    if f"{side}Toes" not in body.joints:
        return between(np.array([0.0, 0.0, -1.0]), _direction(body, f"{side}LowerLeg", f"{side}Foot"))
    slopes = []
    for each in ("left", "right"):
        if f"{each}Toes" in body.joints and f"{each}Foot" in body.joints:
            _, y, z = _direction(body, f"{each}Foot", f"{each}Toes")
            slopes.append(float(np.arctan2(-z, -y)))
    slope = min(slopes, key=lambda angle: abs(angle - _FOOT_SLOPE))
    if abs(slope - _FOOT_SLOPE) > _FOOT_SPREAD:
        slope = _FOOT_SLOPE
    return between(np.array([0.0, -np.cos(slope), -np.sin(slope)]), _direction(body, f"{side}Foot", f"{side}Toes"))


def _trunk(found: Mapping[str, Floats], hips: Floats, chest: Floats) -> dict[str, Floats]:
    """A_j where a rest is a pose: of the hips for hips and legs, of the chest for all above."""
    lower = ("hips", "UpperLeg", "LowerLeg", "Foot", "Toes")
    return {name: hips if name.endswith(lower) else chest for name in found}


def _heads(source: Body, target: Body, frames: tuple[Floats, Floats], found: Mapping[str, Floats]) -> dict[str, Floats]:
    """A_j of neck, head and what is part of the head, where either body's is tilted against its chest."""
    ours, theirs = (tilt(body, frame, stands=stands(body)) for body, frame in zip((source, target), frames))
    turned: dict[str, Floats] = {}
    for parts, one, other in ((("neck",), ours.neck, theirs.neck), (_HEAD, ours.head, theirs.head)):
        if not (np.array_equal(one, IDENTITY) and np.array_equal(other, IDENTITY)):
            turn = _from_to(one, other, frames[1])
            turned |= {name: multiply(found[name], turn) for name in parts if name in found}
    return turned


def _from_to(source_turn: Floats, target_turn: Floats, frame: Floats) -> Floats:
    """What turns a part that is turned one way at rest to how the source's is; both are about the frame's axes."""
    turn = multiply(source_turn, conjugate(target_turn))
    return np.concatenate([turn[:1], frame.T @ turn[1:]])


def _without(turn: Floats, frame: Floats) -> Floats:
    """The frame (3, 3), which turns the world, such that what was turned by `turn` in it is upright."""
    return np.asarray(to_matrix(conjugate(turn)) @ frame)


def _chest_frames(source: Body, target: Body) -> tuple[Floats, Floats]:
    """As `chest_frame`, but trunks are upright too; facing alone where one is flat."""
    found = []
    for body in (source, target):
        arms, legs = (
            [body.rig.rest_joints[body.joints[f"{side}{part}"]] for side in ("left", "right")]
            for part in ("UpperArm", "UpperLeg")
        )
        found.append(_frame(arms[0] + arms[1] - legs[0] - legs[1], arms[0] - arms[1]))
    if found[0] is None or found[1] is None:
        return source.facing, target.facing
    # Columns of a frame are up, left and back: Z, X and Y of a body that faces -Y.
    return found[0][:, [1, 2, 0]].T, found[1][:, [1, 2, 0]].T


def _frames(part: str, target_places: Places, source_places: Places) -> Floats:
    """The turn of the line between left and right `part`, and of the trunk; the identity where these are not known."""
    sides = [f"{side}{limb}" for limb in (part, "UpperLeg", "UpperArm") for side in ("left", "right")]
    if any(name not in target_places for name in sides):
        return IDENTITY
    found = []
    for places in (target_places, source_places):
        left, right, left_leg, right_leg, left_arm, right_arm = (places[name] for name in sides)
        found.append((left_arm + right_arm - left_leg - right_leg, left - right))
    if part == "UpperLeg":  # where the trunk leans to says less about the hips than the legs do
        found = [pair[::-1] for pair in found]
    turn = _frame_turn(*found[0], *found[1])
    return IDENTITY if turn is None else turn


def _above(name: str, found: Mapping[str, Floats]) -> Floats:
    """The alignment that a limb's joint starts from: of the nearest joint above that both bodies have."""
    above = LIMBS[name].above
    while above and above not in found:
        above = LIMBS[above].above if above in LIMBS else ""
    return found[above] if above else found[name]


def _limb(name: str, above: Floats, target_places: Places, source_places: Places, following: str | None) -> Floats:
    if following is None:
        return above
    from_target = target_places[following] - target_places[name]
    from_source = source_places[following] - source_places[name]
    if name.endswith("Hand"):
        knuckles = _knuckles(name.removesuffix("Hand"), target_places)
        if knuckles is not None:
            across_target, across_source = (
                places[knuckles[1]] - places[knuckles[0]] for places in (target_places, source_places)
            )
            turn = _frame_turn(from_target, across_target, from_source, across_source)
            if turn is not None:
                return turn
    return multiply(between(rotate(above, from_target), from_source), above)


def _knuckles(side: str, places: Places) -> tuple[str, str] | None:
    """Two joints that say how the palm lies: knuckles of two fingers, or the thumb's root and a knuckle."""
    pairs = [(f"{side}{first}Proximal", f"{side}{second}Proximal") for first, second in _KNUCKLES]
    pairs += [(f"{side}{thumb}", f"{side}{knuckle}Proximal") for thumb in _THUMB for knuckle in ("Middle", "Index")]
    return next((pair for pair in pairs if pair[0] in places and pair[1] in places), None)


def _frame_turn(from_axis: Floats, from_line: Floats, to_axis: Floats, to_line: Floats) -> Floats | None:
    """The quaternion that brings an axis onto another, and a line beside it as near as it gets; None if flat."""
    ours, theirs = _frame(from_axis, from_line), _frame(to_axis, to_line)
    return None if ours is None or theirs is None else from_matrix(theirs @ ours.T)


def _frame(axis: Floats, line: Floats) -> Floats | None:
    """(3, 3), columns: along the axis, the line as far as it is at right angles to it, axis x line; None if flat."""
    normal = np.cross(axis, line)
    spread = float(np.linalg.norm(normal))
    if spread <= _FLAT * float(np.linalg.norm(axis) * np.linalg.norm(line)) or spread < _NOTHING**2:
        return None
    ahead, up = axis / np.linalg.norm(axis), normal / spread
    return np.stack([ahead, np.cross(up, ahead), up], axis=-1)
