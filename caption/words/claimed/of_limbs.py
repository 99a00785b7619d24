"""Claims of which limb moves against the facts: left for right, both for one, wings that rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caption.words.claimed.clauses import claims
from caption.words.limbs import limb
from rigmill.facts.facts import Gait, MotionFacts, PartFacts, SubjectKind, Sweep

_MOVES = (
    "wave raise lift swing move extend kick punch stretch lower point reach bend throw salute shake jab strike "
    "flap tap stomp slash swipe gesture lash wiggle rotate twist flex pump hurl toss hit drop flick scratch beckon "
    "greet brandish"
).split()
_LIMBS = {
    **dict.fromkeys(("arm", "hand", "fist", "forearm", "elbow"), "arm"),
    **dict.fromkeys(("leg", "foot", "knee", "paw", "hoof"), "leg"),
    "wing": "wing",
}
_SIDED = re.compile(
    r"\b(left|right)\s+(front\s+|hind\s+|back\s+|upper\s+)?(arm|hand|fist|forearm|elbow|leg|foot|knee|paw|hoof"
    r"|wing)\b"
    r"(?!\s+(?:on|at|behind|against|resting|still|held|in|planted|down|by))"
)
_BOTH = re.compile(r"\bboth (?:(?:its|his|her|their|of \w+) )?(arms|hands|fists|legs|feet|wings)\b")
_MUCH_WEAKER = 3.0
_CLEAR_REACH_HEIGHTS = 0.08


def limb_contradictions(clause: str, facts: MotionFacts) -> Iterator[tuple[str, str]]:
    """Of the limbs of what has a body: what is said, and what is so instead."""
    found = claims(clause, _MOVES)
    if found:
        yield from _sides(clause, found[0].said, facts)
    if re.search(r"\b(?:flap|beat)(?:s|ping|ing)? (?:its|his|her|their|both|large|the)?\s*(?:\w+ )?wings\b", clause):
        knows = facts.subject_kind is SubjectKind.WINGED
        if knows and not any(limb(part) == "wing" for part in facts.parts):
            yield "flaps its wings", "its wings do not move"
    heads = [part for part in facts.parts if limb(part) == "head" and part.num_cycles >= 1]
    if heads and re.search(r"\b(?:nods|nodding)\b", clause) and heads[0].sweep is Sweep.SIDE_TO_SIDE:
        yield "nods", "its head turns from side to side"
    if (
        heads
        and re.search(r"\b(?:shakes|shaking) (?:its|his|her|their) head\b", clause)
        and heads[0].sweep is Sweep.UP_DOWN
    ):
        yield "shakes its head", "its head goes up and down"


def _sides(clause: str, verb: str, facts: MotionFacts) -> Iterator[tuple[str, str]]:
    """A limb that rests said to move, where the one on the other side does."""
    for match in _SIDED.finditer(clause):
        name = _LIMBS[match[3]]
        if name == "leg" and facts.gait is not Gait.NONE or not facts.front_known:
            continue
        end = {"back ": "hind ", "upper ": ""}.get(match[2] or "", match[2] or "")
        reach = {side: _reach(facts.parts, side, f"{end}{name}") for side in ("left", "right")}
        side, other = match[1], "right" if match[1] == "left" else "left"
        # Their own left and the viewer's are one another's opposite: with both said, nobody can tell.
        both_said = re.search(rf"\b{other}\s+{match[3]}\b", clause)
        if not both_said and reach[other] >= _CLEAR_REACH_HEIGHTS and reach[other] > _MUCH_WEAKER * reach[side]:
            yield f"{verb} ... {match[0]}", f"it is its {other} {end}{name} that moves"
    both = _BOTH.search(clause)
    if both and facts.front_known and facts.gait is Gait.NONE:
        name = _LIMBS[{"feet": "foot"}.get(both[1], both[1].removesuffix("s"))]
        reach = {side: _reach(facts.parts, side, name) for side in ("left", "right")}
        strong, weak = max(reach, key=lambda side: reach[side]), min(reach, key=lambda side: reach[side])
        if reach[strong] >= _CLEAR_REACH_HEIGHTS and reach[weak] == 0.0:
            yield both[0], f"only its {strong} {name} moves"


def _reach(parts: tuple[PartFacts, ...], side: str, name: str) -> float:
    own = [
        part.reach_heights
        for part in parts
        if part.side == side and (limb(part) == name or limb(part).endswith(f" {name}"))
    ]
    return max(own, default=0.0)
