"""Whether a rig can be the body that its map says: a Refusal names the joints and says what is wrong.

The limits are wide. Real rigs rest in an A or a T, mid-stride, or in a jump with bent knees; a map that is wrong (names
swapped, joints of a control rig) is far outside of them.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping

import numpy as np

from rigmill.humanoid.names import OPTIONAL, PARENTS, missing_required
from rigmill.outcomes import Refusal, Reject
from rigmill.types import Floats, Rig

Joints = Mapping[str, int]
SEGMENTS = (("UpperArm", "LowerArm"), ("LowerArm", "Hand"), ("UpperLeg", "LowerLeg"), ("LowerLeg", "Foot"))
WHOLE_LIMBS = (("UpperArm", "LowerArm", "Hand"), ("UpperLeg", "LowerLeg", "Foot"))

_FROM_THE_HIPS = {name: rank for rank, name in enumerate(PARENTS)}
_NO_LENGTH = 0.002  # of the body's extent
UPRIGHT = 0.3  # cosine: a body that leans by 70 degrees is lying
_FOOT_BEND = 0.5  # cosine: a foot that goes on where the shin points (a leap) does not say where the front is
BACKWARDS = -0.5  # cosine between front and toes


def check_rig(rig: Rig) -> None:
    """Refuse a rig that is no forest with its parents first, or has a joint that is nowhere."""
    count = rig.num_joints
    if rig.parents.shape != (count,) or rig.rest_joints.shape != (count, 3) or not count:
        raise Refusal(Reject.MALFORMED, f"a rig of {count} joints with other numbers of parents or places")
    late = np.flatnonzero((rig.parents >= np.arange(count)) | (rig.parents < -1))
    if len(late):
        raise Refusal(
            Reject.MALFORMED, f"joint '{rig.names[late[0]]}' does not come after its parent, or is its own ancestor"
        )
    nowhere = np.flatnonzero(~np.isfinite(rig.rest_joints).all(axis=1))
    if len(nowhere):
        raise Refusal(Reject.MALFORMED, f"joint '{rig.names[nowhere[0]]}' is at no finite place at rest")


def check_names(rig: Rig, joints: Joints) -> None:
    """Refuse a map without the joints that a motion needs, or with one joint for two parts."""
    lacking = missing_required(joints)
    if lacking:
        raise Refusal(
            Reject.UNMAPPABLE_SKELETON, f"missing: {', '.join(lacking)}", measured=float(len(lacking)), limit=0.0
        )
    parts: dict[int, str] = {}
    for name, joint in joints.items():
        if not 0 <= joint < rig.num_joints:
            raise _implausible(f"{name} is joint {joint} of a rig that has {rig.num_joints}")
        other = parts.setdefault(joint, name)
        if other != name:
            raise _implausible(f"'{rig.names[joint]}' is both {other} and {name}")


def without_misfits(rig: Rig, joints: Joints, detached: Collection[str]) -> dict[str, int]:
    """The map without what no motion needs and what cannot be what it is called: a finger that hangs below the other
    arm, and what the map puts below it; an eye that is a joint with another name too.
    """
    kept: dict[str, int] = {}
    others = {joint for name, joint in joints.items() if name not in OPTIONAL}
    for name in sorted(joints, key=lambda name: _FROM_THE_HIPS.get(name, 0)):
        joint = joints[name]
        if name in OPTIONAL and (
            not 0 <= joint < rig.num_joints
            or joint in others
            or (name not in detached and not _hangs_right(rig, kept, name, joint))
        ):
            continue
        others.add(joint)
        kept[name] = joint
    return {name: kept[name] for name in joints if name in kept}


def carriers(rig: Rig, joints: Joints, detached: Collection[str]) -> dict[int, int]:
    """Joint -> the joint that carries it, for `detached` parts that do not hang below the part above them.

    A Refusal where any other part does not: what moves the upper one would leave it behind. Parents come first.
    """
    carried = {}
    for name in (name for name in PARENTS if name in joints):
        above = _above(joints, name)
        if not above or is_below(rig, joints[name], joints[above]):
            continue
        if name not in detached:
            raise _implausible(
                f"{name} ('{rig.names[joints[name]]}') does not hang below {above} ('{rig.names[joints[above]]}')"
            )
        carried[joints[name]] = joints[above]
    return carried


def _above(joints: Container[str], name: str) -> str:
    """The nearest part above one that is in the map; "" where there is none."""
    above = PARENTS[name]
    while above and above not in joints:
        above = PARENTS[above]
    return above


def _hangs_right(rig: Rig, kept: Joints, name: str, joint: int) -> bool:
    """Whether an optional part hangs from its hand, foot or head, or from the part of it that is there."""
    above = _above(kept, name)
    return not above or is_below(rig, joint, kept[above])


def check_lengths(rig: Rig, joints: Joints) -> None:
    """Refuse arms and legs of which a part has no length."""
    extent = float(np.linalg.norm(np.ptp(rig.rest_joints[list(joints.values())], axis=0)))
    for side in ("left", "right"):
        for upper, lower in SEGMENTS:
            if side + lower not in joints:
                continue
            length = float(np.linalg.norm(from_part_to_part(rig, joints, side + upper, side + lower)))
            if length <= _NO_LENGTH * extent:
                raise _implausible(
                    f"{side}{upper} and {side}{lower} are at the same place", measured=length, limit=_NO_LENGTH * extent
                )


def check_sides(rig: Rig, joints: Joints, facing: Floats) -> None:
    """Refuse a map that takes left for right: whole arms and legs are on their side, and toes point to the front.

    A body and its mirror image have the same joints, so that only what sticks out in front tells them apart.
    """
    left, front = facing.T @ [1.0, 0.0, 0.0], facing.T @ [0.0, -1.0, 0.0]
    for limb in WHOLE_LIMBS:
        pairs = [part for part in limb if f"left{part}" in joints and f"right{part}" in joints]
        apart = float(np.mean([from_part_to_part(rig, joints, f"right{part}", f"left{part}") @ left for part in pairs]))
        if apart <= 0:
            raise _implausible(
                f"left and right are swapped, or arms and legs disagree about them: left{limb[0]} and what hangs from "
                f"it is to the right of right{limb[0]}",
                measured=apart,
                limit=0.0,
            )
    ahead = toes_ahead(rig, joints, front)
    if ahead is not None and ahead < BACKWARDS:
        raise _implausible("the toes point backwards: left and right are swapped", measured=ahead, limit=BACKWARDS)


def toes_ahead(rig: Rig, joints: Joints, front: Floats) -> float | None:
    """The mean cosine between `front` (3,) and the toes at rest; None where no foot stands out from its shin."""
    ahead = [float(direction @ front) for direction in _toes(rig, joints)]
    return float(np.mean(ahead)) if ahead else None


def check_upright(rig: Rig, joints: Joints) -> None:
    """Refuse a body that does not stand: the head above the hips, the hips above the feet."""
    head_up, hips_up = uprightness(rig.rest_joints, joints)
    for what, cosine in (("the head is not above the hips", head_up), ("the hips are not above the feet", hips_up)):
        if cosine < UPRIGHT:
            raise _implausible(f"{what} at rest", measured=cosine, limit=UPRIGHT)


def uprightness(places: Floats, joints: Joints) -> tuple[float, float]:
    """Cosines between up and the ways from hips to head and from feet to hips, of joints at places (J, 3).

    `joints` has all that a motion needs. 1: it stands; 0: it lies; -1: it hangs head down.
    """
    top = [next((joints[name] for name in ("head", "neck", "upperChest", "chest", "spine") if name in joints), -1)]
    if top == [-1]:
        top = [joints["leftUpperArm"], joints["rightUpperArm"]]
    low = [
        next(joints[side + part] for part in ("Foot", "LowerLeg") if side + part in joints)
        for side in ("left", "right")
    ]
    hips, head, feet = places[joints["hips"]], places[top].mean(axis=0), places[low].mean(axis=0)
    return _upward(head - hips), _upward(hips - feet)


def _upward(way: Floats) -> float:
    length = float(np.linalg.norm(way))
    return float(way[2]) / length if length else 0.0


def from_part_to_part(rig: Rig, joints: Joints, start: str, end: str) -> Floats:
    """From one part to another at rest, (3,)."""
    difference: Floats = rig.rest_joints[joints[end]] - rig.rest_joints[joints[start]]
    return difference


def _toes(rig: Rig, joints: Joints) -> Iterator[Floats]:
    """Where the toes of each foot would point if the shin hung straight down, as unit vectors (3,)."""
    for side in ("left", "right"):
        if f"{side}Toes" not in joints or f"{side}Foot" not in joints:
            continue
        shin, foot = (
            from_part_to_part(rig, joints, side + start, side + end)
            for start, end in (("LowerLeg", "Foot"), ("Foot", "Toes"))
        )
        if not np.linalg.norm(foot) > 0 or not np.linalg.norm(shin) > 0:
            continue
        shin, foot = shin / np.linalg.norm(shin), foot / np.linalg.norm(foot)
        # How far the foot stands out from the shin, and where to: along the ground if the shin hangs down.
        across = foot - (foot @ shin) * shin
        if np.linalg.norm(across) < _FOOT_BEND:
            continue
        down = np.array([0.0, 0.0, -1.0])
        axis, cosine = np.cross(shin, down), float(shin @ down)
        if cosine > BACKWARDS:  # the smallest turn from the shin to straight down, by Rodrigues' formula
            turned = across * cosine + np.cross(axis, across) + axis * (axis @ across) / (1 + cosine)
            yield turned / np.linalg.norm(turned)


def is_below(rig: Rig, joint: int, above: int) -> bool:
    """Whether a joint is another one, or hangs from it by whatever is between."""
    while joint > above:  # parents come first, so that this ends
        joint = int(rig.parents[joint])
    return joint == above


def _implausible(message: str, *, measured: float | None = None, limit: float | None = None) -> Refusal:
    return Refusal(Reject.IMPLAUSIBLE_SKELETON, message, measured=measured, limit=limit)
