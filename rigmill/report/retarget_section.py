"""The report's section on retargeting: how feet stand on each source's characters, and targets out of reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rigmill.outcomes import Reject
from rigmill.pipeline.view import View
from rigmill.report.funnel import Ends


@dataclass(frozen=True, slots=True)
class SourceSlides:
    """Retargeted clips on the characters of one source. Slides in per cent of a leg per frame, None where no foot
    stands.
    """

    source: str
    num_clips: int
    num_standing: int  # clips in which a foot stands
    before_median: float | None
    before_p95: float | None
    after_median: float | None
    after_p95: float | None
    matched_joints_median: float | None


@dataclass(frozen=True, slots=True)
class MissedTarget:
    """A source whose characters and motions do not reach its target."""

    source: str
    num_wanted: int
    num_planned: int


@dataclass(frozen=True, slots=True)
class Strange:
    """What clips are warned of, in words, and one of them."""

    words: str
    num_clips: int
    example: str


@dataclass(frozen=True, slots=True)
class RetargetSection:
    """Slides by source, what clips are warned of, and the targets out of reach."""

    sources: list[SourceSlides]
    strange: list[Strange]
    missed: list[MissedTarget]


@dataclass(slots=True)
class _Measured:
    """What was stored about the retargeted clips of one source. Clips in which no foot stands have no slide."""

    matched: list[int] = field(default_factory=list)
    num_standing: int = 0
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)


def section(view: View, ends: Ends) -> RetargetSection | None:
    """The numbers of the section; None where nothing was retargeted and no target missed."""
    sources, missed = by_source(view), missed_targets(ends)
    return RetargetSection(sources, by_warning(view), missed) if sources or missed else None


def by_source(view: View) -> list[SourceSlides]:
    """One row per source of retargeted clips, by name."""
    found: dict[str, _Measured] = defaultdict(_Measured)
    for row in view.products("retarget"):
        measured = found[row["source"]]
        measured.matched.append(row["num_matched_joints"])
        measured.num_standing += (row["contact_share"] or 0.0) > 0.0
        for column, values in (("slide_before_pct", measured.before), ("slide_after_pct", measured.after)):
            if row[column] is not None:
                values.append(row[column])
    return [
        SourceSlides(
            source,
            len(one.matched),
            one.num_standing,
            _percentile(one.before, 50),
            _percentile(one.before, 95),
            _percentile(one.after, 50),
            _percentile(one.after, 95),
            _percentile(one.matched, 50),
        )
        for source, one in sorted(found.items())
    ]


def by_warning(view: View) -> list[Strange]:
    """One row per warning, the most frequent first."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in view.products("retarget"):
        for words in row["warnings"] or ():
            found[words].append(row["clip_id"])
    return [
        Strange(words, len(clips), min(clips))
        for words, clips in sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))
    ]


def missed_targets(ends: Ends) -> list[MissedTarget]:
    """Where the characters and motions that there are do not reach a target, by source."""
    return [
        MissedTarget(source, int(example.limit or 0), int(example.measured or 0))
        for reason in ends.reasons
        if (reason.stage, reason.code) == ("retarget", Reject.TOO_FEW_PAIRS.value)
        for source in sorted(reason.examples)
        for example in reason.examples[source]
    ]


def _percentile(values: Sequence[float], percent: float) -> float | None:
    return float(np.percentile(values, percent)) if values else None
