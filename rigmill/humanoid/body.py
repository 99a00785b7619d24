"""A humanoid body: a rig at rest with the checked map of its parts, where it faces, and how tall it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rigmill.humanoid.checks import (
    carriers,
    check_lengths,
    check_names,
    check_rig,
    check_sides,
    check_upright,
    from_part_to_part,
    is_below,
    without_misfits,
)
from rigmill.outcomes import Refusal, Reject
from rigmill.rigs.skeleton import forward
from rigmill.types import Floats, Motion, Rig

_SNAP = np.radians(15)
_AGREED = 0.95  # length of the sum of two unit vectors: hips and shoulders up to 123 degrees apart, or one of them
_ON_THE_GROUND = 0.1  # of the height of the knee over what hangs lowest from it
_SHIN_LEAST = 0.4  # of the thigh: what ends nearer to the knee is no leg
_STRAIGHT = 0.9  # of the leg's length that is height at rest; less is a bent or a lifted leg


@dataclass(frozen=True, slots=True)
class Body:
    """A rig whose map was checked. `joints` goes from canonical names (VRM 1.0's) to joint indices."""

    rig: Rig
    joints: Mapping[str, int]
    facing: Floats  # (3, 3): turns the world about Z such that the body's front is at -Y
    hip_height: float  # of the hips above the lowest joint of the legs when the legs are straight, in the rig's unit
    leg_lengths: tuple[float, float]  # thigh and shin together, left and right
    carried: Mapping[int, int]  # joint -> the joint that it follows though it does not hang below it (`carry`)
    left_out: tuple[str, ...] = ()  # parts of the map that do not fit the rig and that no motion needs
    # Of parts that rest in another pose than the mesh is bound in, the turn (4,) from that to the rest, in the world.
    posed: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def hips(self) -> int:
        return self.joints["hips"]

    def leg(self, side: str) -> float:
        """The length of a side's leg."""
        return self.leg_lengths[("left", "right").index(side)]


def as_body(
    rig: Rig,
    joints: Mapping[str, int],
    detached: Collection[str] = (),
    posed: Mapping[str, Sequence[float]] | None = None,
) -> Body:
    """The rig as a body; a Refusal where the map cannot be right. `detached` parts need not hang from each other.

    `posed`: by joint, how it rests against how the mesh is bound (w, x, y, z), as a probe row has it.

    A finger, toe, eye or jaw that does not fit is no reason: the body is without it, and says so.
    """
    check_rig(rig)
    turns = posed or {}
    declared, joints = joints, without_misfits(rig, joints, detached)
    check_names(rig, joints)
    carried = carriers(rig, joints, detached)
    check_lengths(rig, joints)
    facing = facing_turn(rig, joints)
    check_sides(rig, joints, facing)
    check_upright(rig, joints)
    return Body(
        rig,
        dict(joints),
        facing,
        hip_height(rig, joints),
        (_leg(rig, joints, "left"), _leg(rig, joints, "right")),
        carried,
        tuple(name for name in declared if name not in joints),
        {name: np.array(turns[rig.names[joint]]) for name, joint in joints.items() if rig.names[joint] in turns},
    )


def facing_turn(rig: Rig, joints: Mapping[str, int]) -> Floats:
    """The turn about Z that makes a body face -Y, (3, 3): it has its left upper arm and thigh at +X then.

    Shoulders and hips are turned against each other in a rest pose that was taken from a motion, so their directions
    are averaged. Files have their subject along an axis; what is left of such a twist is no turn of the subject, and
    within 15 degrees of a quarter turn the quarter turn is taken, which is exact as well. Beyond, the body was turned
    by someone, and the turn is taken as it is.
    """
    lateral = np.zeros(2)
    for part in ("UpperLeg", "UpperArm"):
        across = from_part_to_part(rig, joints, f"right{part}", f"left{part}")[:2]
        length = float(np.linalg.norm(across))
        if length > 0:
            lateral += across / length
    if np.linalg.norm(lateral) < _AGREED:
        raise Refusal(
            Reject.IMPLAUSIBLE_SKELETON,
            "arms and legs disagree about left and right",
            measured=float(np.linalg.norm(lateral)),
            limit=_AGREED,
        )
    yaw = float(np.arctan2(lateral[1], lateral[0]))
    quarters = round(yaw / (np.pi / 2))
    if abs(yaw - quarters * np.pi / 2) <= _SNAP:
        cosine, sine = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[quarters % 4]
    else:
        cosine, sine = float(np.cos(yaw)), float(np.sin(yaw))
    return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], dtype=np.float64)


def hip_height(rig: Rig, joints: Mapping[str, int]) -> float:
    """How far the hips are above the lowest joint of the legs, at rest or, where a leg is bent at rest, once straight.

    A rest pose taken from a leap has its feet anywhere: the lengths of thigh and shin say how tall the body stands.
    So they do where a rig ends at the knee. A foot that the map does not know is where the leg ends (`leg_end`).
    """
    ends = [end for side in ("left", "right") if (end := leg_end(rig, joints, side)) is not None]
    legs = leg_joints(joints) + ends
    hips = rig.rest_joints[joints["hips"]]
    at_rest = float(hips[2] - rig.rest_joints[legs, 2].min())
    standing, straight = [], True
    for side in ("left", "right"):
        top, length, sole = rig.rest_joints[joints[f"{side}UpperLeg"], 2], _leg(rig, joints, side), 0.0
        end = leg_end(rig, joints, side)
        ankle = np.inf if end is None else rig.rest_joints[end, 2]
        straight = straight and float(top - ankle) >= _STRAIGHT * length
        if f"{side}Foot" in joints and f"{side}Toes" in joints:
            sole = max(0.0, float(ankle - rig.rest_joints[joints[f"{side}Toes"], 2]))
        standing.append(float(hips[2] - top) + length + sole)
    return at_rest if straight else max(float(np.mean(standing)), at_rest)


def carry(motion: Motion, body: Body) -> Motion:
    """The motion with every carried joint displaced such that it stays where it is, seen from the joint it follows.

    Turns are left as they are. Feet of a rig made for inverse kinematics hang from its root: this keeps them on.
    """
    if not body.carried:
        return motion
    rig, translations = body.rig, motion.translations.copy()
    for joint, above in body.carried.items():  # parents first: each finds those above it in place
        positions, turns = forward(rig, Motion(motion.rotations, translations, motion.fps))
        rest = rig.rest_joints
        place = positions[:, above] + turns[:, above] @ (rest[joint] - rest[above])
        parent = int(rig.parents[joint])
        if parent < 0:
            translations[:, joint] = place - rest[joint]
        else:
            seen = np.einsum("tji,tj->ti", turns[:, parent], place - positions[:, parent])
            translations[:, joint] = seen - (rest[joint] - rest[parent])
    return Motion(motion.rotations, translations, motion.fps)


def leg_joints(joints: Mapping[str, int]) -> list[int]:
    """The joints of both legs that the map has, from thigh to toes."""
    names = (f"{side}{part}" for side in ("left", "right") for part in ("UpperLeg", "LowerLeg", "Foot", "Toes"))
    return [joints[name] for name in names if name in joints]


def leg_end(rig: Rig, joints: Mapping[str, int], side: str) -> int | None:
    """The joint on which a leg stands: its foot or, where the map has none, the end of what hangs from its lower leg.

    Legs of three parts, as mechs and beasts have, often end in names that no map knows. The end is the first joint on
    the way down that is about as low as the lowest; None where next to nothing hangs from the lower leg.
    """
    if f"{side}Foot" in joints:
        return joints[f"{side}Foot"]
    knee = joints[f"{side}LowerLeg"]
    below = [joint for joint in range(knee + 1, rig.num_joints) if is_below(rig, joint, knee)]
    if not below:
        return None
    knee_height, heights = float(rig.rest_joints[knee, 2]), rig.rest_joints[below, 2]
    low = heights.min() + _ON_THE_GROUND * (knee_height - heights.min())
    end = next(joint for joint, height in zip(below, heights) if height <= low)
    shin = float(np.linalg.norm(rig.rest_joints[end] - rig.rest_joints[knee]))
    thigh = float(np.linalg.norm(from_part_to_part(rig, joints, f"{side}UpperLeg", f"{side}LowerLeg")))
    return end if heights.min() < knee_height and shin >= _SHIN_LEAST * thigh else None


def _leg(rig: Rig, joints: Mapping[str, int], side: str) -> float:
    """Thigh and shin; without an end, a shin as long as the thigh, as people's are."""
    thigh = float(np.linalg.norm(from_part_to_part(rig, joints, f"{side}UpperLeg", f"{side}LowerLeg")))
    end = leg_end(rig, joints, side)
    if end is None:
        return 2 * thigh
    return thigh + float(np.linalg.norm(rig.rest_joints[end] - rig.rest_joints[joints[f"{side}LowerLeg"]]))
