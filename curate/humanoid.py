"""The humanoid map: which joint of a rig is which part of a body, by declared names and never by guessing.

Canonical names are those of VRM 1.0. A rig's joints are known by Mixamo's names, in every prefix its exporters
write (mixamorig:, mixamorig12:, mixamorig_, Armature|mixamorig:, none).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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

# The next joint along each limb, where one is needed to say which way the limb points. The first that exists counts.
_LIMB_NEXT: dict[str, tuple[str, ...]] = {
    "UpperArm": ("LowerArm",), "LowerArm": ("Hand",), "Hand": ("MiddleProximal", "IndexProximal"),
    "UpperLeg": ("LowerLeg",), "LowerLeg": ("Foot",),
    "ThumbMetacarpal": ("ThumbProximal",), "ThumbProximal": ("ThumbDistal",), "ThumbDistal": (),
    **{
        f"{finger}{part}": following
        for finger in ("Index", "Middle", "Ring", "Little")
        for part, following in (
            ("Proximal", (f"{finger}Intermediate",)), ("Intermediate", (f"{finger}Distal",)), ("Distal", ()),
        )
    },
}
LIMBS: dict[str, tuple[str, ...]] = {
    f"{side}{part}": tuple(f"{side}{following}" for following in options)
    for side in ("left", "right") for part, options in _LIMB_NEXT.items()
}


def humanoid_joints(names: Sequence[str]) -> dict[str, int]:
    """Canonical name -> joint index, for the joints whose name is declared; the first of equals counts."""
    found: dict[str, int] = {}
    for index, name in enumerate(names):
        canonical = _BY_NAME.get(_PREFIX.sub("", name, count=1))
        if canonical is not None:
            found.setdefault(canonical, index)
    return found


def missing_core(joints: dict[str, int]) -> tuple[str, ...]:
    """The canonical names of CORE that a rig lacks."""
    return tuple(name for name in CORE if name not in joints)
