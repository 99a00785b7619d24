"""What people saved, read and held against the plan of the study."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.study.plan import Study, Trial

FORMAT = "rigmill-study-result/1"
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of one trial: which method was chosen of which."""

    clip: str
    methods: tuple[str, ...]
    question: str
    chosen: str


@dataclass(frozen=True, slots=True)
class Person:
    """One sitting as it was saved."""

    file: str
    session: str
    sitting: int
    answers: tuple[Answer, ...]  # checks not among them
    num_missed: int  # attention checks in which something else was chosen
    num_checks: int
    num_open: int  # trials that were not answered


@dataclass(frozen=True, slots=True)
class Left:
    """A file that does not count, and why."""

    file: str
    why: str


def read_results(study: Study, files: Iterable[Path], *, max_missed: int) -> tuple[list[Person], list[Left]]:
    """The people whose answers count, and the files that do not, in the order of the files' names."""
    people: dict[str, Person] = {}
    left: list[Left] = []
    for path in sorted(files, key=lambda path: path.name):
        try:
            person = _person(study, path)
        except (ValueError, KeyError, TypeError, OSError) as error:
            left.append(Left(path.name, f"it cannot be read: {_words(error)}"))
            continue
        same = people.get(person.session)
        if person.num_missed > max_missed:
            left.append(Left(path.name, f"{person.num_missed} of {person.num_checks} attention checks missed"))
        elif not person.answers:
            left.append(Left(path.name, "nothing is answered in it"))
        elif same is not None:  # saved twice: the fuller one counts
            older = person if len(person.answers) <= len(same.answers) else same
            newer = same if older is person else person
            people[person.session] = newer
            left.append(Left(older.file, f"the same person as in {newer.file}"))
        else:
            people[person.session] = person
    return list(people.values()), left


def _person(study: Study, path: Path) -> Person:
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES // 2**20} MiB")
    value: Mapping[str, Any] = json.loads(data)
    if value["format"] != FORMAT:
        raise ValueError(f"its format is '{value['format']}', this version reads '{FORMAT}'")
    if value["study"] != study.digest:
        raise ValueError(f"it is of another study ({str(value['study'])[:20]}, this is {study.digest})")
    sitting = value["sitting"]
    if not isinstance(sitting, int) or not 1 <= sitting <= len(study.sittings):
        raise ValueError(f"there is no sitting {str(sitting)[:10]}")
    trials, given = study.sittings[sitting - 1], value["answers"]
    if len(given) != len(trials):
        raise ValueError(f"it has {len(given)} trials where the sitting has {len(trials)}")
    keys = [question.key for question in study.questions]
    answers: list[Answer] = []
    missed = unanswered = 0
    for number, (trial, choices) in enumerate(zip(trials, given), start=1):
        if not choices:
            unanswered += 1
            continue
        if sorted(choices) != sorted(keys) or not all(one in trial.shown for one in choices.values()):
            raise ValueError(f"trial {number} answers what was not asked")
        if trial.check is not None:
            missed += any(one != trial.shown[trial.check] for one in choices.values())
        else:
            answers += _answers(study, trial, choices)
    checks = sum(trial.check is not None for trial in trials)
    return Person(path.name, str(value["session"]), sitting, tuple(answers), missed, checks, unanswered)


def _answers(study: Study, trial: Trial, choices: Mapping[str, str]) -> Iterable[Answer]:
    methods = tuple(sorted(study.files[file][0] for file in trial.shown))
    return [Answer(trial.clip, methods, key, study.files[file][0]) for key, file in choices.items()]


def _words(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
