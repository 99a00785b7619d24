"""What is worth saying of a clip, in order: how it gets about, what it does, how it turns, what its limbs do."""

from __future__ import annotations

from dataclasses import dataclass

from caption.words.deed import Deed, deeds
from caption.words.limbs import limb, limb_deeds, moving, opens_whole, part_deeds
from caption.words.moves import Move, Need
from caption.words.nouns import CATEGORY_OF_NOUN
from caption.words.subject import Name
from caption.words.verbs import acts_of, calls, deeds_of, gait_of, steps, travels
from caption.words.ways import turn_deeds, ways
from rigmill.facts.facts import Gait, MotionFacts, PartAction, Posture, SubjectKind
from rigmill.facts.names import THING

MIN_RISE_HEIGHTS = 0.25
_MIN_BOB_HEIGHTS = 0.04
_FLIP_DEG = 250.0
_LIVING = frozenset({"character", "anthropomorphic", "toy", "animal", "mythical creature", "sculpture"})
_MANY_JUMPS = 3
# What is called so is on no feet, whatever its joints look like.
_OFF_ITS_FEET = ("jump", "fall", "air", "fly", "swim", "climb")


@dataclass(frozen=True, slots=True)
class Story:
    """`main`: wordings of what is said in any case, the plainest first; `more`: what else is true, strongest first.

    `needs_more`: the first of `more` belongs into the plain sentence too.
    """

    main: tuple[Deed, ...]
    more: tuple[tuple[Deed, ...], ...] = ()
    needs_more: bool = False


def story_of(facts: MotionFacts, name: Name, motion: str) -> Story:
    """`motion`: the motion's name, cleaned."""
    is_body = facts.subject_kind in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED, SubjectKind.WINGED)
    living = CATEGORY_OF_NOUN.get(name.noun) in _LIVING and not any(limb(part) in THING for part in facts.parts)
    return _of_body(facts, motion) if is_body or living else _of_thing(facts, name, motion)


def _of_body(facts: MotionFacts, motion: str) -> Story:
    acts = acts_of(motion, facts)
    if facts.idle and not acts:
        return Story(_still(facts, motion))
    act, named = acts[0] if acts else None, gait_of(motion, facts)
    if act and act.need is Need.STAYS:
        return _of_one_who_stays(facts, act, motion)
    goes = _goes(facts, named) if act is None or named or _goes_besides(act, facts) else ()
    does = _does(act, facts, bool(goes)) if act else ()
    if (
        act and act.need is Need.JUMPS and not goes and len(acts) > 1 and acts[1].need is not Need.STAYS
    ):  # 'jump attack'
        goes, does = does, tuple(deeds_of(acts[1], facts))
    if facts.in_place and named is None and turn_deeds(facts):
        goes = ()  # it steps in order to turn
    stepping = steps(facts) or named is not None and named.need is Need.STEPS
    own = _own(facts, act, stepping=stepping)
    limbs = tuple(limb_deeds(facts, steps=stepping)) if act is None else ()
    if goes and "wings" in goes[0].rest:
        limbs = tuple(said for said in limbs if "wings" not in said[0].rest)
    told = [said for said in (goes, does, *own) if said]
    limbs = (*_bobs(facts), *limbs) if act is None else limbs
    if not told:
        return Story(limbs[0], limbs[1:]) if limbs else Story(deeds("move in place", "make small movements"))
    return Story(told[0], (*told[1:], *limbs), needs_more=len(told) > 1)


def _of_one_who_stays(facts: MotionFacts, act: Move, motion: str) -> Story:
    """Stands in place, or whatever it does of itself while its name says that it waits."""
    if facts.subject_kind is SubjectKind.WINGED and moving(facts, "wing") and not facts.idle:
        return Story(_goes(facts, None))
    limbs = tuple(said for said in limb_deeds(facts, steps=True))
    if calls(motion, *_OFF_ITS_FEET):
        return Story(deeds("stay in place", "hold still" if facts.idle else "move in place"), limbs)
    if facts.subject_kind not in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED, SubjectKind.WINGED):
        return Story(deeds("stay in place", "hold still" if facts.idle else "move in place"))
    turns = turn_deeds(facts)
    return Story(act.deeds, (*((turns,) if turns else ()), *limbs), needs_more=bool(turns))


def _goes_besides(act: Move, facts: MotionFacts) -> bool:
    """Whether to say where it goes beside an act whose name speaks of no gait."""
    return (
        travels(facts)
        and not act.way
        and act.need not in (Need.DOWN, Need.UP, Need.LOW, Need.DIPS, Need.FLIPS, Need.SITS, Need.LIES)
    )


def _does(act: Move, facts: MotionFacts, said: bool) -> tuple[Deed, ...]:
    """The act's wordings, with the direction where it has one and the gait has not said it."""
    if act.need is Need.JUMPS and facts.num_jumps >= 2 and not said:
        return _jumps(facts)
    if act.need is Need.SITS and facts.posture_start is Posture.STANDS:
        return deeds("sit down")
    if act.need is Need.LIES and facts.posture_start is Posture.STANDS:
        return deeds("lie down")
    wordings = tuple(deeds_of(act, facts))
    if act.way and travels(facts) and not said:
        return tuple(deed.to(way) for way in ways(facts, steps=True) for deed in wordings)
    return wordings


def _goes(facts: MotionFacts, named: Move | None) -> tuple[Deed, ...]:
    """Walks forward, flies, in every wording; empty where it neither travels nor steps."""
    flaps = facts.subject_kind is SubjectKind.WINGED and moving(facts, "wing")
    if named is None and not travels(facts) and not steps(facts):
        if flaps:
            return deeds("flap {its} wings", "beat {its} wings")
        return ()
    if named is not None:
        verbs = named.deeds
    elif facts.gait is not Gait.NONE:
        run = facts.gait is Gait.RUN
        verbs = deeds("run", "move {way} at a run") if run else deeds("walk", "move {way} at a walk")
    elif flaps:
        verbs = deeds("fly", "fly {way} through the air")
    else:
        verbs = deeds("move", "travel")
    directions = ways(facts, steps=named is not None or steps(facts)) if named is None or named.way else ("",)
    if not travels(facts):  # nobody "moves in place at a walk"
        verbs = verbs[:1]
    return tuple(deed.to(way) for way in directions for deed in verbs)


def _own(facts: MotionFacts, act: Move | None, *, stepping: bool) -> list[tuple[Deed, ...]]:
    """What the joints say by themselves; of postures, jumps and heights only where no act by name has."""
    needs = act.need if act else None
    lies = Posture.LIES in (facts.posture_start, facts.posture_end)
    found = [
        () if needs in (Need.FLIPS, Need.ROLLS, Need.CARTWHEELS) else _flips(facts),
        () if act or facts.gait is Gait.RUN or facts.in_place else _jumps(facts),
        () if act or stepping else _posture(facts),
        () if needs is Need.TURNS or lies else turn_deeds(facts),
        () if act or facts.num_jumps else _rises(facts),
    ]
    return [said for said in found if said]


def _flips(facts: MotionFacts) -> tuple[Deed, ...]:
    if facts.flip_deg is not None and abs(facts.flip_deg) >= _FLIP_DEG:
        way = "forward" if facts.flip_deg > 0 else "backward"
        return deeds(f"do a {way} somersault", f"somersault {way}") if facts.front_known else deeds("do a somersault")
    if facts.roll_deg is not None and abs(facts.roll_deg) >= _FLIP_DEG:
        return deeds("turn a cartwheel", "do a cartwheel")
    return ()


def _jumps(facts: MotionFacts) -> tuple[Deed, ...]:
    num = facts.num_jumps
    if num == 0:
        return ()
    if num >= _MANY_JUMPS:
        return (
            deeds("jump several times", "make several jumps")
            if travels(facts)
            else deeds("jump up and down", "jump several times")
        )
    return (
        deeds("jump twice", "make two jumps")
        if num > 1
        else deeds("jump", "make a jump")
        if travels(facts)
        else deeds("jump up", "jump into the air")
    )


def _posture(facts: MotionFacts) -> tuple[Deed, ...]:
    start, end = facts.posture_start, facts.posture_end
    if Posture.UNKNOWN in (start, end):
        return ()
    if start is end:
        held = {Posture.SITS: "sit", Posture.LIES: "lie on the ground", Posture.CROUCHES: "stay in a crouch"}
        return deeds(held[end]) if end in held else ()
    if end is Posture.STANDS:
        return {
            Posture.SITS: deeds("stand up", "rise from sitting"),
            Posture.LIES: deeds("get up from the ground", "get up"),
            Posture.CROUCHES: deeds("straighten up", "rise from a crouch"),
        }[start]
    return {
        Posture.SITS: deeds("sit down", "go down to sit"),
        Posture.LIES: deeds("go down to the ground", "end up lying on the ground"),
        Posture.CROUCHES: deeds("crouch down", "go down into a crouch"),
    }[end]


def _rises(facts: MotionFacts) -> tuple[Deed, ...]:
    if facts.posture_start is not facts.posture_end:
        return ()  # said by the posture
    if facts.end_rise_heights >= MIN_RISE_HEIGHTS:
        return (
            deeds("rise into the air", "rise")
            if facts.subject_kind is SubjectKind.WINGED
            else deeds("rise", "move upward")
        )
    if facts.end_rise_heights <= -MIN_RISE_HEIGHTS:
        return deeds("sink down", "move downward")
    return ()


def _bobs(facts: MotionFacts) -> list[tuple[Deed, ...]]:
    """Up and down, of what has no legs to do it with."""
    bobs = max(facts.rise_heights, facts.sink_heights) >= _MIN_BOB_HEIGHTS and facts.num_cycles >= 1
    legless = facts.posture_end is Posture.UNKNOWN and facts.gait is Gait.NONE and not facts.num_jumps
    if bobs and legless and facts.subject_kind in (SubjectKind.OTHER, SubjectKind.WINGED):
        return [deeds("bob up and down", "move up and down")]
    return []


def _still(facts: MotionFacts, motion: str) -> tuple[Deed, ...]:
    posture = facts.posture_end
    if posture is Posture.SITS:
        return deeds("sit still", "sit, hardly moving")
    if posture is Posture.LIES:
        return deeds("lie still", "lie on the ground, hardly moving")
    if posture is Posture.CROUCHES:
        return deeds("hold a crouch", "stay in a crouch, hardly moving")
    stands = facts.subject_kind in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED)
    if (
        calls(motion, "jump", "fall", "fly", "swim", "climb", "sit", "lie", "sleep", "dead", "death", "die")
        or not stands
    ):
        return deeds("stay still", "stay almost still")
    return deeds("stand still", "stand in place, hardly moving", "stand quietly")


def _of_thing(facts: MotionFacts, name: Name, motion: str) -> Story:
    if facts.idle:
        return Story(deeds("stay still", "stay almost still"))
    parts = part_deeds(facts, name)
    named = _named_part(facts, name, parts, motion)
    if named:
        parts = [named, *parts[1:]]
    goes: tuple[Deed, ...] = ()
    if travels(facts):
        verbs = (
            ("drive", "roll")
            if CATEGORY_OF_NOUN.get(name.noun) == "vehicle" and moving(facts, "wheel")
            else ("move", "travel")
        )
        goes = deeds(*(f"{verb} {way}".strip() for way in ways(facts, steps=False) for verb in verbs))
    told = [said for said in (goes, *parts) if said]
    if told:
        return Story(told[0], tuple(told[1:]), needs_more=len(parts) == 2 and not goes)
    own = [*_own(facts, None, stepping=False), *_bobs(facts)]
    if own:
        return Story(own[0], tuple(own[1:]))
    return Story(deeds("move a little", "make a small movement"))


def _named_part(facts: MotionFacts, name: Name, parts: list[tuple[Deed, ...]], motion: str) -> tuple[Deed, ...]:
    """'opens' or 'closes' by the motion's name, where the strongest part's turn could be either."""
    if not parts or facts.parts[0].action not in (PartAction.TURNS, PartAction.SWINGS, PartAction.SLIDES):
        return ()
    opens, closes = calls(motion, "open"), calls(motion, "close", "shut")
    if opens == closes or facts.parts[0].action is not PartAction.TURNS:
        return ()
    first = parts[0][0]
    whole = first.part == "part" and opens_whole(name)
    return (Deed("open" if opens else "close", "", "" if whole else first.part, first.plural and not whole),)
