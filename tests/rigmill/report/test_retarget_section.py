"""What the report says about retargeted clips."""

from __future__ import annotations

from dataclasses import astuple
from statistics import median
from typing import Any, cast

import pyarrow as pa
import pytest

from rigmill.outcomes import Rejected
from rigmill.report import pages, retarget_section
from rigmill.report.funnel import read_ends
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.rows import StoredRows
from tests.support.html_page import Page
from tests.support.report_rows import Rows


def clip(source: str, *, slide: tuple[float, float] | None, matched: int = 19, share: float = 0.5) -> dict[str, Any]:
    before, after = slide or (None, None)
    return {
        "source": source,
        "num_matched_joints": matched,
        "contact_share": share if slide else 0.0,
        "slide_before_pct": before,
        "slide_after_pct": after,
        "clip_id": "",
        "warnings": [],
    }


def view(*clips: dict[str, Any]) -> Any:
    rows = Rows()
    rows.made["retarget"] = list(clips)
    return rows


def page(rows: Any) -> Page:
    section = retarget_section.section(rows, read_ends(rows))
    return Page(pages.draw("retarget_section.html.j2", section=section))


def targets(page: Page) -> list[list[str]]:
    """The rows of the table under "Targets out of reach"."""
    assert page.headings[-1] == "Targets out of reach"
    return page.tables[-1][1:]


def test_each_source_of_characters_has_its_slides_before_and_after() -> None:
    mixamo = [clip("mixamo", slide=(number, number / 10), matched=20 + number % 2) for number in range(1, 102)]
    vroid = [clip("vroid", slide=(3.0, 0.5)), clip("vroid", slide=None, matched=22)]
    first, second = retarget_section.by_source(view(*vroid, *mixamo))
    # Of 1..101 the median is the 51st and, with steps of 1 % between neighbours, the 95th percentile the 96th.
    matched = median(20 + number % 2 for number in range(1, 102))
    assert astuple(first) == ("mixamo", 101, 101, 51.0, 96.0, pytest.approx(5.1), pytest.approx(9.6), matched)
    assert astuple(second) == ("vroid", 2, 1, 3.0, 3.0, 0.5, 0.5, 20.5)


def test_a_source_whose_clips_never_stand_has_dashes_for_slides() -> None:
    found = page(view(clip("birds", slide=None), clip("birds", slide=None), clip("<b>", slide=(2.0, 1.0))))
    assert found.table("source") == [
        ["<b>", "1", "1", "2", "2", "1", "1", "19"],
        ["birds", "2", "0", "-", "-", "-", "-", "19"],
    ]
    assert found.headings == ["Retargeting"] and "b" not in found.tags


def test_targets_out_of_reach_are_listed_per_source_with_wanted_and_planned() -> None:
    rows = view(clip("mixamo", slide=(2.0, 1.0)))
    for source, wanted, planned in (("vroid", 57_781, 120), ("mixamo", 55_222, 90)):
        rows.end("retarget", source, Rejected("too_few_pairs", "few", float(planned), float(wanted)))
    rows.end("retarget", "mixamo", Rejected("unmappable_skeleton", "no hips", 3.0, 12.0))
    rows.end("select", "mixamo", Rejected("too_few_pairs", "not ours", 3.0, 12.0))
    assert targets(page(rows)) == [["mixamo", "55,222", "90"], ["vroid", "57,781", "120"]]


def test_a_target_for_which_there_are_no_clips_at_all_is_told() -> None:
    rows = view()
    rows.end("retarget", "vroid", Rejected("too_few_pairs", "none", 0.0, 57_781.0))
    assert targets(page(rows)) == [["vroid", "57,781", "0"]]


def test_warnings_are_told_with_the_number_of_their_clips_the_most_frequent_first() -> None:
    clips = [
        clip("kit", slide=None) | {"clip_id": f"c{number}", "warnings": words}
        for number, words in enumerate((["walks in place"], [], ["<i>floats"], ["walks in place"]))
    ]
    found = page(view(*clips))
    assert found.headings == ["Retargeting", "Warnings"] and "i" not in found.tags
    assert found.table("warning") == [["walks in place", "2", "c0"], ["<i>floats", "1", "c2"]]


def test_without_retargeted_clips_there_is_no_section() -> None:
    rows = view()
    rows.end("retarget", "mixamo", Rejected("unmappable_skeleton", "no hips", 3.0, 12.0))
    assert page(rows).text == ""


def test_of_a_stored_table_only_the_columns_that_are_needed_are_read() -> None:
    clips = [clip("vroid", slide=(3.0, 0.5)), clip("mixamo", slide=None), clip("vroid", slide=(1.0, 0.1))]
    table = pa.Table.from_pylist(clips, PRODUCTS["retarget"])
    asked: set[str] = set()

    def read(name: str) -> pa.ChunkedArray:
        asked.add(name)
        return table[name]

    rows = Rows(made={"retarget": cast("list[Any]", StoredRows(read, table.schema, len(clips)))})
    assert retarget_section.by_source(cast("Any", rows)) == retarget_section.by_source(view(*clips))
    assert asked == set(clips[0]) - {"clip_id", "warnings"} < set(table.column_names)
