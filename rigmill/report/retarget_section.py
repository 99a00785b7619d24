"""The report's section on retargeting: how feet stand on each source's characters, and targets out of reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rigmill.outcomes import Reject
from rigmill.pipeline.view import View
from rigmill.report import html
from rigmill.report.funnel import Ends
from rigmill.types import Row

COLUMNS = (
    "source",
    "clips",
    "feet stand",
    "before, median",
    "before, 95 %",
    "after, median",
    "after, 95 %",
    "matched joints",
)
_NOTE = (
    '<p class="muted">By the source of the character: clips, those in which a foot stands, and how far it slides while '
    "it stands, in per cent of a leg per frame (of each clip its 95th percentile; here the median and the 95th "
    "percentile over clips), before and after feet are kept where they stand. Joints that motion and character share: "
    "the median. See docs/foot-contact.md.</p>"
)


@dataclass(slots=True)
class _Measured:
    """What was stored about the retargeted clips of one source. Clips in which no foot stands have no slide."""

    matched: list[int] = field(default_factory=list)
    num_standing: int = 0
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)


def section(view: View, ends: Ends) -> str:
    """The section with its heading; empty where nothing was retargeted and no target was missed."""
    rows, missed = by_source(view), missed_targets(ends)
    if not rows and not missed:
        return ""
    parts = ["<h2>Retargeting</h2>"]
    if rows:
        parts.append(html.table(COLUMNS, [tuple(row[name] for name in COLUMNS) for row in rows]))
        parts.append(_NOTE)
    if missed:
        parts.append("<h3>Targets out of reach</h3>" + html.table(("source", "wanted", "planned"), missed))
    return "".join(parts)


def by_source(view: View) -> list[Row]:
    """One row of COLUMNS per source of retargeted clips; a number is None where no foot stands."""
    found: dict[str, _Measured] = defaultdict(_Measured)
    for row in view.products("retarget"):
        measured = found[row["source"]]
        measured.matched.append(row["num_matched_joints"])
        measured.num_standing += (row["contact_share"] or 0.0) > 0.0
        for column, values in (("slide_before_pct", measured.before), ("slide_after_pct", measured.after)):
            if row[column] is not None:
                values.append(row[column])
    return [
        dict(
            zip(
                COLUMNS,
                (
                    source,
                    len(one.matched),
                    one.num_standing,
                    _percentile(one.before, 50),
                    _percentile(one.before, 95),
                    _percentile(one.after, 50),
                    _percentile(one.after, 95),
                    _percentile(one.matched, 50),
                ),
            )
        )
        for source, one in sorted(found.items())
    ]


def missed_targets(ends: Ends) -> list[tuple[str, int, int]]:
    """(source, clips wanted, clips planned) where the characters and motions that there are do not reach a target."""
    return [
        (source, int(example["limit"]), int(example["measured"]))
        for reason in ends.reasons
        if (reason.stage, reason.code) == ("retarget", Reject.TOO_FEW_PAIRS.value)
        for source in sorted(reason.examples)
        for example in reason.examples[source]
    ]


def _percentile(values: Sequence[float], percent: float) -> float | None:
    return float(np.percentile(values, percent)) if values else None
