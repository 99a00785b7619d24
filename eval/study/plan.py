"""Who sees what, in which order and on which side: all of it follows from a seed, and sides are balanced exactly."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any

from rigmill.storage.files import digest

FORMAT = "rigmill-study/1"


class Kind(StrEnum):
    """How people choose."""

    FIRST = "first"  # all methods of a clip side by side, the best for each question (AnimaX, Table 3)
    PAIRS = "pairs"  # two methods side by side, one must be taken (2AFC, as AniMimic asks)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every trial; `key` names it in results."""

    key: str
    text: str


QUESTIONS: dict[Kind, tuple[Question, ...]] = {
    Kind.FIRST: (
        Question("motion_text_alignment", "Which motion fits the sentence best?"),
        Question("shape_consistency", "Which keeps the subject's shape best?"),
        Question("overall_motion", "Whose motion is best, all in all?"),
    ),
    Kind.PAIRS: (
        Question("VQ", "Which looks better? (visual quality)"),
        Question("TC", "Which is steadier over time, without flicker or jumps? (temporal consistency)"),
        Question("MP", "Which moves more plausibly? (motion plausibility)"),
    ),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One screen: the videos of a clip, by file, from left to right."""

    clip: str
    shown: tuple[str, ...]
    check: int | None = None  # an attention check: the place that the person is told to choose


@dataclass(frozen=True, slots=True)
class Study:
    """What study.json holds. It says which file is whose, so people who answer must not get it."""

    name: str
    kind: Kind
    seed: int
    methods: tuple[str, ...]
    clips: tuple[str, ...]
    questions: tuple[Question, ...]
    files: dict[str, tuple[str, str]]  # file -> method, clip
    sittings: tuple[tuple[Trial, ...], ...]
    digest: str

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Study:
        """The study of a study.json; ValueError, KeyError or TypeError where it is none."""
        if value.get("format") != FORMAT:
            raise ValueError(f"its format is '{value.get('format')}', this version reads '{FORMAT}'")
        return cls(
            name=value["name"],
            kind=Kind(value["kind"]),
            seed=value["seed"],
            methods=tuple(value["methods"]),
            clips=tuple(value["clips"]),
            questions=tuple(Question(**one) for one in value["questions"]),
            files={file: (method, clip) for file, (method, clip) in value["files"].items()},
            sittings=tuple(
                tuple(Trial(one["clip"], tuple(one["shown"]), one["check"]) for one in trials)
                for trials in value["sittings"]
            ),
            digest=value["digest"],
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a study is made of."""

    name: str
    kind: Kind
    methods: tuple[str, ...]  # in pairs, the first is held against each of the others
    clips: tuple[str, ...]
    seed: int
    num_sittings: int
    num_trials: int | None = None  # of a sitting, checks not counted; None: all
    num_checks: int = 2
    all_pairs: bool = False


def plan(asked: Asked, contents: dict[tuple[str, str], str]) -> Study:
    """The study. `contents`: the digest of every video, by (method, clip): files are named by it and the seed."""
    names = {
        place: digest(asked.seed, "video", *place, contents[place]) + ".mp4"
        for place in ((method, clip) for method in asked.methods for clip in asked.clips)
    }
    items = _items(asked)
    sittings = tuple(_sitting(asked, items, names, number) for number in range(asked.num_sittings))
    questions = QUESTIONS[asked.kind]
    files = {name: place for place, name in sorted(names.items(), key=lambda item: item[1])}
    about = [asdict(question) for question in questions], [[asdict(one) for one in trials] for trials in sittings]
    return Study(
        name=asked.name,
        kind=asked.kind,
        seed=asked.seed,
        methods=asked.methods,
        clips=asked.clips,
        questions=questions,
        files=files,
        sittings=sittings,
        digest=digest(asked.kind, asked.seed, files, about),
    )


_Item = tuple[str, tuple[str, ...]]  # a clip, and the methods that are shown of it


def _items(asked: Asked) -> list[_Item]:
    """All that could be asked, in a seeded order."""
    if asked.kind is Kind.FIRST:
        groups = [asked.methods]
    elif asked.all_pairs:
        groups = list(combinations(asked.methods, 2))
    else:
        groups = [(asked.methods[0], other) for other in asked.methods[1:]]
    items = [(clip, group) for clip in asked.clips for group in groups]
    return sorted(items, key=lambda item: digest(asked.seed, "item", *item))


def _sitting(asked: Asked, items: Sequence[_Item], names: dict[tuple[str, str], str], number: int) -> tuple[Trial, ...]:
    """The trials of one person. With a limit, sittings take up where the one before has stopped."""
    size = min(asked.num_trials or len(items), len(items))
    mine = [(number * size + at) for at in range(size)]
    trials = [_trial(asked, items[at % len(items)], names, at // len(items)) for at in mine]
    rng = random.Random(digest(asked.seed, "sitting", number))
    rng.shuffle(trials)
    # Checks come between thirds, quarters, ... of a sitting, never first.
    for check in range(asked.num_checks):
        model = rng.choice(trials)
        told = rng.randrange(len(model.shown))
        place = max(1, round((check + 1) * (size + asked.num_checks) / (asked.num_checks + 1)))
        trials.insert(place, Trial(model.clip, model.shown, told))
    return tuple(trials)


def _trial(asked: Asked, item: _Item, names: dict[tuple[str, str], str], time: int) -> Trial:
    """An item as it is shown for the n-th time: each time turned by one place, so all places are used equally."""
    clip, group = item
    order = sorted(group, key=lambda method: digest(asked.seed, "side", clip, group, method))
    turn = time % len(order)
    return Trial(clip, tuple(names[method, clip] for method in (*order[turn:], *order[:turn])))
