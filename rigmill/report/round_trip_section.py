"""The report's section on clips read back: how far discs are from joints, and the clips that are worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from rigmill.outcomes import Reject
from rigmill.pipeline.view import View
from rigmill.report.charts import histogram
from rigmill.report.folder import ReportFolder, strip_pictures
from rigmill.storage.files import Store
from rigmill.types import Row

NUM_WORST = 6
_MEASURES = (  # column, words, whether more is worse
    ("round_trip_px", "discs off, px", True),
    ("round_trip_mpjpe_pct", "joints off, % of the subject", True),
    ("round_trip_usable_share", "share of joints found", False),
)


@dataclass(frozen=True, slots=True)
class Spread:
    """How one measure lies over the clips that have it, in the measure's own unit."""

    measure: str
    num_clips: int
    p10: float
    median: float
    p90: float
    worst: float


@dataclass(frozen=True, slots=True)
class WorstClip:
    """One of the clips whose discs are farthest off; `picture` is its preview strip, if there is one."""

    clip_id: str
    picture: str | None
    source: str
    title: str
    motion_name: str
    off_px: float
    worst_joint: str | None
    joints_off_pct: float | None
    usable_share: float | None


@dataclass(frozen=True, slots=True)
class RoundTripSection:
    """How the clips that were read back fit their numbers. Without a limit (None) there is no chart."""

    chart: Markup | None
    spreads: list[Spread]
    limit_px: float | None
    worst: list[WorstClip]


def section(view: View, *, store: Store, folder: ReportFolder) -> RoundTripSection | None:
    """The numbers and clips of the section, its pictures put into the report; None where nothing was read back."""
    clips = [row for row in view.products("render") if row["round_trip_px"] is not None]
    refused = [
        row["measured"]
        for row in view.outcomes("render")
        if row["code"] == Reject.ROUND_TRIP and row["measured"] is not None
    ]
    if not clips and not refused:
        return None
    limit = view.profile.render.max_round_trip_px
    chart = None
    if limit is not None:
        chart = histogram(
            [*(row["round_trip_px"] for row in clips), *refused],
            limit=limit,
            keeps_above=False,
            logarithmic=False,
            label="round_trip_px: how far discs are off",
        )
    farthest = worst(clips)
    pictures = strip_pictures(view, (row["clip_id"] for row in farthest), store=store, folder=folder)
    return RoundTripSection(
        chart,
        spread(clips),
        None if limit is None else float(limit),
        [
            WorstClip(
                row["clip_id"],
                pictures.get(row["clip_id"]),
                row["source"],
                row["title"],
                row["motion_name"],
                row["round_trip_px"],
                row["round_trip_worst"],
                row["round_trip_mpjpe_pct"],
                row["round_trip_usable_share"],
            )
            for row in farthest
        ],
    )


def spread(clips: Sequence[Row]) -> list[Spread]:
    """One row per measure that any clip has."""
    rows = []
    for column, words, more_is_worse in _MEASURES:
        values = [row[column] for row in clips if row[column] is not None]
        if values:
            low, middle, high = (float(value) for value in np.percentile(values, [10, 50, 90]))
            rows.append(Spread(words, len(values), low, middle, high, max(values) if more_is_worse else min(values)))
    return rows


def worst(clips: Sequence[Row]) -> list[Row]:
    """The clips whose discs are farthest off, the worst first."""
    return sorted(clips, key=lambda row: (-row["round_trip_px"], row["clip_id"]))[:NUM_WORST]
