"""How files write the names of bones. A seed chooses, so that curation meets what it will meet outside."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Style(StrEnum):
    """Families of names."""

    MIXAMO = "mixamo"  # mixamorig:LeftUpLeg
    VRM = "vrm"  # leftUpperLeg, as VRM's own words
    BLENDER = "blender"  # upper_leg.L
    NUMBERED = "numbered"  # UpperLeg_L_07, as converters write them
    PLAIN = "plain"  # LeftUpperLeg
    SHORT = "short"  # Door_L, Wheel_FR, Drawer_02: things of games
    COPIES = "copies"  # door.L, drawer, drawer.001: as Blender numbers copies


# Words of ours -> Mixamo's, of people alone.
_MIXAMO = {
    "chest": "Spine1",
    "upper chest": "Spine2",
    "upper arm": "Arm",
    "lower arm": "ForeArm",
    "upper leg": "UpLeg",
    "lower leg": "Leg",
    "toes": "ToeBase",
    "thumb": "HandThumb",
    "index": "HandIndex",
    "middle": "HandMiddle",
    "ring": "HandRing",
    "little": "HandPinky",
    "left eye": "LeftEye",
    "right eye": "RightEye",
}
_SEGMENTS = {"1": "Proximal", "2": "Intermediate", "3": "Distal"}
_FINGERS = ("thumb", "index", "middle", "ring", "little")


def written(names: Sequence[str], style: Style, *, is_person: bool) -> tuple[str, ...]:
    """The bones' names as a file of that style has them; every name stays unique."""
    found = tuple(_one(name, style, number, is_person) for number, name in enumerate(names))
    if len(set(found)) != len(found):
        raise ValueError(f"two bones share a name in style {style}")
    return found


def _one(name: str, style: Style, number: int, is_person: bool) -> str:
    side, _, rest = name.partition(" ")
    if side not in ("left", "right"):
        side, rest = "", name
    if style is Style.MIXAMO:
        return "mixamorig:" + side.capitalize() + _mixamo(rest, is_person)
    if style is Style.VRM:
        words = (side + " " if side else "") + _vrm(rest, is_person)
        first, *others = words.split()
        return first + "".join(word[:1].upper() + word[1:] for word in others)
    if style is Style.BLENDER:
        return "_".join(rest.split()) + {"left": ".L", "right": ".R", "": ""}[side]
    if style is Style.SHORT:
        return _short(side, rest.split())
    if style is Style.COPIES:
        return _copied(side, rest.split())
    camel = "".join(word.capitalize() for word in rest.split())
    if style is Style.NUMBERED:
        return f"{camel}{ {'left': '_L', 'right': '_R', '': ''}[side] }_{number:02d}"
    return side.capitalize() + camel


_ENDS = {"front": "F", "back": "B", "middle": "M", "hind": "H"}


def _short(side: str, words: list[str]) -> str:
    """Wheel_FL: the ends and the side as letters after the word, numbers of two digits."""
    letters = "".join(_ENDS[word] for word in words if word in _ENDS) + side[:1].upper()
    named = [word.zfill(2) if word.isdigit() else word.capitalize() for word in words if word not in _ENDS]
    return "_".join(filter(None, (*named, letters)))


def _copied(side: str, words: list[str]) -> str:
    """drawer, drawer.001, drawer.002 for the first, the second and the third."""
    number = int(words[-1]) - 1 if words[-1].isdigit() else 0
    stem = "_".join(words[:-1] if words[-1].isdigit() else words) + (f".{side[0].upper()}" if side else "")
    return f"{stem}.{number:03d}" if number else stem


def _mixamo(rest: str, is_person: bool) -> str:
    if is_person:
        word, _, number = rest.rpartition(" ")
        if word in _FINGERS:
            return _MIXAMO[word] + number
        if rest in _MIXAMO:
            return _MIXAMO[rest]
    return "".join(word.capitalize() for word in rest.split())


def _vrm(rest: str, is_person: bool) -> str:
    word, _, number = rest.rpartition(" ")
    if is_person and word in _FINGERS:
        return f"{word} {_SEGMENTS[number]}"
    return rest
