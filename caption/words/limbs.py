"""What limbs and parts do, in words: both arms together, a head that nods, a cabinet's door."""

from __future__ import annotations

from caption.words.deed import Deed, deeds
from caption.words.subject import Name
from rigmill.facts.facts import MotionFacts, PartAction, PartFacts, Sweep

MAX_DEEDS = 4
_MIN_TURN_DEG = 12.0
_SEEN_DEG, _SEEN_HEIGHTS = 2.0, 0.01  # of a thing's part: what moves less is not seen to
_MIN_WAVE_CYCLES = 1.0
_MUCH_STRONGER = 2.0  # the limb that does it, beside its partner that only sways along
_FAST_HEAD_PER_S = 1.2  # cycles: above it a head is shaken, not turned
# What goes to and fro with every step.
_OF_GAIT = ("leg", "arm", "head", "neck", "ear")
# What still moves of who stands and waits.
_OF_IDLE = ("head", "neck", "tail", "ear")
_OPENABLE = frozenset({"door", "gate", "lid", "hatch", "window"})
_OPENABLE_NOUNS = (
    "door",
    "gate",
    "chest",
    "box",
    "book",
    "garage",
    "mailbox",
    "coffin",
    "trapdoor",
    "drawbridge",
    "hatch",
    "window",
)

# What opens of a thing whose parts nobody named, where a person would not ask.
_DOORED = (
    "cabinet",
    "cupboard",
    "wardrobe",
    "closet",
    "locker",
    "fridge",
    "refrigerator",
    "freezer",
    "oven",
    "microwave",
    "safe",
    "washing machine",
    "dishwasher",
    "elevator",
    "car",
    "van",
    "bus",
    "truck",
    "house",
    "building",
    "birdcage",
    "cage",
)
_LIDDED = (
    "chest",
    "coffin",
    "trash can",
    "garbage can",
    "bin",
    "dustbin",
    "toilet",
    "laptop",
    "piano",
    "toolbox",
    "suitcase",
    "jar",
    "teapot",
)
_DRAWERED = ("cabinet", "desk", "dresser", "nightstand", "chest of drawers", "sideboard")

_BY_ACTION: dict[PartAction, str] = {
    PartAction.SWINGS: "swing back and forth; swing to and fro",
    PartAction.OPENS: "turn to one side; turn away and [stay] there",
    PartAction.CLOSES: "turn back; turn back to where it rests",
    PartAction.SPINS: "spin; spin round and round",
    PartAction.SLIDES_OUT: "slide out; move outward",
    PartAction.SLIDES_IN: "slide in; move inward",
    PartAction.SLIDES: "slide back and forth; slide to and fro",
    PartAction.RISES: "rise; move up",
    PartAction.SINKS: "sink; move down",
    PartAction.TURNS: "turn; rotate",
}
_OF_OPENABLE: dict[PartAction, str] = {
    PartAction.SWINGS: "swing open and shut; swing back and forth",
    PartAction.OPENS: "swing open; open",
    PartAction.CLOSES: "swing shut; close",
    PartAction.SLIDES_OUT: "slide open; open",
    PartAction.SLIDES_IN: "slide shut; close",
    PartAction.SLIDES: "slide open and shut; slide back and forth",
}
_OF_DRAWER: dict[PartAction, str] = {
    PartAction.SLIDES_OUT: "slide out; open",
    PartAction.SLIDES_IN: "slide in; close",
    PartAction.SLIDES: "slide in and out; open and [close]",
}


def limb(part: PartFacts) -> str:
    """The part without its side: 'arm', 'front leg', 'wing'."""
    return part.part.removeprefix("left ").removeprefix("right ")


def moving(facts: MotionFacts, name: str) -> bool:
    """Whether a part so called moves: 'leg' is any leg."""
    return any(limb(part) == name or limb(part).endswith(f" {name}") for part in facts.parts)


def limb_in_words(facts: MotionFacts, name: str) -> str:
    """'{its} left arm' where one of the two does it and sides can be told, 'both arms' where both do; else ''."""
    own = [part for part in facts.parts if limb(part) == name and part.side]
    if not own or not facts.front_known:
        return ""
    strongest = own[0]
    rivals = [part for part in own[1:] if part.side != strongest.side]
    if not rivals or strongest.reach_heights > _MUCH_STRONGER * max(part.reach_heights for part in rivals):
        return f"{{its}} {strongest.side} {name}"
    return ""


def limb_deeds(facts: MotionFacts, *, steps: bool) -> list[tuple[Deed, ...]]:
    """What limbs of a body do, beside its gait if it `steps`; the strongest first, each in one wording or more."""
    by_limb: dict[str, list[PartFacts]] = {}
    for part in facts.parts:
        by_limb.setdefault(limb(part), []).append(part)
    found = []
    for name, parts in by_limb.items():
        if facts.idle and name not in _OF_IDLE:
            continue
        with_steps = steps and name.endswith(_OF_GAIT)
        if with_steps and not (name == "arm" and any(_waves(part) or part.strikes for part in parts)):
            continue
        if max(part.turn_deg for part in parts) >= _MIN_TURN_DEG or max(part.reach_heights for part in parts) > 0.05:
            found.append(_of_limb(name, parts, facts))
    legs = [name for name in by_limb if name.endswith("leg")]
    if len(legs) > 1:  # front and hind legs: said once
        found = [said for said in found if not any(" leg" in deed.rest for deed in said)]
        found += [] if steps or facts.idle else [deeds("move {its} legs")]
    return [said for said in found if said][:MAX_DEEDS]


def opens_whole(name: Name) -> bool:
    """Whether one says of the thing itself that it opens, not only of a part."""
    return name.noun.endswith(_OPENABLE_NOUNS)


def part_deeds(facts: MotionFacts, name: Name) -> list[tuple[Deed, ...]]:
    """What the parts of a thing do, the strongest first; parts that do the same in one ("its door and drawer")."""
    count: dict[str, int] = {}
    action_of: dict[str, PartAction] = {}
    for part in facts.parts:
        if part.turn_deg < _SEEN_DEG and max(part.slide_heights, part.reach_heights) < _SEEN_HEIGHTS:
            continue
        action = action_of.setdefault(limb(part), part.action)
        count[limb(part)] = count.get(limb(part), 0) + (part.action is action)
    doers: dict[tuple[Deed, ...], list[str]] = {}
    for part_name, action in action_of.items():
        whole = part_name in ("part", "body") and opens_whole(name) and action in _OF_OPENABLE
        itself = whole or part_name == name.noun.split()[-1]
        num = count[part_name]
        part_name = _guessed(name.noun, action) if part_name == "part" and not whole else part_name
        wordings = _wording(name.noun.split()[-1] if itself else part_name, action, openable=whole)
        doer = "" if itself else _plural(part_name) if num > 1 else part_name
        doers.setdefault(wordings, []).append(doer)
    return [_done_by(wordings, names) for wordings, names in doers.items()]


def _guessed(noun: str, action: PartAction) -> str:
    """What a part without a name is by what it does: 'door' of a fridge, where it turns open; else 'part'."""
    if action in (PartAction.OPENS, PartAction.CLOSES):
        return "door" if noun.endswith(_DOORED) else "lid" if noun.endswith(_LIDDED) else "part"
    slides = action in (PartAction.SLIDES_OUT, PartAction.SLIDES_IN)
    return "drawer" if slides and noun.endswith(_DRAWERED) else "part"


def _done_by(wordings: tuple[Deed, ...], names: list[str]) -> tuple[Deed, ...]:
    if "" in names:
        return wordings  # the whole thing, said once
    named = [part for part in names if part not in ("part", "parts")][:2] or names[:1]
    plural = len(named) > 1 or named[0] in map(_plural, (named[0].removesuffix("s"), named[0].removesuffix("es")))
    return tuple(Deed(deed.verb, deed.rest, " and ".join(named), plural) for deed in wordings)


def _wording(part: str, action: PartAction, *, openable: bool) -> tuple[Deed, ...]:
    table = _OF_OPENABLE if openable or part in _OPENABLE else _OF_DRAWER if part == "drawer" else _BY_ACTION
    return deeds(*(text.strip() for text in table.get(action, _BY_ACTION[action]).split(";")))


def _plural(noun: str) -> str:
    return noun + ("es" if noun.endswith(("ch", "sh", "s", "x")) else "s")


def _waves(part: PartFacts) -> bool:
    return part.raised and part.num_cycles >= _MIN_WAVE_CYCLES and part.action is PartAction.SWINGS


def _of_limb(name: str, parts: list[PartFacts], facts: MotionFacts) -> tuple[Deed, ...]:
    if name in ("head", "neck"):
        return _of_head(parts[0], facts)
    whose, many = _whose(name, parts, facts)
    first = parts[0]
    if name == "arm" and first.strikes:
        return deeds(f"punch with {whose}", f"strike out with {whose}")
    if name.endswith("leg") and first.strikes:
        return deeds(f"kick with {whose}", f"kick out with {whose}")
    if name == "arm" and _waves(first):
        return deeds(f"wave {whose}" if many else f"wave with {whose}", f"wave {whose}")
    if name == "wing":
        return deeds(f"flap {whose}", f"beat {whose}") if first.num_cycles >= 1 else deeds(f"move {whose}")
    if name == "tail" and first.action is PartAction.SWINGS:
        return deeds("swing {its} tail", "swish {its} tail")
    if name == "trunk" and first.action is PartAction.SWINGS:
        return deeds("swing {its} trunk")
    if first.action is PartAction.RISES:
        verb = "lift" if name.endswith("leg") else "raise"
        return deeds(f"{verb} {whose}", f"move {whose} up")
    if first.action is PartAction.SINKS:
        return deeds(f"lower {whose}", f"move {whose} down")
    if first.action is PartAction.SWINGS and name in ("arm", "leg", "front leg", "hind leg"):
        return deeds(f"swing {whose}", f"move {whose} back and forth")
    if name == "jaw":
        return deeds("open and [close] {its} mouth", "move {its} jaw")
    if name in ("part", "body", "torso", "spine"):
        return deeds("move {its} body")
    return deeds(f"move {whose}")


def _whose(name: str, parts: list[PartFacts], facts: MotionFacts) -> tuple[str, bool]:
    """'{its} left arm' or '{its} arms', and whether it is more than one."""
    sides = {part.side for part in parts if part.side}
    if len(parts) > 1 and len({part.action for part in parts}) == 1 or len(sides) > 1:
        one = limb_in_words(facts, name)
        return (one, False) if one else (f"{{its}} {_plural(name)}", True)
    if parts[0].side and not facts.front_known:
        return f"one of {{its}} {_plural(name)}", False
    return f"{{its}} {parts[0].part if parts[0].side else name}", False


def _of_head(part: PartFacts, facts: MotionFacts) -> tuple[Deed, ...]:
    if part.sweep is Sweep.UP_DOWN and part.num_cycles >= 1:
        return deeds("nod {its} head", "move {its} head up and down")
    if part.sweep is Sweep.SIDE_TO_SIDE and part.num_cycles >= 1:
        fast = part.num_cycles > _FAST_HEAD_PER_S * max(facts.duration_s, 1e-6)
        return (
            deeds("shake {its} head", "move {its} head from side to side")
            if fast
            else deeds("turn {its} head from side to side", "look from side to side")
        )
    return deeds("move {its} head")
