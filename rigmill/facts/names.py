"""What plain names say of a joint: which side it is on, and what part of what it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

LEFT, RIGHT = "left", "right"
_SIDES = {"l": LEFT, "left": LEFT, "lft": LEFT, "r": RIGHT, "right": RIGHT, "rgt": RIGHT, "rt": RIGHT}
_ENDS = {"front": "front", "fore": "front", "hind": "hind", "back": "hind", "rear": "hind"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# Token -> part. What is not here is 'part', however well a stranger named it: names are hints, and these are words.
_PARTS = {
    "arm": "arm",
    "forearm": "arm",
    "upperarm": "arm",
    "lowerarm": "arm",
    "elbow": "arm",
    "wrist": "arm",
    "hand": "arm",
    "leg": "leg",
    "thigh": "leg",
    "shin": "leg",
    "calf": "leg",
    "knee": "leg",
    "foot": "leg",
    "feet": "leg",
    "paw": "leg",
    "hoof": "leg",
    "ankle": "leg",
    "toe": "leg",
    "upleg": "leg",
    "wing": "wing",
    "tail": "tail",
    "head": "head",
    "neck": "head",
    "jaw": "jaw",
    "mandible": "jaw",
    "ear": "ear",
    "fin": "fin",
    "antenna": "antenna",
    "tentacle": "tentacle",
    "pincer": "claw",
    "abdomen": "abdomen",
    "trunk": "trunk",
    "torso": "torso",
    "body": "body",
    "spine": "torso",
    "door": "door",
    "gate": "gate",
    "drawer": "drawer",
    "lid": "lid",
    "hatch": "hatch",
    "wheel": "wheel",
    "tyre": "wheel",
    "tire": "wheel",
    "lever": "lever",
    "handle": "handle",
    "window": "window",
    "fan": "fan",
    "propeller": "propeller",
    "rotor": "rotor",
    "blade": "blade",
    "spike": "spike",
    "button": "button",
    "piston": "piston",
    "turret": "turret",
    "crank": "crank",
    "pedal": "pedal",
    "boom": "boom",
    "jib": "boom",
    "stick": "stick",
    "rod": "rod",
    "hook": "hook",
    "bucket": "bucket",
    "shade": "shade",
    "motor": "motor",
}
CREATURE = frozenset(
    "arm leg wing tail head jaw ear fin antenna tentacle claw abdomen trunk torso".split()
)  # parts that only what lives, or a figure of it, has
THING = frozenset(
    "door gate drawer lid hatch wheel lever handle window fan propeller rotor blade spike button piston turret crank "
    "pedal boom stick rod hook bucket shade motor".split()
)  # parts that only a thing has
_GLUED = tuple(sorted((word for word in _PARTS if len(word) > 2), key=len, reverse=True))


@lru_cache(maxsize=2**16)
def tokens(name: str) -> tuple[str, ...]:
    """The lower-case words of a name: 'b_RightForeArm_07' is b, right, fore, arm, 07."""
    words = [word.lower() for word in _WORD.findall(name.rpartition(":")[2])]
    found: list[str] = []
    for word in words:
        side = next((side for side in (LEFT, RIGHT) if word.startswith(side) and len(word) > len(side)), "")
        found += [side, word[len(side) :]] if side else [word]
    return tuple(found)


@lru_cache(maxsize=2**16)
def side_of(name: str) -> str:
    """'left', 'right' or ''."""
    sides = {_SIDES[token] for token in tokens(name) if token in _SIDES}
    return sides.pop() if len(sides) == 1 else ""


@lru_cache(maxsize=2**16)
def end_of(name: str) -> str:
    """'front', 'hind' or '': of legs."""
    ends = {_ENDS[token] for token in tokens(name) if token in _ENDS}
    return ends.pop() if len(ends) == 1 else ""


@lru_cache(maxsize=2**16)
def part_of(name: str) -> str:
    """What the name says the joint belongs to, '' where it says nothing; the last word that is a part counts."""
    said = ""
    for token in tokens(name):
        for word in (token, token.removesuffix("s")):
            if word in _PARTS:
                said = _PARTS[word]
                break
        else:
            glued = next((word for word in _GLUED if token.startswith(word) or token.endswith(word)), "")
            said = _PARTS[glued] if len(token) > 4 and glued and len(glued) > 3 else said
    return said


def is_lid(name: str, below: str) -> bool:
    """Whether a joint is the top of what it hangs on: Chest_Top on Chest_Bottom."""
    return "top" in tokens(name) and bool({"bottom", "base", "box"} & set(tokens(below)))


@lru_cache(maxsize=2**16)
def _across(name: str) -> str:
    """The name with its side left out, to find the one on the other side."""
    return "|".join("?" if token in _SIDES else token for token in tokens(name) if not token.isdigit())


def sided_pairs(names: Sequence[str]) -> list[tuple[int, int]]:
    """(left, right) joints whose names differ by the side alone, numbers apart; the first of equals counts."""
    found: dict[str, dict[str, int]] = {}
    for joint, name in enumerate(names):
        if side := side_of(name):
            found.setdefault(_across(name), {}).setdefault(side, joint)
    return [(pair[LEFT], pair[RIGHT]) for pair in found.values() if len(pair) == 2]
