"""From a motion's name to the verbs that the facts let stand."""

from __future__ import annotations

import re
from functools import lru_cache

from caption.words.deed import Deed
from caption.words.english import ing, third
from caption.words.limbs import limb_in_words, moving
from caption.words.moves import ACTS, GAITS, Move, Need
from rigmill.facts.facts import Gait, Heading, MotionFacts, Posture, SubjectKind, Sweep

MIN_JUMP_RISE_HEIGHTS = 0.08
MIN_SINK_HEIGHTS = 0.12
MIN_DIP_HEIGHTS = 0.03
MIN_DOWN_SINK_HEIGHTS = 0.3
MIN_LYING_DEG = 50.0
MIN_SPIN_DEG = 150.0
MIN_REARING_DEG = 15.0
_FLIGHT_HEIGHTS = 0.5  # up, of what has no wings
MIN_FLIP_DEG = 200.0
# Grossly wrong: a sprint at a slow walk's pace, a stroll at a sprint's (people walk 0.8 heights a second, sprint 4).
MAX_WALK_HEIGHTS_PER_S = 3.5
MIN_RUN_HEIGHTS_PER_S = 0.4
_A_CYCLE = 0.65  # a step of a clip that ends before its legs are back
_FAST = frozenset({"run", "sprint", "gallop", "dash"})
_SLOW = frozenset({"walk", "sneak", "limp", "crawl", "stagger"})


def travels(facts: MotionFacts) -> bool:
    """Whether it gets anywhere, or went some way and came back."""
    return facts.travel is not Heading.NONE


def steps(facts: MotionFacts) -> bool:
    """Whether legs walk or run, on the spot too."""
    return facts.gait is not Gait.NONE


def legs_swing(facts: MotionFacts) -> bool:
    """Whether two legs go to and fro: a gait, if the motion's name says so."""
    return sum(part.part.endswith("leg") and part.num_cycles >= _A_CYCLE for part in facts.parts) >= 2


def gait_of(motion: str, facts: MotionFacts) -> Move | None:
    """How the name says that it gets about, if the joints do not say otherwise."""
    return next((move for move in _called(motion, GAITS) if fits(move, facts)), None)


def acts_of(motion: str, facts: MotionFacts) -> list[Move]:
    """What else it does by its name."""
    return [move for move in _called(motion, ACTS) if fits(move, facts)]


def calls(motion: str, *words: str) -> bool:
    """Whether the name has one of these verbs in any form."""
    return any(word in _forms_in(motion) for word in words)


def deeds_of(move: Move, facts: MotionFacts) -> list[Deed]:
    """The move's verbs, with the limb that does it where one does."""
    limb = limb_in_words(facts, move.limb) if move.limb else ""
    own = [Deed(deed.verb, f"{deed.rest} with {limb}".strip()) for deed in move.deeds[:1]] if limb else []
    return [*own, *move.deeds]


def fits(move: Move, facts: MotionFacts) -> bool:
    """Whether the facts meet what the move needs, and its pace is not grossly another."""
    if facts.subject_kind is SubjectKind.ARTICULATED:
        return False
    if move.need is Need.STAYS:
        upright = {facts.posture_start, facts.posture_end} <= {Posture.UNKNOWN, Posture.STANDS}
        return not travels(facts) and not steps(facts) and facts.num_jumps == 0 and upright
    if facts.idle:
        return move.need in (Need.SITS, Need.LIES, Need.TAIL, Need.HEAD) and _meets(move.need, facts)
    if travels(facts) and move.way and facts.speed_heights_per_s > 0:
        verb, speed = move.deeds[0].verb, facts.speed_heights_per_s
        if verb in _FAST and speed < MIN_RUN_HEIGHTS_PER_S or verb in _SLOW and speed > MAX_WALK_HEIGHTS_PER_S:
            return False
    return _meets(move.need, facts)


def _meets(need: Need, facts: MotionFacts) -> bool:
    low = max(-facts.end_rise_heights, 0.0)
    lies = facts.posture_end is Posture.LIES
    lean = facts.end_lean_deg
    return {
        Need.STEPS: steps(facts) or travels(facts) or legs_swing(facts),
        Need.GLIDES: True,
        Need.FLIES: (moving(facts, "wing") or facts.rise_heights > _FLIGHT_HEIGHTS) and not steps(facts),
        Need.JUMPS: facts.num_jumps > 0 or facts.rise_heights >= MIN_JUMP_RISE_HEIGHTS,
        Need.DOWN: lies or lean is not None and lean >= MIN_LYING_DEG or low >= MIN_DOWN_SINK_HEIGHTS,
        Need.UP: facts.posture_end not in (Posture.SITS, Posture.LIES),
        Need.LOW: facts.sink_heights >= MIN_SINK_HEIGHTS,
        Need.DIPS: facts.sink_heights >= MIN_DIP_HEIGHTS,
        Need.TURNS: facts.turn_deg is not None and abs(facts.turn_deg) >= MIN_SPIN_DEG,
        Need.FLIPS: facts.flip_deg is not None and abs(facts.flip_deg) >= MIN_FLIP_DEG,
        Need.ROLLS: max(abs(facts.flip_deg or 0.0), abs(facts.roll_deg or 0.0)) >= MIN_FLIP_DEG,
        Need.CARTWHEELS: facts.roll_deg is not None and abs(facts.roll_deg) >= MIN_FLIP_DEG,
        Need.ARM: moving(facts, "arm") or moving(facts, "front leg") or moving(facts, "wing") or moving(facts, "claw"),
        Need.LEG: moving(facts, "leg"),
        Need.TAIL: moving(facts, "tail"),
        Need.CLAW: moving(facts, "claw"),
        Need.REARS: not travels(facts) and facts.max_lean_deg is not None and facts.max_lean_deg >= MIN_REARING_DEG,
        Need.HEAD: moving(facts, "head") or moving(facts, "neck"),
        Need.NODS: _head_sweeps(facts, Sweep.SIDE_TO_SIDE),
        Need.SHAKES: _head_sweeps(facts, Sweep.UP_DOWN),
        Need.MOVES: True,
        Need.SITS: facts.posture_end in (Posture.SITS, Posture.CROUCHES) and not (steps(facts) and travels(facts)),
        Need.LIES: lies,
        Need.STAYS: True,
    }[need]


def _head_sweeps(facts: MotionFacts, never: Sweep) -> bool:
    """Whether the head moves, in another way than this."""
    sweeps = {part.sweep for part in facts.parts if part.part == "head"}
    return bool(sweeps) and never not in sweeps


def _called(motion: str, moves: tuple[Move, ...]) -> list[Move]:
    said = _forms_in(motion)
    return [move for move in moves if any(call in said for call in move.calls)]


@lru_cache(maxsize=4096)
def _forms_in(motion: str) -> frozenset[str]:
    """The name's words and pairs of neighbours, each as it is and as the verb that it is a form of."""
    words = motion.split()
    found = {form for word in words for form in _bases(word)}
    pairs = zip(words, words[1:])
    found |= {f"{form} {other}" for word, after in pairs for form in _bases(word) for other in _bases(after)}
    # 'no' and 'yes' are moves only where they are all that is said.
    return frozenset(found - {"no", "yes"} if len(words) > 1 else found)


@lru_cache(maxsize=4096)
def _bases(word: str) -> frozenset[str]:
    """'running' is a form of 'run', 'punches' of 'punch', 'jumped' of 'jump'."""
    stems = {word, word.removesuffix("s"), word.removesuffix("es"), re.sub(r"ied$|ies$", "y", word)}
    for ending in ("ing", "ed"):
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            stems |= {stem, stem + "e", re.sub(r"(.)\1$", r"\1", stem)}
    known = {
        stem for stem in stems if len(stem) > 1 and word in (stem, third(stem), ing(stem), stem + "ed", stem + "d")
    }
    return frozenset(known | {word} | ({re.sub(r"ied$", "y", word)} if word.endswith("ied") else set()))
