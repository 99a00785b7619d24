"""Which of the paper's groups a clip's subject is of, and what kind of motion it has."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from eval.bench.clips import Group
from rigmill.facts.facts import Gait, Heading, SubjectKind
from rigmill.types import Row

STRATA = (Group.HUMANOID, Group.QUADRUPED, Group.FLYING, Group.FURNITURE)  # what the split is spread over
# Of what is built of parts that turn or slide, what stands in a house or is part of it.
_IN_A_HOUSE = frozenset({"furniture", "household item", "architecture"})
# What has wings and is no animal: a plane, a lamp.
_NO_CREATURE = frozenset({"vehicle", "electronic device", "weapon", "tool", *_IN_A_HOUSE})


class MotionKind(StrEnum):
    """What the subject does, as coarsely as the split is spread over it."""

    GOES = "goes"  # it travels, or its feet step
    LEAPS = "leaps"  # it leaves the ground, or turns over
    ACTS = "acts"  # it stays, and parts of it move
    RESTS = "rests"  # hardly anything moves


def group_of(kind: str | None, category: str | None, secondary: Collection[str]) -> Group:
    """The group of a subject of this kind (of rigmill.facts) and these categories."""
    if kind == SubjectKind.HUMANOID:
        return Group.HUMANOID
    if kind == SubjectKind.QUADRUPED:
        return Group.QUADRUPED
    if kind == SubjectKind.WINGED and category not in _NO_CREATURE:
        return Group.FLYING
    if kind == SubjectKind.ARTICULATED and (category in _IN_A_HOUSE or "furniture" in secondary):
        return Group.FURNITURE
    return Group.OTHER


def motion_kind(facts: Row) -> MotionKind:
    """The kind of motion that the facts of a caption row say."""
    if facts["idle"]:
        return MotionKind.RESTS
    if (facts["num_jumps"] or 0) > 0 or abs(facts["flip_deg"] or 0) > 180 or abs(facts["roll_deg"] or 0) > 180:
        return MotionKind.LEAPS
    goes = facts["travel"] not in (None, Heading.NONE) or facts["gait"] not in (None, Gait.NONE)
    return MotionKind.GOES if goes else MotionKind.ACTS
