"""Claims of travel, direction, turns and pace against the facts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caption.words.claimed.clauses import Claim, claims
from caption.words.limbs import moving
from caption.words.verbs import legs_swing
from rigmill.facts.facts import Gait, Heading, MotionFacts, SubjectKind

WALKS = (
    "walk stride stroll march pace saunter strut stagger limp hobble shuffle trudge tiptoe sneak creep prowl "
    "wander amble "
    "plod stomp sidestep strafe shamble stalk tread waddle scuttle parade"
).split()
RUNS = "run jog sprint dash race gallop trot canter bolt charge rush scamper hurry".split()
_OTHER_TRAVEL = (
    "crawl slither swim fly soar glide roll drive skate slide drift float hop skip leap jump advance proceed "
    "retreat travel "
    "move go step back hover lope bound scurry lurch"
).split()
_TURNS = "turn rotate spin pivot twirl swivel pirouette veer swerve whirl curve".split()

_ANGLES = {
    Heading.FORWARD: 0.0,
    Heading.FORWARD_LEFT: 45.0,
    Heading.LEFT: 90.0,
    Heading.BACKWARD_LEFT: 135.0,
    Heading.BACKWARD: 180.0,
    Heading.BACKWARD_RIGHT: -135.0,
    Heading.RIGHT: -90.0,
    Heading.FORWARD_RIGHT: -45.0,
}
_IN_PLACE = re.compile(r"\b(?:in place|on the spot|in one place|in the same (?:place|spot)|on a treadmill)\b")
_FORWARD = re.compile(r"\b(?:forwards?|ahead|onward)\b")
_BACKWARD = re.compile(r"\b(?:backwards?|in reverse)\b")
_SIDEWAYS = re.compile(r"\b(?:sideways|laterally|sidelong)\b")
_SIDE = re.compile(
    r"\b(?:(?:to|toward|towards)\s+(?:its|his|her|their|the)\s+(?:own\s+)?)?(left|right)(?:ward"
    r"|wards)?\b(?!\s+(?:\w+\s+)?(?:arm|leg|hand|foot|side of))"
)
_CIRCLE = re.compile(r"\bin (?:an? )?(?:\w+ )?circles?\b")
_SOMEWHERE = re.compile(r"\b(?:across|toward|towards|away|back and forth|to and fro)\b")
_STILL = re.compile(
    r"\b(?:(?:stand|remain|stay|sit|keep|hold|lie)(?:s|ing)? (?:\w+ )?(?:still|motionless|stationary|put"
    r"|immobile|idle)|motionless|immobile|"
    r"(?:is|remains|stays) stationary|idles|idling|(?:stand|remain|stay)(?:s|ing)? (?:\w+ )?in (?:place|one place)|"
    r"(?:stand|remain|stay)(?:s|ing)? where it is)\b"
)

_OVER = re.compile(r"(?:over|(?:all the way )?a?round)\b(?! (?:and round )?in )")  # about its own axis
_STAYS_HEIGHTS = 0.2  # along the way; less is the swaying of what stays
_GOES_HEIGHTS = 0.5
_ACROSS_DEG = 80.0
_OPPOSITE_DEG = 130.0
_STRAIGHT_DEG = 20.0
_BENDS_DEG = 45.0  # having turned so far, it went which way one likes to say
_CLEAR_TURN_DEG = 30.0
_NO_TURN_DEG = 10.0
_LITTLE_TURN_DEG = 45.0
_SLOW_HEIGHTS_PER_S = 0.35
_FAST_HEIGHTS_PER_S = 4.0


def place_contradictions(clause: str, facts: MotionFacts) -> Iterator[tuple[str, str]]:
    """Of the whole subject, whatever it is."""
    stays = facts.travel is Heading.NONE and facts.path_heights < _STAYS_HEIGHTS
    in_place = _IN_PLACE.search(clause)
    for claim in claims(clause, [*WALKS, *RUNS, *_OTHER_TRAVEL]):
        if claim.of_subject and not (claim.verb == "roll" and _OVER.match(claim.after)):
            truth = _of_travel(claim, facts, stays=stays, in_place=bool(in_place)) or _of_pace(claim, facts)
            if truth:
                yield claim.phrase, truth
                break
    still = _STILL.search(clause)
    if still and (truth := _of_stillness(facts)):
        yield still[0], truth
    for claim in claims(clause, _TURNS):
        if claim.of_subject and (truth := _of_turn(claim, facts)):
            yield claim.phrase, truth
            break


def _of_travel(claim: Claim, facts: MotionFacts, *, stays: bool, in_place: bool) -> str:
    way = claim.way
    where = next((rule for rule in (_FORWARD, _BACKWARD, _SIDEWAYS, _CIRCLE, _SOMEWHERE) if rule.search(way)), None)
    side = _SIDE.search(way)
    if stays and not in_place and (where or side) and not (where is _CIRCLE and _turns(facts)):
        return "the subject stays where it is"
    on_legs = facts.subject_kind in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED)
    stepping = facts.gait is not Gait.NONE or facts.num_steps >= 2 or legs_swing(facts) or _turns(facts)
    if claim.verb in (*WALKS, *RUNS) and on_legs and stays and not stepping:
        return "the subject takes no steps and stays where it is"
    if in_place and facts.travel is not Heading.NONE and facts.travel_heights >= _GOES_HEIGHTS:
        return f"the subject travels {facts.travel_heights:.1f} times its height"
    if where is _CIRCLE and _angles(facts) and facts.turn_deg is not None and abs(facts.turn_deg) < _BENDS_DEG:
        return "the subject goes straight"
    return _of_direction(where, side[1] if side else "", facts)


def _of_direction(where: re.Pattern[str] | None, side: str, facts: MotionFacts) -> str:
    angles = _angles(facts)
    if not angles:
        return ""
    truth = f"the subject goes {_in_words(angles[0])}"
    if where in (_FORWARD, _BACKWARD) and not side:
        claimed = 0.0 if where is _FORWARD else 180.0
        return truth if all(_apart(angle, claimed) >= _ACROSS_DEG for angle in angles) else ""
    if side and where is None or side and where is _SIDEWAYS:
        claimed = 90.0 if side == "left" else -90.0
        bends = facts.turn_deg is not None and abs(facts.turn_deg) >= _CLEAR_TURN_DEG
        return truth if not bends and all(_apart(angle, claimed) >= _OPPOSITE_DEG for angle in angles) else ""
    if where is _SIDEWAYS and all(min(_apart(angle, 0.0), _apart(angle, 180.0)) <= _STRAIGHT_DEG for angle in angles):
        return truth
    return ""


def _of_pace(claim: Claim, facts: MotionFacts) -> str:
    goes = facts.travel is not Heading.NONE and facts.subject_kind in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED)
    speed = facts.speed_heights_per_s
    if not goes or speed <= 0:
        return ""
    if claim.verb in RUNS and speed < _SLOW_HEIGHTS_PER_S and facts.gait is not Gait.RUN:
        return f"the subject goes slowly, {speed:.1f} times its height in a second"
    if claim.verb in WALKS and speed > _FAST_HEIGHTS_PER_S and facts.gait is not Gait.WALK:
        return f"the subject goes fast, {speed:.1f} times its height in a second"
    return ""


def _of_stillness(facts: MotionFacts) -> str:
    if facts.travel is not Heading.NONE and facts.path_heights >= _GOES_HEIGHTS:
        return "the subject travels"
    if facts.gait is not Gait.NONE and facts.num_steps >= 3:
        return f"the subject {'runs' if facts.gait is Gait.RUN else 'walks'} on the spot"
    return "the subject jumps" if facts.num_jumps else ""


def _of_turn(claim: Claim, facts: MotionFacts) -> str:
    turn = facts.turn_deg
    if turn is None or not facts.front_known:
        return ""
    side = _SIDE.match(
        re.sub(r"^(?:around|sharply|slowly|quickly|slightly|back|in place|about|over)\s+", "", claim.after)
    )
    truth = f"the subject turns to its {'left' if turn > 0 else 'right'}"
    if side:
        if abs(turn) >= _CLEAR_TURN_DEG:
            return truth if (turn > 0) != (side[1] == "left") else ""
        turned_parts = moving(facts, "torso") or moving(facts, "head") or moving(facts, "body")
        return "the subject keeps facing the same way" if abs(turn) < _NO_TURN_DEG and not turned_parts else ""
    whole = claim.verb in ("spin", "twirl", "pirouette", "whirl") or re.match(
        r"(?:around|in a (?:full )?circle|in circles|all the way)\b", claim.after
    )
    flips = max(abs(facts.flip_deg or 0.0), abs(facts.roll_deg or 0.0)) >= 90.0
    if whole and abs(turn) < _LITTLE_TURN_DEG and not flips and not re.search(r"\bkick|attack|slash", claim.after):
        return "the subject hardly turns"
    return ""


def _angles(facts: MotionFacts) -> list[float]:
    """The ways that it may be said to go, degrees to its left of forward; none where nobody can tell."""
    if not facts.front_known:
        return []
    found = []
    if facts.gait is not Gait.NONE and facts.gait_heading in _ANGLES:
        found.append(_ANGLES[facts.gait_heading])
    bends = facts.turn_deg is not None and abs(facts.turn_deg) >= _BENDS_DEG
    if facts.travel in _ANGLES and not bends:
        bearing = facts.travel_bearing_deg
        found.append(_ANGLES[facts.travel] if bearing is None else bearing)
    return [] if facts.travel in (Heading.CIRCLE, Heading.TO_AND_FRO, Heading.SOMEWHERE) else found


def _in_words(angle: float) -> str:
    near = min(_ANGLES, key=lambda heading: _apart(_ANGLES[heading], angle))
    return {"left": "to its left", "right": "to its right"}.get(near.value, near.value.replace("_", " and to its ", 1))


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)


def _turns(facts: MotionFacts) -> bool:
    return facts.turn_deg is None or abs(facts.turn_deg) >= _LITTLE_TURN_DEG
