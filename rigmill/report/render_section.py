"""The report's section on rendering: which engine drew what, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np

from rigmill.pipeline.view import View
from rigmill.report import html
from rigmill.types import Row

COLUMNS = (
    "engine",
    "clips",
    "assets",
    "agreement, measured",
    "agreement, 10 %",
    "agreement, median",
    "coverage, median",
)
_NOTE = (
    '<p class="muted">Agreement is the least similarity (SSIM) of two small pictures by the rasteriser to those by '
    "Cycles, where the profile asks for it. Coverage is the share of the picture that the subject fills, in the view "
    "where it fills least. See docs/rendering.md.</p>"
)


def section(view: View) -> str:
    """The section with its heading; empty where nothing was rendered."""
    rows = list(view.products("render"))
    if not rows:
        return ""
    parts = ["<h2>Rendering</h2>", html.table(COLUMNS, [tuple(row[name] for name in COLUMNS) for row in engines(rows)])]
    parts.append(_NOTE)
    reasons = why(rows)
    if reasons:
        parts.append("<h3>Why Cycles, where the engine is chosen by asset</h3>")
        parts.append(html.table(("reason", "clips"), reasons))
    return "".join(parts)


def engines(rows: Iterable[Row]) -> list[Row]:
    """One row of COLUMNS per engine; numbers are None where nothing was measured."""
    of_engine: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_engine[row["engine"]].append(row)
    found = list[Row]()
    for engine, clips in sorted(of_engine.items()):
        agreement = [clip["agreement"] for clip in clips if clip["agreement"] is not None]
        low, middle = np.percentile(agreement, [10, 50]) if agreement else (None, None)
        found.append(
            dict(
                zip(
                    COLUMNS,
                    (
                        engine,
                        len(clips),
                        len({clip["asset_id"] for clip in clips}),
                        len(agreement),
                        low,
                        middle,
                        float(np.median([clip["min_coverage"] for clip in clips])),
                    ),
                )
            )
        )
    return found


def why(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """Reasons for an engine and how many clips they have, most frequent first."""
    counted = Counter(row["engine_reason"] for row in rows if row["engine_reason"])
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))
