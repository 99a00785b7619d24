"""The question which of the 25 categories an asset is of, in two wordings, and its answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from caption.category import CATEGORIES
from caption.pictures.parts import Picture, Text
from caption.questions.cleaning import one_line
from caption.questions.hints import ABOUT_HINTS, Hints
from caption.questions.question import Question
from rigmill.outcomes import Refusal, Reject
from rigmill.printable import shortened
from rigmill.types import Row

Wording = Literal[1, 2]
WORDINGS: tuple[Wording, ...] = (1, 2)
PROMPT = "category-1"
MAX_OUTPUT_TOKENS = 200
MAX_EVIDENCE_CHARACTERS = 200
MAX_SECONDARY = 3

# Where a name alone would not do.
_MEANS = {
    "character": "a person, or a humanoid made to be one",
    "anthropomorphic": "an animal, robot or thing with a human's shape or ways",
    "toy": "made to be played with: dolls, plush animals, puppets",
    "animal": "a real kind, living or extinct",
    "mythical creature": "dragons, monsters, ghosts, aliens",
    "sculpture": "statues, busts, reliefs",
    "anatomy": "bodies' parts: organs, bones, skeletons",
    "accessory": "worn or carried: bags, glasses, hats",
    "scanned data": "what was plainly scanned or photographed from the real world",
    "architecture": "buildings and their parts: doors, gates, bridges",
    "paper": "books, cards, letters",
    "miscellaneous": "none of the others",
}

_OPENING = {
    1: "You sort 3D assets. The picture shows one asset in its rest pose from up to four sides, beginning at its "
    "front, in the order of reading.",
    2: "One thing is seen from all around, row by row, its front first. Decide what kind of thing it is, by its shape "
    "and surface.",
}
_RULES = {
    1: "Choose the one category that fits best as primary. As secondary name up to three others that fit as well, "
    "or none. Before that, name as evidence in under 15 words what you see. Confidence is from 0 to 1.",
    2: "First say in under 15 words what you see (evidence). Then give the kind a careful librarian would file it "
    "under (primary), the kinds it might also be looked for under (secondary, at most three, often none), and how "
    "sure you are, from 0 to 1 (confidence).",
}
_ASK = {1: "Which category is it? Answer in JSON.", 2: "What kind of thing is it? Answer in JSON."}


@dataclass(frozen=True, slots=True)
class CategoryAnswer:
    """Categories of an asset, all of the closed set."""

    primary: str
    secondary: tuple[str, ...]  # without the primary one, in the model's order
    confidence: float  # 0 to 1, the model's own word
    evidence: str


def category_question(grid: Picture, hints: Hints, wording: Wording = 1) -> Question:
    """Which category? Of two votes the second has other words, and the categories in the opposite order."""
    order = CATEGORIES if wording == 1 else CATEGORIES[::-1]
    listed = "\n".join(f"- {name}: {_MEANS[name]}" if name in _MEANS else f"- {name}" for name in order)
    return Question(
        prompt=f"{PROMPT}{'ab'[wording - 1]}",
        instructions=f"{_OPENING[wording]}\n{_RULES[wording]}\n\nThe categories:\n{listed}\n\n{ABOUT_HINTS}",
        parts=(*hints.without_motion().parts(), grid, Text(_ASK[wording])),
        schema=_schema(order),
        max_output_tokens=MAX_OUTPUT_TOKENS,
    )


def _schema(order: Iterable[str]) -> Row:
    """Evidence stands first: a model that has said what it sees chooses better."""
    names = list(order)
    return {
        "type": "object",
        "properties": {
            "evidence": {"type": "string", "maxLength": 2000},
            "primary": {"type": "string", "enum": names},
            "secondary": {"type": "array", "items": {"type": "string", "enum": names}, "maxItems": MAX_SECONDARY},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
        "required": ["evidence", "primary", "secondary", "confidence"],
        "additionalProperties": False,
    }


def read_category(value: Row) -> CategoryAnswer:
    """The answer. A Refusal (UNKNOWN_CATEGORY) where one of its categories is not of the set, to the letter."""
    secondary = list(value["secondary"])
    for name in (value["primary"], *secondary):
        if name not in CATEGORIES:
            raise Refusal(Reject.UNKNOWN_CATEGORY, f"'{shortened(one_line(str(name), 60), 60)}' is no category")
    return CategoryAnswer(
        primary=value["primary"],
        secondary=tuple(name for name in dict.fromkeys(secondary) if name != value["primary"])[:MAX_SECONDARY],
        confidence=float(value["confidence"]),
        evidence=one_line(value["evidence"], MAX_EVIDENCE_CHARACTERS),
    )


def agreed(first: CategoryAnswer, second: CategoryAnswer) -> CategoryAnswer:
    """Of two votes: the category that both name first, with the lower confidence, and the secondary ones of both.

    A Refusal (VOTES_DISAGREE) where they name two.
    """
    if first.primary != second.primary:
        raise Refusal(Reject.VOTES_DISAGREE, f"one vote says {first.primary}, the other {second.primary}")
    return CategoryAnswer(
        primary=first.primary,
        secondary=tuple(dict.fromkeys((*first.secondary, *second.secondary)))[:MAX_SECONDARY],
        confidence=min(first.confidence, second.confidence),
        evidence=first.evidence,
    )
