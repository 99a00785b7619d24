"""What a generated take is known to do, as data: the ground truth of captions, motion facts and verb classifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One take. Lengths in body heights (Body.height); left, right, forward are the subject's own, as in motion facts.

    Angles are positive to the subject's left.
    """

    verb: str  # one of VERBS: what a classifier would answer
    side: str = ""  # left, right: of the limb or part that acts, or the way it turns
    direction: str = "none"  # of travel, by rigmill.facts.facts.Heading's words
    travel: float = 0.0  # from the first frame to the last, along the ground
    turn_deg: float = 0.0  # of the body's front over the take
    rise: float = 0.0  # of the body, from the first frame to the last
    period_s: float | None = None  # of what repeats
    in_place: bool = False  # it goes through a gait and stays where it is
    speed: str = ""  # slow, fast, or '' for neither
    style: str = ""  # an adverb that a caption may tell: sneakily, happily, up
    part: str = ""  # door, drawer, left arm, tail: what acts
    opens: str = ""  # opens, closes, or '' : of a part of a thing
    num_parts: int = 0  # how many such parts act

    def to_row(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{field.name: row[field.name] for field in fields(cls) if field.name in row})
