"""Motion facts computed from the joints, held against the world's recorded truth.

    python -m benchmarks.world.agreement [--wrong] [--plan NAME ...] [--assets N] [--seed N]

Every plan-motion pair is played on N bodies, written as GLB, read back from the file's own numbers (reading.py) and
measured. What is asked of each clip, and how near is right:

- kind: by the plan's limbs (two legs and arms humanoid, four legs quadruped, wings winged, furniture, vehicles and
  machines articulated, else other). front: of what lives, facing within 45 degrees of -Y in the first frame.
- travel: the same heading of ten, none included; where the truth travels 0.2 to 0.3 heights, about the least that facts
  call travel, staying is right too. travel_heights: 0.06 heights or 15 %, and of what stays less than 0.25; who falls,
  sits or lies down is not asked. turn: 12 degrees or 5 %, also where nothing turns. rise: of the last frame over the
  first, 0.06 heights or 15 %, where the truth rises.
- gait: walks and crawls walk, runs run, scuttling is either, nothing else has a gait (turns on the spot and what lands
  or leaps are not asked). in_place and the feet's heading of gaits.
- jumps: one for a jump or a leap, all of a number of hops, none else (jumping jacks are not asked).
- idle: of idles alone; what only looks about or wags is not asked, since who waits does that.
- posture: the last one of what sits, lies down or falls, where facts name postures.
- period: 8 %, of the part that acts where the truth names one, else of the pose; one that facts do not find is wrong
  where the clip shows two or more.
- part: every part that the truth says to act moves, on its side (what glides holds its wings still). Things: as many
  parts of that word as the truth says, doing that (opens, slides out, swings, spins, ...), called by that word or its
  bone's. sweep: heads that nod go up and down, heads that shake or look around from side to side.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.world.reading import read_takes
from curate.world.body import Body
from curate.world.glb import glb_of
from curate.world.looks.naming import written
from curate.world.make import make_body, play, random_of
from curate.world.motions import motions_of
from curate.world.plans import plans
from curate.world.take import Take
from rigmill.facts.facts import MotionFacts
from rigmill.facts.measure import measure
from rigmill.facts.names import part_of

_ANGLE_DEG, _ANGLE_SHARE = 12.0, 0.05
_LENGTH, _LENGTH_SHARE = 0.06, 0.15
_PERIOD_SHARE = 0.08
_CYCLES = 2.0
_FACING_DEG = 45.0
_BARELY = (0.2, 0.3)  # heights: about rigmill.facts.travel.TRAVELS
_THINGS = ("furniture", "vehicle", "machine")
_GAITS = {"walk": ("walk",), "crawl": ("walk",), "run": ("run",), "scuttle": ("walk", "run")}
_WAITING = frozenset({"look around", "wag", "shake tail"})
_STEPS_TOO = frozenset({"turn", "spin", "leap", "land", "take off"})
_POSTURES = {"sit down": "sits", "lie down": "lies", "fall": "lies"}
_SWEEPS = {"nod": "up_down", "shake head": "side_to_side", "look around": "side_to_side"}
_ACTIONS = {
    ("opens", "hinge"): ("opens",),
    ("opens", "slide"): ("slides_out",),
    ("closes", "hinge"): ("closes",),
    ("closes", "slide"): ("slides_in",),
    ("opens and closes", "hinge"): ("swings",),
    ("opens and closes", "slide"): ("slides",),
}
_BY_VERB = {
    "swing": ("swings",),
    "nod": ("swings",),
    "turn to and fro": ("swings",),
    "bend up and down": ("swings",),
    "steer": ("swings",),
    "spin": ("spins",),
    "drive": ("spins", "turns"),
    "roll": ("spins", "turns"),
    "press": ("slides",),
}  # else a thing's part turns


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of one clip."""

    question: str
    right: bool
    said: Any
    true: Any


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong answer with where it was given."""

    plan: str
    number: int
    motion: str
    answer: Answer

    @property
    def in_words(self) -> str:
        """One line of a report."""
        said = f"{self.answer.said} for {self.answer.true}"
        return f"{self.plan:10} {self.number} {self.motion:22} {self.answer.question:14} {said}"


def measured_takes(plan: str, number: int, seed: int) -> Iterator[tuple[Body, Take, MotionFacts]]:
    """Every motion that the body can do, played once, written, read back and measured."""
    body = make_body(plan, number, seed)
    takes = [
        play(body, motion, random_of(seed, "take", plan, number, name, 0)) for name, motion in motions_of(body).items()
    ]
    for take, facts in zip(takes, facts_of(body, takes)):
        yield body, take, facts


def facts_of(body: Body, takes: Sequence[Take]) -> list[MotionFacts]:
    """What motion facts say of takes, written to a file and read back."""
    data = glb_of(replace(body, patches=()), takes, body.plan)  # the skin says nothing of joints
    rig, read = read_takes(data)
    return [measure(rig, motion) for _, motion in read]


def answers(body: Body, take: Take, facts: MotionFacts) -> Iterator[Answer]:
    """All that is asked of one clip."""

    def same(question: str, said: Any, *true: Any) -> Answer:
        return Answer(question, said in true, said, " or ".join(map(str, true)))

    def near(question: str, said: float | None, true: float, least: float, share: float) -> Answer:
        right = said is not None and abs(said - true) <= max(least, share * abs(true))
        return Answer(question, right, None if said is None else round(said, 3), round(true, 3))

    truth, lives = take.truth, body.group not in _THINGS
    yield same("kind", facts.subject_kind.value, _kind(body))
    if lives:
        facing = facts.facing_start_deg
        right = facts.front_known and facing is not None and abs(facing) <= _FACING_DEG
        yield Answer("front", right, facing and round(facing), 0)
    barely = _BARELY[0] <= truth.travel <= _BARELY[1]
    directions = ("none",) if truth.direction != "none" and truth.travel < _BARELY[0] else (truth.direction,)
    if truth.direction == "to_and_fro":  # how far is not recorded
        directions = ("to_and_fro", "none")
    if truth.direction in ("forward", "backward") or truth.travel or truth.direction == "none":
        said = facts.travel.value
        if not lives and said == "somewhere":  # of a thing nobody knows the front
            directions = (said,) if truth.travel >= _BARELY[0] else directions
        yield same("travel", said, *directions, *(("none",) if barely else ()))
    else:
        yield same("travel", facts.travel.value, *directions)
    if truth.direction != "to_and_fro" and truth.verb not in _POSTURES:
        yield near("travel_heights", facts.travel_heights, truth.travel, 0.25 if not truth.travel else _LENGTH, 0.15)
    yield near("turn", facts.turn_deg, truth.turn_deg, _ANGLE_DEG, _ANGLE_SHARE)
    if truth.rise:
        yield near("rise", facts.end_rise_heights, truth.rise, _LENGTH, _LENGTH_SHARE)
    if lives:
        yield from (same(*each) for each in _of_feet(body, take, facts))
        if truth.verb not in _WAITING:
            yield same("idle", facts.idle, truth.verb == "idle")
        if truth.verb in _POSTURES and facts.posture_end.value != "unknown":
            yield same("posture", facts.posture_end.value, _POSTURES[truth.verb])
    seconds = (take.num_frames - 1) / take.fps
    if truth.period_s is not None and seconds / truth.period_s >= _CYCLES:
        yield near("period", _period_s(body, take, facts), truth.period_s, 0.0, _PERIOD_SHARE)
    yield from _parts(body, take, facts)


def _kind(body: Body) -> str:
    if body.group in _THINGS:
        return "articulated"
    if body.wings:
        return "winged"
    if body.is_person:
        return "humanoid"
    return "quadruped" if len(body.legs) == 4 else "other"


def _of_feet(body: Body, take: Take, facts: MotionFacts) -> Iterator[tuple[Any, ...]]:
    truth = take.truth
    if not body.legs:
        return
    if truth.verb in _GAITS:
        yield ("gait", facts.gait.value, *_GAITS[truth.verb])
        yield "in_place", facts.in_place, truth.in_place or truth.travel < _BARELY[0]
        if truth.direction != "none":
            yield "gait_heading", facts.gait_heading.value, truth.direction
    elif truth.verb not in _STEPS_TOO:
        yield "gait", facts.gait.value, "none"
    jumps = {"jump": 1, "leap": 1, "hop": truth.num_parts}.get(truth.verb, 0)
    if truth.verb not in _STEPS_TOO | {"jumping jacks"} or jumps:
        yield "jumps", facts.num_jumps, jumps


def _parts(body: Body, take: Take, facts: MotionFacts) -> Iterator[Answer]:
    truth = take.truth
    moving = [part.part for part in facts.parts]
    if body.group in _THINGS:
        yield from _thing_parts(body, take, facts)
        return
    for name in _named(truth.part) if truth.verb != "glide" else ():
        yield Answer("part", name in moving, sorted(moving), name)
    if truth.verb in _SWEEPS:
        said = [part.sweep.value for part in facts.parts if part.part == "head"]
        yield Answer("sweep", said == [_SWEEPS[truth.verb]], said, _SWEEPS[truth.verb])


def _named(part: str) -> Sequence[str]:
    """'wings' are the left and the right one."""
    word = part.removesuffix("s")
    return (f"left {word}", f"right {word}") if part.endswith("s") else (part,) if part else ()


def _period_s(body: Body, take: Take, facts: MotionFacts) -> float | None:
    """Of the part that acts, where the truth names one; else of the whole pose."""
    part = take.truth.part
    names = _written(body, part) if body.group in _THINGS else {*_named(part)}
    found = [each.period_s for each in facts.parts if (each.joint if body.group in _THINGS else each.part) in names]
    return found[0] if found else facts.period_s


def _written(body: Body, word: str) -> set[str]:
    """How the file calls the joints of the parts of this word."""
    names = dict(zip(body.skeleton.names, written(body.skeleton.names, body.style, is_person=body.is_person)))
    return {names[part.bone] for part in body.parts_called(word)}


def _thing_parts(body: Body, take: Take, facts: MotionFacts) -> Iterator[Answer]:
    truth = take.truth
    own = body.parts_called(truth.part)
    if not own or truth.verb in ("hop", "dig"):
        return
    wanted = _ACTIONS.get((truth.opens, own[0].kind)) or _BY_VERB.get(truth.verb, ("turns",))
    said = [(part.part, part.action.value) for part in facts.parts]
    words = {truth.part} | {word for part in own for word in part.bone.split()}
    nameless = all(part_of(part.bone) == "" for part in own)  # facts have no such word
    joints = _written(body, truth.part)
    doing = [part for part in facts.parts if part.joint in joints and part.action.value in wanted]
    named = nameless or all(part.part.split()[-1] in words for part in doing)
    sided = [part.side for part in own if part.side in ("left", "right")]
    sides = truth.num_parts != 1 or not sided or not truth.side or [part.side for part in doing] == [truth.side]
    count = 1 if (truth.verb, truth.num_parts) == ("spin", 2) else truth.num_parts
    yield Answer("part", len(doing) == count and sides and named, said, f"{count} {truth.side} {truth.part} {wanted}")


def agreement(chosen: Sequence[str], *, assets: int, seed: int) -> tuple[dict[str, Any], list[Wrong]]:
    """`facts_agree_share` of all answers, `facts_agree_clips` of clips without a wrong one, and the wrong ones."""
    wrong: list[Wrong] = []
    asked, clips, clean = 0, 0, 0
    for plan in chosen:
        for number in range(assets):
            for body, take, facts in measured_takes(plan, number, seed):
                given = list(answers(body, take, facts))
                bad = [Wrong(plan, number, take.motion, answer) for answer in given if not answer.right]
                wrong += bad
                asked, clips, clean = asked + len(given), clips + 1, clean + (not bad)
    figures = {
        "facts_agree_share": round(1 - len(wrong) / max(asked, 1), 4),
        "facts_agree_clips": round(clean / max(clips, 1), 4),
        "facts_asked": asked,
    }
    return figures, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wrong", action="store_true", help="every wrong answer")
    parser.add_argument("--plan", action="append", choices=list(plans()))
    parser.add_argument("--assets", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    figures, wrong = agreement(given.plan or list(plans()), assets=given.assets, seed=given.seed)
    for each in wrong if given.wrong else ():
        print(each.in_words)
    for question, count in Counter(each.answer.question for each in wrong).most_common():
        print(f"{question:16} {count} wrong")
    for key, value in figures.items():
        print(f"{key}: {value}")


if __name__ == "__main__":
    main()
