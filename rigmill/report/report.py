"""The report: one folder of static HTML that can be mailed.

Built from tables and stored files, and what the run that made a checkpoint measured, where that is still there.
"""

from __future__ import annotations

from pathlib import Path

from rigmill.config.load import Resolved
from rigmill.pipeline.view import View
from rigmill.report import (
    clips_section,
    eval_section,
    funnel_section,
    licences_section,
    limits_section,
    pages,
    reasons_section,
    render_section,
    retarget_section,
    round_trip_section,
    training_section,
)
from rigmill.report.folder import ReportFolder
from rigmill.report.funnel import read_ends
from rigmill.report.reasons_section import Names
from rigmill.storage.layout import Layout


def write_report(view: View, layout: Layout, resolved: Resolved, *, names: Names | None = None) -> Path:
    """Write report/index.html and its pictures; returns the page. The same tables and runs give the same bytes.

    `names` says what people call inputs; without it they have titles, where rows have.
    """
    store, folder, ends = layout.store, ReportFolder(layout.report), read_ends(view)
    page = pages.draw(
        "report.html.j2",
        name=resolved.name,
        digest=resolved.digest,
        output=resolved.profile.output,
        funnel=funnel_section.section(view, ends),
        reasons=reasons_section.section(view, ends, store=store, folder=folder, names=names),
        retarget=retarget_section.section(view, ends),
        render=render_section.section(view),
        round_trip=round_trip_section.section(view, store=store, folder=folder),
        limits=limits_section.section(view, store=store, folder=folder),
        licences=licences_section.section(view),
        clips=clips_section.section(view, store=store, folder=folder),
        training=training_section.section(view, store=store, runs=layout.runs),
        evaluation=eval_section.section(view, store=store, folder=folder),
    )
    written = folder.put("index.html", page.encode())
    folder.remove_others()
    return written
