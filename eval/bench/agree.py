"""How far two people agree on categories: Cohen's kappa, and where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from caption.category import CATEGORIES
from eval.bench.sheet import Line, read_sheet
from rigmill.errors import UserError
from rigmill.printable import shown_path

NUM_DRAWS, _SEED = 2000, 0  # of the bootstrap; the same sheets give the same interval


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A clip that two people see differently."""

    clip: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the clips that both gave a category."""

    num_clips: int
    observed: float  # share of the clips on which they agree
    expected: float  # the share that chance would give, by how often each of them uses each category
    kappa: float | None  # None: both use one category alone, and chance explains everything
    interval: tuple[float, float] | None  # 95 %, by drawing clips anew; of few clips it is wide
    disagreements: tuple[Disagreement, ...]
    only_first: tuple[str, ...]  # clips that only one gave a category
    only_second: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def agreement_of(first: Path, second: Path) -> Agreement:
    """Two people's sheets compared; a UserError where one cannot be read or they share no clip."""
    said, also = _categories(first), _categories(second)
    if not said.keys() & also.keys():
        raise UserError(
            "the two sheets have no clip in common",
            why=f"{shown_path(first)} has {len(said)} with a category, {shown_path(second)} {len(also)}",
            fix="give two people's sheets of one benchmark",
            code="E621",
        )
    return agreement(said, also)


def agreement(first: Mapping[str, str], second: Mapping[str, str]) -> Agreement:
    """Two people's categories, by clip, which share at least one."""
    both = [clip for clip in first if clip in second]
    pairs = [(first[clip], second[clip]) for clip in both]
    observed, expected = _shares(pairs)
    draws = np.random.default_rng(_SEED).integers(len(pairs), size=(NUM_DRAWS, len(pairs)))
    kappas = [value for draw in draws if (value := _kappa(*_shares([pairs[at] for at in draw]))) is not None]
    kappa = _kappa(observed, expected)
    low, high = np.quantile(kappas, (0.025, 0.975)) if kappas else (0.0, 0.0)
    return Agreement(
        num_clips=len(pairs),
        observed=observed,
        expected=expected,
        kappa=kappa,
        interval=None if kappa is None or not kappas else (float(low), float(high)),
        disagreements=tuple(
            Disagreement(clip, first[clip], second[clip]) for clip in both if first[clip] != second[clip]
        ),
        only_first=tuple(clip for clip in first if clip not in second),
        only_second=tuple(clip for clip in second if clip not in first),
    )


def _shares(pairs: Sequence[tuple[str, str]]) -> tuple[float, float]:
    number = len(pairs)
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    same = sum(one == other for one, other in pairs) / number
    return same, sum(ones[name] * others[name] for name in ones) / number**2


def _kappa(observed: float, expected: float) -> float | None:
    return None if expected >= 1 else (observed - expected) / (1 - expected)


def _categories(path: Path) -> dict[str, str]:
    try:
        lines, faults = read_sheet(path.read_bytes())
    except OSError as error:
        raise UserError(
            f"{shown_path(path)} cannot be read", why=error.strerror or str(error), fix="correct the path", code="E620"
        ) from None
    wrong = [fault.text(path.name) for fault in faults] + _wrong(lines, path.name)
    if wrong:
        raise UserError(
            f"{shown_path(path)} cannot be compared",
            why=wrong[0] + (f"; and {len(wrong) - 1} more" if len(wrong) > 1 else ""),
            fix="correct it",
            code="E620",
        )
    return {line.clip: line.category for line in lines if line.category}


def _wrong(lines: Sequence[Line], name: str) -> list[str]:
    counts = Counter(line.clip for line in lines)
    return [
        f"{name}, line {line.number}: " + (f"clip {line.clip} is there twice" if counts[line.clip] > 1 else why)
        for line in lines
        for why in [f"'{line.category[:40]}' is none of the {len(CATEGORIES)} categories"]
        if counts[line.clip] > 1 or (line.category and line.category not in CATEGORIES)
    ]
