"""The report's section on limits: how measured values lie, what other limits would keep, and the clips at the edge."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from rigmill.pipeline.view import View
from rigmill.report.charts import histogram
from rigmill.report.folder import ReportFolder, Strip, strip_pictures
from rigmill.report.limits import MEASURES, at_other_limits, limit_of, values_of
from rigmill.storage.files import Store

NEAR_THE_LIMIT = 3  # clips shown on either side


@dataclass(frozen=True, slots=True)
class LimitChart:
    """One measured column: its histogram, and (limit, how many it keeps) for other limits."""

    column: str
    key: str  # the profile's, below `filters`
    chart: Markup
    others: list[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class LimitsSection:
    """What was measured, and the clips that the flow limit has just dropped or just kept, by rising flow."""

    charts: list[LimitChart]
    dropped: list[Strip]
    kept: list[Strip]


def section(view: View, *, store: Store, folder: ReportFolder) -> LimitsSection:
    """The charts and clips of the section, their pictures put into the report."""
    charts = []
    for measure in MEASURES:
        values, limit = values_of(view, measure), limit_of(view, measure)
        if values:
            chart = histogram(
                values,
                limit=limit,
                keeps_above=measure.keeps_above,
                logarithmic=measure.logarithmic,
                label=f"{measure.column}: {measure.label}",
            )
            others = at_other_limits(values, measure, limit)
            charts.append(LimitChart(measure.column, measure.limit, chart, others))
    return LimitsSection(charts, *_near_the_limit(view, store=store, folder=folder))


def _near_the_limit(view: View, *, store: Store, folder: ReportFolder) -> tuple[list[Strip], list[Strip]]:
    """The clips nearest to the flow limit, under it and over it: what the limit decides."""
    limit = view.profile.filters.min_flow_px
    values = sorted(
        (row["flow_px"], row["clip_id"], row["source"], row["title"], row["motion_name"])
        for row in view.products("preview")
        if row["flow_px"] is not None
    )
    under = [value for value in values if value[0] <= limit][-NEAR_THE_LIMIT:]
    over = [value for value in values if value[0] > limit][:NEAR_THE_LIMIT]
    wanted = [clip_id for _, clip_id, *_ in (*under, *over)]
    pictures = strip_pictures(view, wanted, store=store, folder=folder)
    dropped, kept = (
        [
            Strip(pictures.get(clip_id), clip_id, source, f"{words}: {title}, {motion}", flow, limit)
            for flow, clip_id, source, title, motion in clips
        ]
        for words, clips in (("under the limit", under), ("over the limit", over))
    )
    return dropped, kept
