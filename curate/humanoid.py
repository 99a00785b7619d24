"""The humanoid map: which joint of a rig is which part of a body, by declared names and never by guessing.

Canonical names are those of VRM 1.0. A rig's joints are known by Mixamo's names, in every prefix its exporters
write (mixamorig:, mixamorig12:, mixamorig_, Armature|mixamorig:, none).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_PREFIX = re.compile(r"^(?:.*[:|])?(?:mixamorig\d*[:_]?)?")

_TRUNK = {
    "hips": "Hips", "spine": "Spine", "chest": "Spine1", "upperChest": "Spine2", "neck": "Neck", "head": "Head",
}
_SIDE = {
    "Eye": "Eye", "Shoulder": "Shoulder", "UpperArm": "Arm", "LowerArm": "ForeArm", "Hand": "Hand",
    "UpperLeg": "UpLeg", "LowerLeg": "Leg", "Foot": "Foot", "Toes": "ToeBase",
    "ThumbMetacarpal": "HandThumb1", "ThumbProximal": "HandThumb2", "ThumbDistal": "HandThumb3",
    **{
        f"{vrm}{part}": f"Hand{mixamo}{number}"
        for vrm, mixamo in (("Index", "Index"), ("Middle", "Middle"), ("Ring", "Ring"), ("Little", "Pinky"))
        for number, part in enumerate(("Proximal", "Intermediate", "Distal"), start=1)
    },
}
CANONICAL: dict[str, str] = _TRUNK | {
    f"{side}{vrm}": f"{side.capitalize()}{mixamo}" for side in ("left", "right") for vrm, mixamo in _SIDE.items()
}
_BY_NAME = {mixamo: canonical for canonical, mixamo in CANONICAL.items()}

# Without these a body is not whole; a message about an unmappable skeleton names them.
CORE: tuple[str, ...] = (
    "hips", "spine", "head",
    *(f"{side}{part}" for side in ("left", "right")
      for part in ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot")),
)



@dataclass(frozen=True, slots=True)
class Limb:
    """A joint of a limb: the one above it, and those of which the first that exists says where it points."""

    above: str
    following: tuple[str, ...]


def _limbs(side: str) -> dict[str, Limb]:
    chains: list[tuple[str, ...]] = [("UpperArm", "LowerArm", "Hand"), ("UpperLeg", "LowerLeg", "Foot")]
    chains.append(("Hand", "ThumbMetacarpal", "ThumbProximal", "ThumbDistal"))
    for finger in ("Index", "Middle", "Ring", "Little"):
        chains.append(("Hand", f"{finger}Proximal", f"{finger}Intermediate", f"{finger}Distal"))
    above = {part: upper for chain in chains for upper, part in zip(chain, chain[1:])}
    following: dict[str, tuple[str, ...]] = {
        part: (lower,) for chain in chains for part, lower in zip(chain, chain[1:])
    }
    following["Hand"] = ("MiddleProximal", "IndexProximal")
    return {
        f"{side}{part}": Limb(
            above=f"{side}{above[part]}" if part in above else "",
            following=tuple(f"{side}{lower}" for lower in following.get(part, ())),
        )
        for chain in chains for part in chain if part != "Foot"
    }


# The joints whose rest directions are aligned when a motion is moved between rigs, from the body outwards.
LIMBS: dict[str, Limb] = _limbs("left") | _limbs("right")


@lru_cache(maxsize=2**16)  # a plan asks for every joint of every rig, and skeletons share their names
def _canonical(name: str) -> str | None:
    return _BY_NAME.get(_PREFIX.sub("", name, count=1))


def humanoid_joints(names: Sequence[str]) -> dict[str, int]:
    """Canonical name -> joint index, for the joints whose name is declared; the first of equals counts."""
    found: dict[str, int] = {}
    for index, name in enumerate(names):
        canonical = _canonical(name)
        if canonical is not None:
            found.setdefault(canonical, index)
    return found


def missing_core(joints: dict[str, int]) -> tuple[str, ...]:
    """The canonical names of CORE that a rig lacks."""
    return tuple(name for name in CORE if name not in joints)
