"""What a sentence claims of a motion, held against the facts of its joints.

Precision before recall: a claim that the facts cannot judge (the front is unknown, left may be the viewer's, the
verb may be said of an object) is let stand. Each contradiction is a sentence that a model can be sent back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from caption.words.claimed.clauses import claims, clauses
from caption.words.claimed.of_limbs import limb_contradictions
from caption.words.claimed.of_place import place_contradictions
from caption.words.claimed.of_posture import height_contradictions, posture_contradictions
from caption.words.claimed.of_things import thing_contradictions
from rigmill.facts.facts import MotionFacts, SubjectKind

Reasons = Iterator[tuple[str, str]]  # what is said, and what is so instead
_BODIES = (SubjectKind.HUMANOID, SubjectKind.QUADRUPED, SubjectKind.WINGED)
_LIVELY = (
    "walk run jog sprint march stride gallop trot canter jump leap hop dance kick punch attack fight throw climb "
    "crawl swim roll flap spin twirl wave clap cheer somersault flip fly stomp skip slash"
).split()


def contradictions(sentence: str, facts: MotionFacts) -> tuple[str, ...]:
    """Every claim that the facts deny, such as "It says 'walks forward', but the subject stays where it is."."""
    found: dict[str, None] = {}
    for clause in clauses(sentence):
        for said, truth in _denied(clause, facts):
            found[f"It says '{said}', but {truth}."] = None
    return tuple(found)


def _denied(clause: str, facts: MotionFacts) -> Reasons:
    if facts.subject_kind is SubjectKind.ARTICULATED:
        yield from thing_contradictions(clause, facts)
        return
    if facts.idle:
        for claim in claims(clause, _LIVELY):
            if claim.of_subject or not re.match(r"(?:an?|the)\b", claim.after):
                yield claim.phrase, "hardly anything of the subject moves"
                return
    rules: list[Callable[[str, MotionFacts], Reasons]] = [place_contradictions, height_contradictions]
    if facts.subject_kind in _BODIES:
        rules += [posture_contradictions, limb_contradictions]
    for rule in rules:
        yield from rule(clause, facts)
