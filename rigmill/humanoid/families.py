"""Families of joint names, for skeletons that are neither VRM nor Mixamo: how a YAML of them is read.

The shipped families are in skeletons.yaml beside this file; a user's file (`retarget.skeletons`) has the same form.
docs/humanoids.md explains it. A file that cannot be understood stops the run with a message that names the key.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from rigmill.errors import UserError
from rigmill.humanoid.names import PARENTS, missing_required
from rigmill.types import Row

SHIPPED = Path(__file__).with_name("skeletons.yaml")
SIDE = "<side>"
KEYS = ("name", "about", "prefixes", "sides", "joints", "limbs", "detached")
MAX_BYTES = 1_000_000
_SIDES = ("left", "right")
_LIMB_PARTS = tuple(name.removeprefix("left") for name in PARENTS if name.startswith("left"))
_SAMPLE = "see docs/humanoids.md for an example"


@dataclass(frozen=True, slots=True)
class Family:
    """One convention of joint names. A joint has one of several names, each behind one of the prefixes."""

    name: str
    about: str
    prefixes: tuple[str, ...]
    joints: dict[str, tuple[str, ...]]  # canonical name -> names, of which the first that a rig has counts
    detached: tuple[str, ...]  # canonical names of joints that may hang elsewhere in the tree and are carried along

    def to_row(self) -> Row:
        """The family as plain values, without what is only for readers."""
        return {
            "name": self.name,
            "prefixes": list(self.prefixes),
            "detached": list(self.detached),
            "joints": {canonical: list(names) for canonical, names in self.joints.items()},
        }

    @classmethod
    def from_row(cls, row: Row) -> Family:
        joints = {canonical: tuple(names) for canonical, names in row["joints"].items()}
        return cls(row["name"], "", tuple(row["prefixes"]), joints, tuple(row["detached"]))


@cache
def shipped_families() -> tuple[Family, ...]:
    """The families of skeletons.yaml, in its order."""
    return read_families(SHIPPED)


def user_families(path: str) -> list[Row]:
    """The families of a user's file as plain rows, for a stage's settings; none where the profile names no file."""
    return [family.to_row() for family in read_families(Path(path).expanduser())] if path else []


def read_families(path: Path) -> tuple[Family, ...]:
    """The families of a YAML file; a UserError says which family and key is wrong, and what to write instead."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _mistake(path, "the file is over 1 MB", fix="a list of families, no more; " + _SAMPLE)
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise _mistake(path, why, fix="correct retarget.skeletons, or leave it empty") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _mistake(path, " ".join(str(error).split()), fix="correct the YAML") from error
    if not isinstance(document, list) or not document:
        raise _mistake(path, "it is no list of families", fix="begin each family with '- name:'; " + _SAMPLE)
    families = [_family(path, entry, number) for number, entry in enumerate(document, start=1)]
    names = [family.name for family in families]
    for name in names:
        if names.count(name) > 1:
            raise _mistake(path, f"two families are called '{name}'", fix="rename one, or make them one")
    return tuple(families)


@lru_cache(maxsize=2**16)  # skeletons share their names
def plain(name: str) -> str:
    """A joint's name as names are compared: without a namespace, case apart, and with ' ', '.', '-' and '_' alike."""
    return name[max(name.rfind(":"), name.rfind("|")) + 1 :].casefold().translate(_SEPARATORS)


_SEPARATORS = str.maketrans(" .-", "___")


class _Place:
    """Where in a file a mistake is."""

    def __init__(self, path: Path, family: str) -> None:
        self.path, self.family = path, family

    def error(self, key: str, why: str, fix: str) -> UserError:
        return _mistake(self.path, f"family '{self.family}', key '{key}': {why}", fix=fix)


def _family(path: Path, entry: Any, number: int) -> Family:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"].strip():
        raise _mistake(path, f"family {number} has no name", fix="begin it with '- name: what you call it'")
    place = _Place(path, entry["name"])
    for key in entry:
        if key not in KEYS:
            raise place.error(str(key), "there is no such key", _nearest(str(key), KEYS))
    prefixes = _names(place, "prefixes", entry.get("prefixes", [""]), empty_too=True)
    joints = _joints(place, entry)
    lacking = missing_required(joints)
    if lacking:
        raise place.error("joints", f"{', '.join(lacking)} not named", "a body needs these: name their joints")
    detached: list[str] = []
    for written in _names(place, "detached", entry.get("detached", [])):
        expanded = [side + written for side in _SIDES] if written in _LIMB_PARTS else [written]
        if expanded[0] not in joints:
            raise place.error("detached", f"'{written}' is none of the family's joints", _nearest(written, joints))
        detached += expanded
    return Family(entry["name"], str(entry.get("about", "")), prefixes, joints, tuple(detached))


def _joints(place: _Place, entry: Row) -> dict[str, tuple[str, ...]]:
    """Canonical name -> joint names, with `limbs` written out for both sides."""
    found: dict[str, tuple[str, ...]] = {}
    joints, limbs = (_mapping(place, key, entry.get(key, {})) for key in ("joints", "limbs"))
    for canonical, value in joints.items():
        if canonical not in PARENTS:
            raise place.error(f"joints.{canonical}", "no canonical joint", _nearest(canonical, PARENTS))
        found[canonical] = _names(place, f"joints.{canonical}", value)
    words = _names(place, "sides", entry.get("sides", list(_SIDES)))
    if len(words) != 2 or words[0] == words[1]:
        raise place.error("sides", "two different words are expected", "for example 'sides: [l, r]', left first")
    for part, value in limbs.items():
        if part not in _LIMB_PARTS:
            raise place.error(f"limbs.{part}", "no part of an arm, a leg or a hand", _nearest(part, _LIMB_PARTS))
        names = _names(place, f"limbs.{part}", value)
        if not all(SIDE in name for name in names):
            raise place.error(f"limbs.{part}", f"a name without {SIDE}", f"write {SIDE} where left and right differ")
        for side, word in zip(_SIDES, words):
            if side + part in found:
                raise place.error(f"limbs.{part}", f"{side}{part} is also under joints", "keep one of the two")
            found[side + part] = tuple(name.replace(SIDE, word) for name in names)
    taken: dict[str, str] = {}
    for canonical, options in found.items():
        for name in options:
            other = taken.setdefault(plain(name), canonical)
            if other != canonical:
                raise place.error(f"joints.{canonical}", f"'{name}' is also named for {other}", "name it once")
    return {canonical: found[canonical] for canonical in PARENTS if canonical in found}


def _mapping(place: _Place, key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise place.error(key, "a mapping is expected", "write 'canonical name: joint name' below it, two spaces in")
    return value


def _names(place: _Place, key: str, value: Any, *, empty_too: bool = False) -> tuple[str, ...]:
    """A name or a list of names as a tuple."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and (name or empty_too) for name in names):
        raise place.error(key, "a name or a list of names is expected", "put quotes around names like 'on' or '01'")
    if not names and key != "detached":
        raise place.error(key, "the list is empty", "name a joint, or remove the key")
    return tuple(names)


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else "docs/humanoids.md lists what is valid"


def _mistake(path: Path, why: str, *, fix: str) -> UserError:
    return UserError(f"the skeleton names cannot be used: {path}", why=why, fix=fix, code="E240")
