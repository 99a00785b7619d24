"""Claims of jumping, flying, lying, sitting and tumbling against the facts, of what has a body."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caption.words.claimed.clauses import claims
from caption.words.limbs import moving
from rigmill.facts.facts import Gait, Heading, MotionFacts, Posture, SubjectKind

_NO_RISE_HEIGHTS = 0.05
_CLEAR_RISE_HEIGHTS = 0.15
_LITTLE_LEAN_DEG = 30.0
_NO_FLIP_DEG = 90.0
_CLEAR_FLIP_DEG = 200.0
_LOW_SINK_HEIGHTS = 0.03
_TAKES_OFF = re.compile(r"\b(?:takes? off|taking off|lifts? off|lifting off|ris(?:es?|ing) (?:up )?into the air)\b")
_GROUND = re.compile(
    r"\b(?:down|to the (?:ground|floor)|on (?:its|his|her|their) (?:back|side|face|belly)|on the (?:ground"
    r"|floor)|over)\b"
)


def posture_contradictions(clause: str, facts: MotionFacts) -> Iterator[tuple[str, str]]:
    """Of the whole body: what is said, and what is so instead."""
    on_legs = facts.subject_kind in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED)
    stands = facts.posture_start is Posture.STANDS and facts.posture_end is Posture.STANDS
    upright = facts.max_lean_deg is not None and facts.max_lean_deg < _LITTLE_LEAN_DEG
    grounded = facts.num_jumps == 0 and facts.rise_heights < _NO_RISE_HEIGHTS
    for claim in claims(clause, "jump leap hop vault".split()):
        jack = re.match(r"jacks?\b", claim.after)
        if claim.of_subject and on_legs and grounded and facts.gait is not Gait.RUN and not jack:
            yield claim.phrase, "the subject never leaves the ground"
    for claim in claims(clause, "fly soar levitate hover ascend".split()):
        walks_or_stays = facts.gait is not Gait.NONE or facts.idle
        if claim.of_subject and grounded and (on_legs and not moving(facts, "wing") or walks_or_stays):
            yield claim.phrase, "the subject stays on the ground"
    match = _TAKES_OFF.search(clause)
    if match and grounded and facts.end_rise_heights < _NO_RISE_HEIGHTS:
        yield match[0], "the subject stays on the ground"
    for claim in claims(clause, ["lie", "collapse", "fall"]):
        down = claim.verb != "fall" or _GROUND.search(claim.after)
        if claim.of_subject and on_legs and down and (stands and upright or facts.gait is not Gait.NONE and stands):
            yield claim.phrase, "the subject stays upright"
    for claim in claims(clause, ["sit"]):
        moves_off = facts.gait is not Gait.NONE and facts.travel is not Heading.NONE
        if claim.of_subject and on_legs and (stands or moves_off) and not re.match(r"up\b", claim.after):
            yield claim.phrase, "the subject stays on its feet"
    tall = on_legs and stands and facts.sink_heights < _LOW_SINK_HEIGHTS and facts.gait is Gait.NONE
    for claim in claims(clause, "crouch kneel squat duck".split()):
        if claim.of_subject and tall:
            yield claim.phrase, "the subject stays at its full height"
    gets_up = re.search(r"\b(?:stands?|standing|gets?|getting) up\b", clause)
    if gets_up and on_legs and facts.posture_end in (Posture.LIES, Posture.SITS):
        yield gets_up[0], f"in the end the subject {facts.posture_end.value}"
    standing = re.search(r"\b(?:stands|standing)\b(?! (?:by|near|up))", clause)
    if standing and facts.posture_start is Posture.LIES and facts.posture_end is Posture.LIES:
        yield standing[0], "the subject lies"
    yield from _flips(clause, facts)


def height_contradictions(clause: str, facts: MotionFacts) -> Iterator[tuple[str, str]]:
    """Of whatever rises and sinks."""
    rises = facts.rise_heights >= _CLEAR_RISE_HEIGHTS and facts.sink_heights < _NO_RISE_HEIGHTS
    sinks = facts.sink_heights >= _CLEAR_RISE_HEIGHTS and facts.rise_heights < _NO_RISE_HEIGHTS
    for claim in claims(clause, "rise ascend".split()):
        if claim.of_subject and sinks and not re.match(r"(?:from|to (?:its|his|her|their))\b", claim.after):
            yield claim.phrase, "the subject sinks"
    for claim in claims(clause, "sink descend".split()):
        if claim.of_subject and rises and not facts.num_jumps:
            yield claim.phrase, "the subject rises"


def _flips(clause: str, facts: MotionFacts) -> Iterator[tuple[str, str]]:
    match = re.search(
        r"\b(?:(back|front|forward|backward)[- ]?)?(?:flips?|somersaults?|cartwheels?|handsprings?)\b", clause
    )
    if not match or facts.flip_deg is None:
        return
    tumbles = max(abs(facts.flip_deg), abs(facts.roll_deg or 0.0))
    if tumbles < _NO_FLIP_DEG:
        yield match[0], "the subject does not turn over"
    elif facts.front_known and abs(facts.flip_deg) >= _CLEAR_FLIP_DEG and match[1]:
        claimed = 1 if match[1].startswith("f") else -1
        if claimed * facts.flip_deg < 0:
            yield match[0], f"the subject turns over {'forward' if facts.flip_deg > 0 else 'backward'}"
