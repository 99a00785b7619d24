"""What is certain of a clip, and of the same clip reversed in time or seen in a mirror."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rigmill.facts.facts import Gait, Heading, MotionFacts, PartAction, PartFacts, SubjectKind

_TRAVELS, _STAYS = 0.5, 0.08  # heights
_TURNS_DEG, _STRAIGHT_DEG = 60.0, 20.0
_MOVES_DEG, _HANGS_DEG = 40.0, 0.25  # of a limb; and the share of it that the other side's may move
_STILL_DEG, _STILL = 10.0, 0.04  # of a part or the trunk, and heights: under these nothing is done
_LEGGED = (SubjectKind.HUMANOID, SubjectKind.QUADRUPED)


class Direction(StrEnum):
    """Where the subject goes or turns, as it would say itself."""

    FORWARD = "travels forward"
    BACKWARD = "travels backward"
    LEFT = "travels to its left"
    RIGHT = "travels to its right"
    TURNS_LEFT = "turns to its left on the spot"
    TURNS_RIGHT = "turns to its right on the spot"
    NONE = "stays where it is, facing the same way"


class Side(StrEnum):
    """Which arm, leg or wing does most."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both alike"
    NONE = "none"


class Verb(StrEnum):
    """What is done."""

    STEPS = "walks or runs"
    TURNS = "turns around"
    JUMPS = "jumps"
    ARM = "moves one arm"
    KICKS = "kicks"
    OPENS = "opens"
    CLOSES = "closes"
    STANDS = "stands still"


_SIDEWAYS = {
    Direction.LEFT: Direction.RIGHT,
    Direction.RIGHT: Direction.LEFT,
    Direction.TURNS_LEFT: Direction.TURNS_RIGHT,
    Direction.TURNS_RIGHT: Direction.TURNS_LEFT,
}
_BACKWARDS = _SIDEWAYS | {Direction.FORWARD: Direction.BACKWARD, Direction.BACKWARD: Direction.FORWARD}
_OTHER_SIDE = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
_UNDONE = {Verb.OPENS: Verb.CLOSES, Verb.CLOSES: Verb.OPENS}


@dataclass(frozen=True, slots=True)
class Truth:
    """None: not certain, so a model's word on it does not count."""

    direction: Direction | None = None
    side: Side | None = None
    verb: Verb | None = None

    def in_reverse(self) -> Truth:
        """Of the clip from its end to its start."""
        direction, verb = self.direction, self.verb
        return Truth(
            direction=direction and _BACKWARDS.get(direction, direction),
            side=self.side,
            verb=verb and _UNDONE.get(verb, verb),
        )

    def in_mirror(self) -> Truth:
        """Of the clip with left and right exchanged."""
        direction, side = self.direction, self.side
        return Truth(
            direction=direction and _SIDEWAYS.get(direction, direction),
            side=side and _OTHER_SIDE.get(side, side),
            verb=self.verb,
        )


def truth_of(facts: MotionFacts) -> Truth | None:
    """What the joints leave no doubt about; None where that is nothing."""
    truth = Truth(_direction(facts), _side(facts), _verb(facts))
    return None if truth == Truth() else truth


def _direction(facts: MotionFacts) -> Direction | None:
    """Straight travel without a turn, a turn without travel, or neither."""
    if not facts.front_known or facts.turn_deg is None or _tumbles(facts):
        return None
    straight = abs(facts.turn_deg) <= _STRAIGHT_DEG
    if facts.travel_heights >= _TRAVELS and straight:
        return {
            Heading.FORWARD: Direction.FORWARD,
            Heading.BACKWARD: Direction.BACKWARD,
            Heading.LEFT: Direction.LEFT,
            Heading.RIGHT: Direction.RIGHT,
        }.get(facts.travel)
    if facts.path_heights > _STAYS:
        return None
    if straight:  # who walks in place is said by some to walk forward
        return Direction.NONE if facts.gait is Gait.NONE else None
    if abs(facts.turn_deg) < _TURNS_DEG or abs(facts.turn_deg) > 300:
        return None
    return Direction.TURNS_LEFT if facts.turn_deg > 0 else Direction.TURNS_RIGHT


def _tumbles(facts: MotionFacts) -> bool:
    return max(abs(facts.flip_deg or 0.0), abs(facts.roll_deg or 0.0)) > _TURNS_DEG


def _is_still(facts: MotionFacts) -> bool:
    """Also by the numbers: of a wave of a hand, or a bow, the whole may count as idle."""
    turns = [part.turn_deg for part in facts.parts] + [facts.max_lean_deg or 0.0]
    slides = [part.slide_heights for part in facts.parts] + [facts.rise_heights, facts.sink_heights]
    return facts.idle and max(turns) <= _STILL_DEG and max(slides) <= _STILL


def _side(facts: MotionFacts) -> Side | None:
    """Of a clip in which one limb of a pair moves, or nothing does."""
    if not facts.front_known:
        return None
    if _is_still(facts):
        return Side.NONE
    limb = _one_limb(facts)
    return None if limb is None else Side(limb.side)


def _one_limb(facts: MotionFacts) -> PartFacts | None:
    """The limb that moves much, where nothing of the other side moves more than a little."""
    sided = [part for part in facts.parts if part.side]
    if not sided or sided[0].turn_deg < _MOVES_DEG or facts.path_heights > _STAYS:
        return None
    others = [part.turn_deg for part in sided if part.side != sided[0].side]
    return sided[0] if max(others, default=0.0) <= _HANGS_DEG * sided[0].turn_deg else None


def _verb(facts: MotionFacts) -> Verb | None:
    direction = _direction(facts)
    if _is_still(facts):
        return Verb.STANDS
    if facts.subject_kind is SubjectKind.ARTICULATED:
        actions = {part.action for part in facts.parts[:1]}
        found = {PartAction.OPENS: Verb.OPENS, PartAction.CLOSES: Verb.CLOSES}
        return next((verb for action, verb in found.items() if action in actions), None)
    if _tumbles(facts) or facts.posture_start is not facts.posture_end:
        return None
    if (
        facts.subject_kind in _LEGGED
        and facts.num_jumps == 1
        and facts.gait is Gait.NONE
        and facts.path_heights <= _STAYS
    ):
        return Verb.JUMPS
    if direction in (Direction.TURNS_LEFT, Direction.TURNS_RIGHT):
        return Verb.TURNS
    if facts.gait is not Gait.NONE and (facts.in_place or direction in (Direction.FORWARD, Direction.BACKWARD)):
        return Verb.STEPS
    limb = _one_limb(facts)
    return Verb.ARM if limb is not None and limb.part.endswith("arm") else None
