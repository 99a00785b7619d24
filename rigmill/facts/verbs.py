"""One verb for what a clip's joints do, and for what a sentence asks for: whether the two agree, without pictures.

Verbs are few and broad: 'trots', 'gallops' and 'jogs' are running, 'bites' and 'headbutts' attacks. What facts cannot
tell apart is one verb.
"""

from __future__ import annotations

import re
from enum import StrEnum

from rigmill.facts.facts import Gait, Heading, MotionFacts, PartAction, PartFacts, Posture, SubjectKind, Sweep


class Verb(StrEnum):
    """What a subject does."""

    REST = "rest"  # stands, waits, breathes; nothing moves
    WALK = "walk"
    RUN = "run"
    FLY = "fly"  # travels on its wings
    FLAP = "flap"  # beats them where it is: hovers, flaps
    GO = "go"  # travels without a gait: swims, slithers, glides
    JUMP = "jump"
    HOP = "hop"  # again and again
    TURN = "turn"  # on the spot, by less than once round
    SPIN = "spin"  # round and round, as a whole
    CROUCH = "crouch"
    SIT = "sit"
    LIE = "lie"  # lies down, falls
    LOOK = "look"  # the head goes from side to side: looks around, shakes its head
    NOD = "nod"
    WAVE = "wave"  # one raised arm goes to and fro
    CHEER = "cheer"  # both are raised
    STRIKE = "strike"  # an arm or leg shoots out: punches, kicks
    ATTACK = "attack"  # with head, jaw or body, and back
    WAG = "wag"
    DANCE = "dance"  # arms and legs go to and fro together, again and again
    OPEN = "open"  # of things, as what follows
    CLOSE = "close"
    SWING = "swing"  # a part goes to and fro
    WHIRL = "whirl"  # a part turns round and round
    DRIVE = "drive"  # it goes along on wheels
    SHIFT = "shift"  # a part turns or slides and stays
    OTHER = "other"


_TURNS_DEG, _ROUND_DEG = 45.0, 270.0
_LOW, _STILL = 0.08, 0.02  # heights
_WINGBEATS = 1.5
_RAISED = ("arm", "claw")
_WAGS_DEG = 15.0
_GOES_ALONG = frozenset({"tail", "left ear", "right ear", "abdomen", "left fin", "right fin"})


def verb_of(facts: MotionFacts) -> Verb:
    """The one verb that the facts of a clip suggest most."""
    if facts.subject_kind is SubjectKind.ARTICULATED or not facts.front_known:
        return _of_a_thing(facts)
    return _of_the_whole(facts) or _of_limbs(facts) or (Verb.REST if _rests(facts) else Verb.OTHER)


def _of_a_thing(facts: MotionFacts) -> Verb:
    if not facts.parts:
        return Verb.DRIVE if facts.travel is not Heading.NONE else Verb.REST
    actions = [part.action for part in facts.parts]
    if PartAction.SPINS in actions[:2]:
        wheels = sum(part.part.endswith("wheel") for part in facts.parts)
        return Verb.DRIVE if wheels > 1 or facts.travel is not Heading.NONE else Verb.WHIRL
    found = {
        PartAction.OPENS: Verb.OPEN,
        PartAction.SLIDES_OUT: Verb.OPEN,
        PartAction.CLOSES: Verb.CLOSE,
        PartAction.SLIDES_IN: Verb.CLOSE,
        PartAction.SWINGS: Verb.SWING,
        PartAction.SLIDES: Verb.SWING,
    }
    return found.get(actions[0], Verb.SHIFT)


def _rests(facts: MotionFacts) -> bool:
    return facts.idle or not facts.parts or max(part.turn_deg for part in facts.parts) < 12


def _of_the_whole(facts: MotionFacts) -> Verb | None:
    """What all of the body does: travels, jumps, turns, sinks."""
    goes = facts.travel not in (Heading.NONE, Heading.TO_AND_FRO)
    wings = [part for part in facts.parts if part.part.endswith("wing")]
    beats = max((part.num_cycles for part in wings), default=0.0)
    if facts.posture_end is Posture.LIES and facts.posture_start is not Posture.LIES:
        return Verb.LIE
    if facts.posture_end is Posture.SITS and facts.posture_start is not Posture.SITS:
        return Verb.SIT
    if facts.gait is not Gait.NONE and (goes or facts.in_place):
        return Verb.RUN if facts.gait is Gait.RUN else Verb.WALK
    if facts.num_jumps > 1:
        return Verb.HOP
    if facts.num_jumps == 1:
        return Verb.JUMP
    if abs(facts.turn_deg or 0.0) >= _ROUND_DEG:
        return Verb.SPIN
    if wings and (goes or abs(facts.end_rise_heights) > 0.3):
        return Verb.FLY if beats >= _WINGBEATS or abs(facts.end_rise_heights) > 0.3 else Verb.GO
    if wings and beats >= _WINGBEATS and _pair(wings):
        return Verb.FLAP
    if goes and facts.travel_heights > 0.3:
        return Verb.GO
    if abs(facts.turn_deg or 0.0) >= _TURNS_DEG:
        return Verb.TURN
    if facts.end_rise_heights < -_LOW or facts.posture_end is Posture.CROUCHES:
        return Verb.CROUCH
    return None


def _of_limbs(facts: MotionFacts) -> Verb | None:
    """What a part of the body does while the rest stays."""
    parts = facts.parts
    if not parts:
        return None
    if any(part.strikes and part.part.endswith(("arm", "leg", "claw")) for part in parts):
        return Verb.STRIKE
    up = [part for part in parts if part.raised and part.part.endswith(_RAISED) and part.turn_deg > 60]
    if len({part.side for part in up}) > 1:
        return Verb.CHEER
    if up and up[0].num_cycles >= 1:
        return Verb.WAVE
    swinging = [part for part in parts if part.action is PartAction.SWINGS]
    limbs = {part.part for part in swinging if part.num_cycles >= 1.5 and part.part.endswith(("arm", "leg"))}
    if len(limbs) > 1 and facts.period_s is not None:
        return Verb.DANCE
    # Tails go along with everything, and ears.
    telling = [part for part in parts if part.part not in _GOES_ALONG] or [*parts]
    strongest = max(telling, key=lambda part: part.reach_heights)
    head = _head(parts)
    if head is not None and head.sweep is Sweep.SIDE_TO_SIDE and facts.sink_heights < 0.04:
        return Verb.LOOK
    if head is not None and head.sweep is Sweep.UP_DOWN and head.num_cycles >= 1.5 and facts.sink_heights < 0.04:
        return Verb.NOD
    if strongest.part == "tail":
        return Verb.WAG if strongest.turn_deg >= _WAGS_DEG else Verb.REST
    once = strongest.action is PartAction.SWINGS and strongest.num_cycles <= 1.7
    if once and strongest.part.endswith(("arm", "leg")) and facts.sink_heights < 0.06 and head is None:
        return Verb.STRIKE
    if once or any(part.part == "jaw" for part in parts):
        return Verb.ATTACK
    return None


def _head(parts: tuple[PartFacts, ...]) -> PartFacts | None:
    return next((part for part in parts if part.part == "head"), None)


def _pair(parts: list[PartFacts]) -> bool:
    return len({part.side for part in parts}) > 1


# Beginnings of words, or several words; of those in a sentence the first counts, of two at one place the longer.
_SAID = {
    Verb.WALK: "walk, stroll, march, sneak, stalk, crawl, creep, scuttl, limp, tiptoe, plod, strut, prowl, step",
    Verb.RUN: "run, gallop, trot, jog, sprint, dash, charg, race, canter",
    Verb.FLY: "fly, flies, soar, dive, take off, takes off, dart, land",
    Verb.FLAP: "flap, hover, beats its wings",
    Verb.GO: "swim, slither, glide, wriggl, drift",
    Verb.JUMP: "jump, leap, pounce",
    Verb.HOP: "hop, bounc, skip",
    Verb.CROUCH: "crouch, duck, squat, kneel",
    Verb.SIT: "sit",
    Verb.LIE: "lie, lying, lay, fall, collaps, tumbl",
    Verb.LOOK: "look, shakes his head, shakes her head, shakes its head",
    Verb.NOD: "nod",
    Verb.WAVE: "wave, waving, greet, salut",
    Verb.CHEER: "cheer, celebrat, raises both",
    Verb.STRIKE: "punch, kick, box, hit, slap",
    Verb.ATTACK: "attack, bite, biting, snap, headbutt, butt, lung, peck, sting, swat, ram, eat, roar, bow, "
    "opens its mouth, opens its jaw, opens his mouth, opens her mouth",
    Verb.WAG: "wag",
    Verb.DANCE: "danc",
    Verb.OPEN: "open, slides out, pulls out, pulls",
    Verb.CLOSE: "clos, shut, slides in, pushes in",
    Verb.SWING: "swing, sway, rock, steer, slides",
    Verb.WHIRL: "whirl, spins its",
    Verb.DRIVE: "drive, driving, roll",
    Verb.SPIN: "spin, twirl, pirouett",
    Verb.TURN: "turn",
    Verb.REST: "stands, standing, idle, idling, wait, rest, breath, stay",
}
_ENDINGS = "(?:e|s|es|ed|ing|[bgmnpt](?:ed|ing)|(?:e|y|ies)?)"
_FORMS = [
    (re.compile(rf"\b{re.escape(said)}{_ENDINGS}\b"), verb)
    for verb, all_said in _SAID.items()
    for said in all_said.split(", ")
]


def verb_in(sentence: str) -> Verb | None:
    """The verb that a sentence asks for; None where it says none that is known here."""
    text = " ".join(sentence.lower().split())
    found = [(match.start(), -len(match.group()), verb) for form, verb in _FORMS if (match := form.search(text))]
    return min(found)[2] if found else None


# What a motion may be called beside the verb that was asked for.
_ALIKE = {
    Verb.FLY: (Verb.FLAP, Verb.GO),
    Verb.FLAP: (Verb.FLY,),
    Verb.GO: (Verb.WALK,),
    Verb.JUMP: (Verb.HOP,),
    Verb.HOP: (Verb.RUN,),
    Verb.SPIN: (Verb.WHIRL, Verb.WALK),
    Verb.TURN: (Verb.SHIFT, Verb.SWING, Verb.WHIRL),
    Verb.NOD: (Verb.SWING,),
    Verb.WHIRL: (Verb.DRIVE,),
    Verb.SWING: (Verb.OPEN, Verb.CLOSE),
    Verb.OPEN: (Verb.SWING,),
    Verb.REST: (Verb.WAG,),
    Verb.ATTACK: (Verb.STRIKE,),
    Verb.STRIKE: (Verb.ATTACK,),
    Verb.CHEER: (Verb.DANCE,),
}


def fits(facts: MotionFacts, sentence: str) -> bool | None:
    """Whether a motion is what a sentence asks for, as far as facts tell; None where the sentence does not say."""
    asked = verb_in(sentence)
    if asked is None:
        return None
    found = verb_of(facts)
    return found is asked or found in _ALIKE.get(asked, ())
