"""What the report says about clips that were read back."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any, cast

from rigmill.outcomes import Rejected
from rigmill.report import pages, round_trip_section
from rigmill.report.folder import ReportFolder
from rigmill.storage.files import Store
from tests.support.html_page import Page
from tests.support.report_rows import Rows, product


def clip(name: str, px: float | None, **more: Any) -> dict[str, Any]:
    known = {
        "clip_id": name,
        "round_trip_px": px,
        "round_trip_worst": "tail",
        "source": "folder",
        "title": "a <b>",
        "motion_name": "Run",
    }
    return product("render", **known | more)


def html(rows: Rows, folder: Path) -> str:
    view, store = cast("Any", rows), Store(folder / "store")
    section = round_trip_section.section(view, store=store, folder=ReportFolder(folder / "report"))
    return pages.draw("round_trip_section.html.j2", section=section)


def test_clips_are_spread_out_and_the_worst_are_named_with_the_limit(tmp_path: Path) -> None:
    rows = Rows()
    rows.made["render"] = [
        clip(f"c{n}", n / 100, round_trip_mpjpe_pct=n / 1000, round_trip_usable_share=1 - n / 100) for n in range(21)
    ] + [clip("unread", None), clip("flat", 0.01)]
    rows.end("render", "folder", Rejected("round_trip", "off", 7.5, 0.5))
    rows.end("render", "folder", Rejected("round_trip", "another size"))
    rows.end("render", "folder", Rejected("empty_picture", "thin", 0.001, 0.005))
    spreads = {row.measure: astuple(row)[1:] for row in round_trip_section.spread(rows.made["render"])}
    assert spreads["joints off, % of the subject"] == (21, 0.002, 0.01, 0.018, 0.02)
    assert [round(value, 6) for value in spreads["share of joints found"]] == [21, 0.82, 0.9, 0.98, 0.8]
    text = html(rows, tmp_path)
    page = Page(text)
    assert "limit 0.5" in page.text and "23 measured" in page.text and text.count('class="bar-dropped"') == 1
    assert page.links == [f"#{name}" for name in ("c20", "c19", "c18", "c17", "c16", "c15")]
    assert "a <b>, Run" in page.text and "b" not in page.tags and "unread" not in page.text


def test_nothing_read_back_is_no_section_and_refused_clips_alone_are_one(tmp_path: Path) -> None:
    rows = Rows()
    rows.made["render"] = [clip("a", None)]
    assert html(rows, tmp_path).strip() == ""
    rows.end("render", "folder", Rejected("round_trip", "off", 7.5, 0.5))
    assert "1 measured" in html(rows, tmp_path) and "farthest" not in html(rows, tmp_path)
