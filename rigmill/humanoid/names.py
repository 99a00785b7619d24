"""The humanoid map: which joint of a rig is which part of a body, by declared names and never by guessing.

Canonical names are those of VRM 1.0. A rig's joints are known by its VRM block, or by Mixamo's names in every prefix
that its exporters write (mixamorig:, mixamorig12:, mixamorig_, Armature|mixamorig:, none). Other skeletons have
families of names (families.py); which of all these a rig goes by is decided in maps.py.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

_PREFIX = re.compile(r"^(?:.*[:|])?(?:mixamorig\d*[:_]?)?")
_MIXAMO = re.compile(r"(?:^|[:|])mixamorig\d*[:_]?(?=[A-Z])")

_SKETCHFAB = re.compile(r"_0\d+$")  # Hips_01, LeftFoot_058

_ESCAPE = "FBXASC"
_ESCAPED = re.compile(_ESCAPE + r"(\d{3})")

_TRUNK = {"hips": "Hips", "spine": "Spine", "chest": "Spine1", "upperChest": "Spine2", "neck": "Neck", "head": "Head"}
_SIDE = {
    "Eye": "Eye",
    "Shoulder": "Shoulder",
    "UpperArm": "Arm",
    "LowerArm": "ForeArm",
    "Hand": "Hand",
    "UpperLeg": "UpLeg",
    "LowerLeg": "Leg",
    "Foot": "Foot",
    "Toes": "ToeBase",
    "ThumbMetacarpal": "HandThumb1",
    "ThumbProximal": "HandThumb2",
    "ThumbDistal": "HandThumb3",
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


def _parents() -> dict[str, str]:
    trunk = tuple(_TRUNK)
    chains: list[tuple[str, ...]] = [trunk, ("head", "jaw")]
    for side in ("left", "right"):
        chains += [("head", f"{side}Eye"), ("upperChest", f"{side}Shoulder"), ("hips", f"{side}UpperLeg")]
        parts = [("Shoulder", "UpperArm", "LowerArm", "Hand"), ("UpperLeg", "LowerLeg", "Foot", "Toes")]
        parts += [("Hand", "ThumbMetacarpal", "ThumbProximal", "ThumbDistal")]
        for finger in ("Index", "Middle", "Ring", "Little"):
            parts.append(("Hand", f"{finger}Proximal", f"{finger}Intermediate", f"{finger}Distal"))
        chains += [tuple(side + part for part in chain) for chain in parts]
    return {"hips": ""} | {lower: upper for chain in chains for upper, lower in zip(chain, chain[1:])}


# Every canonical name -> the one above it, which comes before it; "" above the hips.
PARENTS: dict[str, str] = _parents()

# Without these there is nothing that a motion could be put on. Hands, feet, head and spine may be absent: rigs that
# hold only what deforms a mesh often end at the wrist and the ankle.
LIMB_PARTS: tuple[str, ...] = ("UpperArm", "LowerArm", "UpperLeg", "LowerLeg")
REQUIRED: tuple[str, ...] = ("hips", *(side + part for side in ("left", "right") for part in LIMB_PARTS))

# Without these a body is not whole; a message about an unmappable skeleton names them.
CORE: tuple[str, ...] = (
    "hips",
    "spine",
    "head",
    *(
        f"{side}{part}"
        for side in ("left", "right")
        for part in ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot")
    ),
)
# No motion of a body needs these: one that does not fit its rig is left out, and the rest of the map still holds.
OPTIONAL: frozenset[str] = frozenset(
    name
    for name in PARENTS
    if name == "jaw" or name.endswith(("Eye", "Toes", "Metacarpal", "Proximal", "Intermediate", "Distal"))
)
# Who names these means a body like ours.
BODY = frozenset({"hips", "leftUpperArm", "rightUpperArm", "leftUpperLeg", "rightUpperLeg"})


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
        for chain in chains
        for part in chain
        if part != "Foot"
    }


# The joints whose rest directions are aligned when a motion is moved between rigs, from the body outwards.
LIMBS: dict[str, Limb] = _limbs("left") | _limbs("right")


def as_written(names: Sequence[str]) -> Sequence[str]:
    """The names as their author wrote them.

    Sketchfab puts a number behind each and `_rootJoint` above all; Maya writes a character that its own names cannot
    have as FBXASC and three digits, its code (`handFBXASC046L` is hand.L).
    """
    if _ESCAPE in "\n".join(names):
        names = [_ESCAPED.sub(lambda code: chr(int(code[1])), name) for name in names]
    if not any(name.endswith("_rootJoint") for name in names):
        return names
    return [_SKETCHFAB.sub("", name) for name in names]


@lru_cache(maxsize=2**16)  # a plan asks for every joint of every rig, and skeletons share their names
def _canonical(name: str) -> str | None:
    return _BY_NAME.get(_PREFIX.sub("", name, count=1))


def humanoid_joints(names: Sequence[str]) -> dict[str, int]:
    """Canonical name -> joint index, for the joints whose name is declared; the first of equals counts."""
    found: dict[str, int] = {}
    for index, name in enumerate(as_written(names)):
        canonical = _canonical(name)
        if canonical is not None:
            found.setdefault(canonical, index)
    return found


def declares_humanoid(names: Sequence[str], declared: Mapping[str, str]) -> bool:
    """Whether a rig says that it is a person: by a VRM block, by Mixamo's prefix, or by the names of hips and limbs.

    Animals have hips, spines, heads and legs by these names, so a few of them say nothing; who calls two limbs arms
    and two legs means a body like ours.
    """
    return bool(declared) or has_mixamo_prefix(names) or humanoid_joints(names).keys() >= BODY


def has_mixamo_prefix(names: Sequence[str]) -> bool:
    """Whether any joint is named as Mixamo alone names joints."""
    # Most rigs are told apart by one look at all names.
    return "mixamorig" in "\n".join(names) and any(_MIXAMO.search(name) for name in as_written(names))


def mapped_joints(names: Sequence[str], declared: Mapping[str, str]) -> dict[str, int]:
    """Canonical name -> joint index: as declared (canonical name -> joint), or by Mixamo's names if nothing is."""
    if not declared:
        return humanoid_joints(names)
    index: dict[str, int] = {}
    for position, name in enumerate(names):
        index.setdefault(name, position)  # two skeletons of one file may share names: the first counts
    return {bone: index[joint] for bone, joint in declared.items() if joint in index}


def missing_core(joints: Container[str]) -> tuple[str, ...]:
    """The canonical names of CORE that a rig lacks."""
    return tuple(name for name in CORE if name not in joints)


def missing_required(joints: Container[str]) -> tuple[str, ...]:
    """The canonical names of REQUIRED that a rig lacks."""
    return tuple(name for name in REQUIRED if name not in joints)
