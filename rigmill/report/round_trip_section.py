"""The report's section on clips read back: how far discs are from joints, and the clips that are worst."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rigmill.outcomes import Reject
from rigmill.pipeline.view import View
from rigmill.report import html
from rigmill.report.funnel_section import Pictures, Put
from rigmill.storage.files import Store
from rigmill.types import Row

NUM_WORST = 6
COLUMNS = ("", "clips", "10 %", "median", "90 %", "worst")
_MEASURES = (  # column, words, whether more is worse
    ("round_trip_px", "discs off, px", True),
    ("round_trip_mpjpe_pct", "joints off, % of the subject", True),
    ("round_trip_usable_share", "share of joints found", False),
)
_NOTE = (
    '<p class="muted">Pose videos are decoded and their joints reconstructed, as from a generated clip. Discs off: '
    "from the stored joints in the stored cameras, where no nearer disc is in the way; of each clip the 90th "
    "percentile of its worst view. Joints off, and found: reconstructed ones that two views show; reconstruction does "
    "not expect bones that stretch. See docs/rendering.md.</p>"
)


def section(view: View, *, store: Store, put: Put) -> str:
    """The section with its heading; empty where nothing was read back."""
    clips = [row for row in view.products("render") if row["round_trip_px"] is not None]
    refused = [
        row["measured"]
        for row in view.outcomes("render")
        if row["code"] == Reject.ROUND_TRIP and row["measured"] is not None
    ]
    if not clips and not refused:
        return ""
    limit = view.profile.render.max_round_trip_px
    chart = (
        ""
        if limit is None
        else html.histogram(
            [*(row["round_trip_px"] for row in clips), *refused],
            limit=limit,
            keeps_above=False,
            logarithmic=False,
            label="round_trip_px: how far discs are off",
        )
    )
    return f"<h3>Read back</h3>{chart}{html.table(COLUMNS, spread(clips))}{_NOTE}" + _worst_clips(
        clips, view, limit=limit, store=store, put=put
    )


def spread(clips: Sequence[Row]) -> list[tuple[str | int | float, ...]]:
    """One row of COLUMNS per measure that any clip has."""
    rows: list[tuple[str | int | float, ...]] = []
    for column, words, more_is_worse in _MEASURES:
        values = [row[column] for row in clips if row[column] is not None]
        if values:
            shares = (float(value) for value in np.percentile(values, [10, 50, 90]))
            rows.append((words, len(values), *shares, max(values) if more_is_worse else min(values)))
    return rows


def worst(clips: Sequence[Row]) -> list[Row]:
    """The clips whose discs are farthest off, the worst first."""
    return sorted(clips, key=lambda row: (-row["round_trip_px"], row["clip_id"]))[:NUM_WORST]


def _worst_clips(clips: Sequence[Row], view: View, *, limit: float | None, store: Store, put: Put) -> str:
    pictures = Pictures(view, store=store, put=put)
    chosen = worst(clips)
    pictures.wanted = {row["clip_id"] for row in chosen}
    figures = "".join(
        f'<figure>{pictures.markup(row["clip_id"])}<figcaption><a href="#{html.text(row["clip_id"])}"><code>'
        f"{html.text(row['clip_id'])}</code></a> {html.text(row['source'])}: {html.text(row['title'])}, "
        f"{html.text(row['motion_name'])}<br>{html.text(row['round_trip_px'])} px, worst joint "
        f"{html.text(row['round_trip_worst'])}; joints {html.text(row['round_trip_mpjpe_pct'])} % off, "
        f"{html.text(row['round_trip_usable_share'])} of them found</figcaption></figure>"
        for row in chosen
    )
    if not chosen:
        return ""
    beside = "" if limit is None else f" (limit {html.text(float(limit))})"
    return f'<p>The {len(chosen)} clips that are farthest off{beside}:</p><div class="strips">{figures}</div>'
