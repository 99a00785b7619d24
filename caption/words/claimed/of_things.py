"""Claims of what opens, closes and moves against the facts, of things with parts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caption.words.claimed.clauses import claims
from caption.words.limbs import limb
from rigmill.facts.facts import Heading, MotionFacts, PartAction

_OPENING = frozenset({PartAction.OPENS, PartAction.SLIDES_OUT})
_CLOSING = frozenset({PartAction.CLOSES, PartAction.SLIDES_IN})
_BOTH_WAYS = frozenset(
    {PartAction.SWINGS, PartAction.SLIDES, PartAction.SPINS, PartAction.TURNS, PartAction.RISES, PartAction.SINKS}
)
_NAMED = ("door", "drawer", "lid", "wheel", "lever", "window", "blade", "propeller", "hatch")
_STILL = re.compile(
    r"\b(?:stands|remains|stays|is|sits|keeps) (?:\w+ly )?(?:still|motionless|stationary|closed|shut|open)\b"
    r"|\bmotionless\b"
)
_OF_BODIES = re.compile(r"(?:& \w+ )?(?:its|his|her|their|the) (?:mouth|eyes?|jaws?|beak|hands?|wings?|arms?|legs?)\b")
_WAYS_TO_OPEN = "swing slide move flip pop turn fold creak roll".split()
_CLEAR_TURN_DEG = 20.0
_CLEAR_SLIDE_HEIGHTS = 0.1


def thing_contradictions(clause: str, facts: MotionFacts) -> Iterator[tuple[str, str]]:
    """Of what has parts and no body: what is said, and what is so instead."""
    opens = _says(clause, "open", "unfold")
    closes = _says(clause, "close", "shut")
    if facts.idle:
        lively = (
            opens
            or closes
            or next((claim.phrase for claim in claims(clause, "swing spin slide rotate turn".split())), "")
        )
        if lively and not _STILL.search(clause):
            yield lively, "hardly anything moves"
        return
    named = re.search(rf"\b({'|'.join(_NAMED)})s?\b", clause)
    known = {limb(part) for part in facts.parts}
    moved = claims(clause, "open close shut slide swing spin rotate turn move".split())
    stays = facts.travel is Heading.NONE  # what goes as a whole may be a door itself
    if (
        stays
        and named
        and moved
        and known <= set(_NAMED)
        and known
        and named[1] not in known
        and _tells_apart(facts, named[1])
    ):
        yield clause, f"what moves is the {' and the '.join(sorted(known))}"
        return
    parts = [part for part in facts.parts if not named or limb(part) == named[1]] or list(facts.parts)
    moves = any(part.turn_deg >= _CLEAR_TURN_DEG or part.slide_heights >= _CLEAR_SLIDE_HEIGHTS for part in parts)
    still = _STILL.search(clause)
    if still and moves and not opens and not closes:
        yield still[0], f"its {limb(parts[0])} moves"
    actions = {part.action for part in parts}
    if actions & _BOTH_WAYS:
        return
    if opens and actions and actions <= _CLOSING:
        yield opens, "it closes and stays so" if closes else "it closes"
    if closes and actions and actions <= _OPENING:
        yield closes, "it opens and stays so" if opens else "it opens"


def _says(clause: str, *verbs: str) -> str:
    """'opens', 'swings open'; '' where it does not. 'an open door' and 'is closed' say no motion."""
    found = next(
        (
            claim.phrase
            for claim in claims(clause, verbs)
            if claim.said != claim.verb and not claim.said.endswith("ed") and not _OF_BODIES.match(claim.after)
        ),
        "",
    )
    words = "|".join([*verbs, "closed"] if "close" in verbs else verbs)
    ways = [
        claim.phrase for claim in claims(clause, _WAYS_TO_OPEN) if re.match(rf"(?:\w+ )?(?:{words})\b", claim.after)
    ]
    return found or next(iter(ways), "")


def _tells_apart(facts: MotionFacts, name: str) -> bool:
    """A door that is called a lid, or a blade a propeller, is no contradiction; a drawer for a door is."""
    return name in ("drawer", "door") and all(limb(part) in ("drawer", "door") for part in facts.parts)
