"""Directions and turns in words."""

from __future__ import annotations

from caption.words.deed import Deed, deeds
from rigmill.facts.facts import Gait, Heading, MotionFacts

MIN_TURN_DEG = 45.0
_AROUND_DEG = 135.0
_WHOLE_DEG = 300.0
_STRAIGHT_DEG = 15.0

_WAYS: dict[Heading, tuple[str, ...]] = {
    Heading.NONE: ("",),
    Heading.FORWARD: ("forward", "ahead"),
    Heading.BACKWARD: ("backward", "backwards"),
    Heading.LEFT: ("sideways to {its} left", "to {its} left"),
    Heading.RIGHT: ("sideways to {its} right", "to {its} right"),
    Heading.FORWARD_LEFT: ("forward and to {its} left", "diagonally forward to {its} left"),
    Heading.FORWARD_RIGHT: ("forward and to {its} right", "diagonally forward to {its} right"),
    Heading.BACKWARD_LEFT: ("backward and to {its} left", "diagonally backward to {its} left"),
    Heading.BACKWARD_RIGHT: ("backward and to {its} right", "diagonally backward to {its} right"),
    Heading.CIRCLE: ("in a circle", "around in a circle"),
    Heading.TO_AND_FRO: ("back and forth", "to and fro"),
    Heading.SOMEWHERE: ("along", "from one place to another"),
}


def heading_of(facts: MotionFacts) -> Heading:
    """Which way it goes: by its feet where they step, since who walks a bend walks forward all the time."""
    goes = facts.travel
    by_feet = facts.gait is not Gait.NONE and facts.gait_heading is not Heading.NONE
    if by_feet and (facts.in_place or goes not in (Heading.NONE, Heading.CIRCLE, Heading.TO_AND_FRO)):
        goes = facts.gait_heading
    if goes is Heading.NONE or facts.front_known or goes in (Heading.CIRCLE, Heading.TO_AND_FRO):
        return goes
    return Heading.SOMEWHERE


def ways(facts: MotionFacts, *, steps: bool) -> tuple[str, ...]:
    """Where it goes, the plainest wording first: 'forward', 'in place' (of legs that step and get nowhere)."""
    heading = heading_of(facts)
    if facts.travel is not Heading.NONE:
        said = _WAYS[heading]
        straight = facts.turn_deg is not None and abs(facts.turn_deg) < _STRAIGHT_DEG
        return (*said, "straight ahead") if heading is Heading.FORWARD and straight else said
    if not steps:
        return ("",)
    turns = facts.turn_deg is not None and abs(facts.turn_deg) >= MIN_TURN_DEG  # feet step aside in order to turn
    if heading in (Heading.BACKWARD, Heading.LEFT, Heading.RIGHT) and not turns:
        return tuple(f"{way} in place" for way in _WAYS[heading])
    return ("in place", "on the spot")


def turn_deeds(facts: MotionFacts) -> tuple[Deed, ...]:
    """How the body turns; none where it turns little or nobody knows its front."""
    turn = facts.turn_deg
    if turn is None or abs(turn) < MIN_TURN_DEG or heading_of(facts) is Heading.CIRCLE:
        return ()
    side = ("left" if turn > 0 else "right") if facts.front_known else ""
    if abs(turn) >= _WHOLE_DEG:
        return deeds("spin around", f"turn all the way around to {{its}} {side}" if side else "turn all the way around")
    if not side or abs(turn) >= _AROUND_DEG:
        return deeds(*([f"turn around to {{its}} {side}"] if side else []), "turn around")
    return deeds(f"turn to {{its}} {side}", f"turn {side}")
