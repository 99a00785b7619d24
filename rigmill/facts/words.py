"""What facts say in a few plain words, for a verdict or a log. Captions have a grammar of their own (`caption`)."""

from __future__ import annotations

from rigmill.facts.facts import Gait, Heading, MotionFacts, PartAction, PartFacts, Posture

_TURNS_DEG = 30.0  # less is a shift of weight
_FLIPS_DEG = 300.0
_RISES = 0.15  # heights; less is a step, a breath, a bend of the knees
_MOST = 3  # clauses: what follows is less than what was said
_WHERE = {
    Heading.NONE: "",
    Heading.SOMEWHERE: "along",
    Heading.CIRCLE: "in a circle",
    Heading.TO_AND_FRO: "to and fro",
    **{
        heading: f"{heading.value.replace('_', ' and to the ')}"
        for heading in (
            Heading.FORWARD,
            Heading.FORWARD_LEFT,
            Heading.BACKWARD_LEFT,
            Heading.BACKWARD,
            Heading.BACKWARD_RIGHT,
            Heading.FORWARD_RIGHT,
        )
    },
    Heading.LEFT: "to the left",
    Heading.RIGHT: "to the right",
}
_GAITS = {Gait.WALK: "walks", Gait.RUN: "runs", Gait.NONE: "moves"}
_POSTURES = {Posture.CROUCHES: "crouches", Posture.SITS: "sits down", Posture.LIES: "lies down"}


def in_words(facts: MotionFacts) -> str:
    """What the subject does, a phrase that follows 'it': 'walks forward in place', 'turns left by 90 degrees'."""
    clauses = [*_body(facts), *_parts(facts)][:_MOST]
    if facts.idle or not clauses:
        return "hardly moves" if facts.idle or facts.moving_share == 0 else "moves a little where it is"
    *first, last = clauses
    return f"{', '.join(first)} and {last}" if first else last


def _body(facts: MotionFacts) -> list[str]:
    found = []
    walks = facts.gait is not Gait.NONE
    if walks or facts.travel is not Heading.NONE:
        where = (
            facts.gait_heading if walks and facts.travel not in (Heading.CIRCLE, Heading.TO_AND_FRO) else facts.travel
        )
        found.append(" ".join(filter(None, (_GAITS[facts.gait], _WHERE[where], "in place" if facts.in_place else ""))))
    if facts.flip_deg is not None and abs(facts.flip_deg) >= _FLIPS_DEG:
        found.append("flips forward" if facts.flip_deg > 0 else "flips backward")
    elif facts.num_jumps:
        found.append("jumps" if facts.num_jumps == 1 else f"jumps {facts.num_jumps} times")
    if facts.turn_deg is not None and abs(facts.turn_deg) >= _TURNS_DEG and facts.travel is not Heading.CIRCLE:
        found.append(
            f"turns {'left' if facts.turn_deg > 0 else 'right'} by {round(abs(facts.turn_deg), -1):.0f} degrees"
        )
    if facts.posture_end is not facts.posture_start and facts.posture_end in _POSTURES:
        found.append(_POSTURES[facts.posture_end])
    elif facts.posture_start in _POSTURES and facts.posture_end is Posture.STANDS:
        found.append("stands up")
    elif not facts.num_jumps and not walks and abs(facts.end_rise_heights) >= _RISES:
        found.append("rises" if facts.end_rise_heights > 0 else "sinks")
    return found


def _parts(facts: MotionFacts) -> list[str]:
    """The two that move most, a pair that does the same as one."""
    if facts.gait is not Gait.NONE:
        return []  # arms, heads and tails go along with every walk
    strongest = facts.parts[0].reach_heights if facts.parts else 0.0
    told = [part for part in facts.parts if part.strikes or part.reach_heights >= 0.5 * strongest]
    told.sort(key=lambda part: (not part.strikes, part.part.endswith("arm") if part.strikes else False))
    clauses: list[str] = []
    for part in told[:3]:
        clause = _clause(part)
        other = clause.replace(*(("left", "right") if part.side == "left" else ("right", "left")), 1)
        if part.side and other in clauses:
            subject, verb = _split(clause.replace(f"{part.side} ", "", 1))
            clauses[clauses.index(other)] = f"both its {subject}s {verb}"
        elif clause not in clauses:
            clauses.append(clause)
    return clauses[:2]


def _split(clause: str) -> tuple[str, str]:
    """'its arm shoots out' -> ('arm', 'shoot out')."""
    *subject, verb = clause.removeprefix("its ").replace(" out", "~out").replace(" in", "~in").split(" ")
    first, *rest = verb.split("~")
    return " ".join(subject), " ".join([first.removesuffix("s"), *rest])


def _clause(part: PartFacts) -> str:
    verb = part.action.value.replace("_", " ")
    if part.strikes:
        verb = "shoots out"
    elif part.action is PartAction.SWINGS and part.raised and part.part.endswith("arm"):
        verb = "waves"
    return f"its {part.part} {verb}" if part.part != "part" else f"a part {verb}"
