"""What all said together: shares of choices with intervals, as a table of the paper has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eval.study.intervals import NUM_DRAWS, binomial_p, drawn_anew, wilson
from eval.study.plan import Kind, Study
from eval.study.results import Answer, Left, Person

ALL = "all"  # every question together


@dataclass(frozen=True, slots=True)
class Share:
    """How often a method was chosen where it was shown beside `against`."""

    method: str
    against: tuple[str, ...]
    question: str
    chosen: int
    asked: int
    share: float
    wilson: tuple[float, float]  # 95 %, as if all answers were independent
    drawn: tuple[float, float] | None  # 95 %, people and clips drawn anew; None: one person, or one clip
    p: float | None  # in pairs: how likely so uneven a count is by chance


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a study."""

    name: str
    kind: Kind
    num_people: int
    num_clips: int
    shares: tuple[Share, ...]
    left: tuple[Left, ...]
    num_partial: int  # people who answered some trials only

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"draws": NUM_DRAWS}

    def table(self) -> list[list[str]]:
        """Rows of words, the heading first: a method (and whom it was held against), then a cell a question."""
        questions = list(dict.fromkeys(share.question for share in self.shares))
        rows: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for share in self.shares:
            low, high = share.drawn or share.wilson
            cell = f"{share.share:.1%} ({low:.0%} to {high:.0%})"
            rows.setdefault((share.method, share.against), []).append(cell)
        named = [[_row_name(self.kind, method, against), *cells] for (method, against), cells in rows.items()]
        return [["method", *questions], *named]


def summarise(study: Study, people: Sequence[Person], left: Sequence[Left]) -> Summary:
    """The shares of every method, for each question and for all together."""
    groups = list(dict.fromkeys(answer.methods for person in people for answer in person.answers))
    groups.sort(key=lambda group: [study.methods.index(method) for method in group])
    shares = []
    for group in groups:
        ordered = sorted(group, key=study.methods.index)
        # Of a pair the second's share is what the first's leaves.
        for method in ordered if study.kind is Kind.FIRST else ordered[:1]:
            against = tuple(other for other in ordered if other != method)
            for question in (*(one.key for one in study.questions), ALL):
                shares.append(_share(study, people, group, method, against, question))
    return Summary(
        name=study.name,
        kind=study.kind,
        num_people=len(people),
        num_clips=len({answer.clip for person in people for answer in person.answers}),
        shares=tuple(shares),
        left=tuple(left),
        num_partial=sum(person.num_open > 0 for person in people),
    )


def _share(
    study: Study, people: Sequence[Person], group: tuple[str, ...], method: str, against: tuple[str, ...], question: str
) -> Share:
    def counts(answer: Answer) -> bool:
        return answer.methods == group and question in (answer.question, ALL)

    place = {clip: at for at, clip in enumerate(study.clips)}
    chosen, asked = np.zeros((len(people), len(place))), np.zeros((len(people), len(place)))
    for row, person in enumerate(people):
        for answer in filter(counts, person.answers):
            asked[row, place[answer.clip]] += 1
            chosen[row, place[answer.clip]] += answer.chosen == method
    used = asked.any(axis=1)[:, None] & asked.any(axis=0)
    kept = asked[used.any(axis=1)][:, used.any(axis=0)], chosen[used.any(axis=1)][:, used.any(axis=0)]
    wins, number = int(chosen.sum()), int(asked.sum())
    return Share(
        method=method,
        against=against,
        question=question,
        chosen=wins,
        asked=number,
        share=wins / number if number else 0.0,
        wilson=wilson(wins, number),
        drawn=drawn_anew(kept[1], kept[0], seed=study.seed),
        p=binomial_p(wins, number) if study.kind is Kind.PAIRS else None,
    )


def _row_name(kind: Kind, method: str, against: tuple[str, ...]) -> str:
    return method if kind is Kind.FIRST else f"{method} against {', '.join(against)}"
