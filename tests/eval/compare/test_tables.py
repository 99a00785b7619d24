"""Tables: what is printed of numbers that are known, whose they are, and that one number has one meaning everywhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest

from caption.category import CATEGORIES
from eval.compare.results import ClipResult, MethodResult
from eval.compare.tables import paper
from eval.compare.tables.comparison import Compared, all_tables, by_group, by_kind, mean_cell, table2, table4
from eval.compare.tables.intervals import mean_interval
from eval.compare.tables.render import as_json, escaped, html, json_text, latex, markdown
from eval.compare.tables.statistics import DataSet, data_set, mv_video, table5
from eval.compare.tables.table import Cell, Column, Line, Table
from eval.metrics.metric import Better, Metric
from eval.metrics.registry import METRICS
from tests.support.html_page import Page

MPJPE = Metric("mpjpe_pct", "MPJPE", "%", Better.LOWER, "how far joints are off")
SMOOTH = Metric("motion_smoothness.dis", "smoothness (DIS)", "", Better.HIGHER, "how smooth", backend="embedded")
CD = Metric("cd_4d", "CD-4D", "", Better.LOWER, "surface", comparable_to="ActionBench")


def method(
    name: str, values: Mapping[str, float | None], *, metric: str = "mpjpe_pct", group: str = "humanoid"
) -> MethodResult:
    clips = []
    for clip, value in values.items():
        why = {metric: "no joints"} if value is None else {}
        clips.append(ClipResult(name, clip, group, "key", "file", "sha", 3, 16.0, None, {metric: value}, why))
    return MethodResult(name, tuple(clips))


def test_an_interval_is_that_of_its_draws_and_shrinks_with_clips() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(10, 2, 35).tolist()
    low, high = mean_interval(values) or (0, 0)
    half = 1.96 * np.std(values) / np.sqrt(35)  # what theory says of it
    assert low < np.mean(values) < high
    assert (high - low) / 2 == pytest.approx(half, rel=0.05)
    more = mean_interval(rng.normal(10, 2, 350).tolist()) or (0, 0)
    assert more[1] - more[0] < 0.5 * (high - low)
    assert mean_interval(values) == (low, high)
    assert mean_interval(values, seed=1) != (low, high)
    assert mean_interval([3.0]) is None and mean_interval([2.0] * 5) == (2.0, 2.0)


def test_means_are_over_clips_that_all_lines_have() -> None:
    first = method("first", {"a": 1.0, "b": 3.0, "c": 100.0})
    second = method("second", {"a": 2.0, "b": 4.0, "c": None})
    none = method("none", {"a": None, "b": None, "c": None})
    compared = Compared((first, second, none), (MPJPE,), "animax")
    assert mean_cell(compared, first, "mpjpe_pct").value == 2.0 and mean_cell(compared, first, "mpjpe_pct").count == 2
    assert mean_cell(compared, second, "mpjpe_pct").value == 3.0
    missing = mean_cell(compared, none, "mpjpe_pct")
    assert missing.value is None and missing.why == "no joints"
    (table,) = by_kind(compared)
    assert any("over the 2 clips" in note for note in table.notes) and "wide" in table.notes[0]


def test_what_orders_nothing_has_no_arrow_and_a_group_has_its_own_mean() -> None:
    assert Column("a", "A", "deg", Better.LOWER).heading == "A, deg ↓" and Column("b", "B").heading == "B"
    people = method("m", {"a": 1.0, "b": 3.0})
    table = by_group(Compared((people,), (MPJPE,), "animax"))
    assert [column.heading for column in table.columns] == ["humanoid (2), % ↓"]
    assert table.lines[0].cell(table.columns[0]).value == 2.0


# Whose numbers these are


def test_reported_lines_are_the_papers_and_say_so() -> None:
    compared = Compared((method("mine", {"a": 1.0}),), (MPJPE, SMOOTH), "animamimic")
    tables = {table.key: table for table in all_tables(compared)}
    animax = next(line for line in tables["table2"].lines if line.name == "AnimaX")
    assert [cell.value for cell in animax.cells.values()] == [0.962, 0.990, 0.661, 0.517]
    assert animax.reported == paper.ANIMAX
    assert [line.reported for line in tables["table4"].lines] == [paper.ANIMAX] * 3
    assert tables["table4"].lines[0].cells["vbench.aesthetic_quality"].value == 0.448
    mimic = {line.name: line for line in tables["animamimic"].lines}
    assert mimic["Puppeteer"].cells["lpips.alex"].value == 0.1097 and mimic["Puppeteer"].reported
    assert not mimic["mine"].reported
    for table in tables.values():
        for line in table.lines:
            if line.reported:
                assert all(cell.low is None for cell in line.cells.values()), "nobody drew those again"


def test_our_smoothness_never_stands_in_a_column_of_vbench() -> None:
    mine = method("mine", {"a": 0.9, "b": 0.8}, metric=SMOOTH.name)
    table = table2(Compared((mine,), (SMOOTH,), "animax"))
    line = next(line for line in table.lines if line.name == "mine")
    columns = {column.key: column for column in table.columns}
    assert line.cell(columns["motion_smoothness.dis"]).value == pytest.approx(0.85)
    assert "VBench" not in columns["motion_smoothness.dis"].heading
    for key, column in columns.items():
        if "VBench" in column.heading:
            assert line.cell(column).value is None and "rigmill eval vbench" in line.cell(column).why, key
    measured = method("mine", {"a": 0.99, "b": 0.98}, metric="vbench.motion_smoothness")
    table = table2(Compared((measured,), METRICS, "animax"))
    line = next(line for line in table.lines if line.name == "mine")
    cell = line.cell(columns["vbench.motion_smoothness"])
    assert cell.value == pytest.approx(0.985) and cell.count == 2
    assert line.cell(columns["vbench.aesthetic_quality"]).text(3) == "n/a"


def test_the_ablation_s_settings_are_those_that_a_person_names() -> None:
    methods = tuple(method(name, {"a": 0.5}, metric=SMOOTH.name) for name in ("x", "y", "z"))
    table = table4(Compared(methods, (SMOOTH,), "animax", ablation=("z", "x", "y")))
    assert [line.name for line in table.lines[3:]] == [f"{role}: {name}" for role, name in zip(paper.T4_ROLES, "zxy")]


def test_categories_are_the_25_and_both_counts_are_printed() -> None:
    assert tuple(paper.T5) == CATEGORIES and sum(paper.T5.values()) == 202_268
    rows = [
        {"asset_id": "a", "category": "toy", "secondary": ["animal"], "num_views": 4},
        {"asset_id": "a", "category": "toy", "secondary": [], "num_views": 4},
        {"asset_id": "b", "category": "animal", "secondary": None, "num_views": 4},
    ]
    ours = data_set("demo", rows)
    table = table5([ours])
    lines = {line.name: [line.cell(column).value for column in table.columns] for line in table.lines}
    assert lines["toy"] == [12_725, 2, 2] and lines["animal"] == [8_603, 1, 2]
    assert lines["sum"] == [202_268, 3, 4] and lines["clips"] == [161_023, 3, 3]
    (theirs, mine) = mv_video([ours]).lines
    assert [cell.value for cell in mine.cells.values()] == [2, 3, 1.5, 2, 12] and theirs.reported and not mine.reported
    assert (
        mv_video([DataSet("none", 0, Counter(), Counter(), Counter(), 0)]).lines[1].cells["mean_per_id"].value is None
    )


# What they look like


def some_tables() -> list[Table]:
    columns = (Column("a", "A_b", "%", Better.LOWER, 2, "per cent & more"), Column("b", "B|c", digits=1))
    ours = Line("mine <script>", {"a": Cell(1.234, 1.0, 1.5, 35), "b": Cell(why="no & none")})
    theirs = Line("Paper_1", {"a": Cell(2.0), "b": Cell(words="50% & up")}, "A Paper")
    return [Table("one", "First & only", columns, (theirs, ours), ("a note of 5%",))]


def test_a_page_has_every_number_once_and_marks_what_is_reported() -> None:
    text = html(some_tables(), title="T", head=["Some words"])
    page = Page(text)
    heading, theirs, mine = page.tables[0]
    assert heading == ["method", "A_b, % ↓", "B|c"]
    assert theirs == ["Paper_1reported", "2.00", "50% & up"] and mine == ["mine <script>", "1.23[1.00, 1.50]", "n/a"]
    assert "<script>" not in text and 'title="no &amp; none"' in text and 'title="A Paper"' in text
    assert not re.search(r"(src|href)=\"(?!#)", text), "it needs something beside it"


def test_markdown_and_latex_say_the_same() -> None:
    text = markdown(some_tables(), ["Some words"])
    assert "| mine <script> | 1.23 [1.00, 1.50] | n/a |" in text and "*Paper_1* (reported: A Paper)" in text
    assert r"B\|c" in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {4}
    tex = latex(some_tables())
    assert r"A\_b, \% $\downarrow$" in tex and r"50\% \& up" in tex and r"\textit{Paper\_1} (reported)" in tex
    rows = [line for line in tex.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 3 and {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {2}
    assert escaped("a_b{c}\\") == r"a\_b\{c\}\textbackslash{}"


def test_json_has_values_reasons_and_whose_they_are() -> None:
    (table,) = json.loads(json_text(as_json(some_tables(), {"bench": "b"})))["tables"]
    theirs, mine = table["lines"]
    assert mine["cells"]["a"] == {"value": 1.234, "low": 1.0, "high": 1.5, "clips": 35} and mine["reported"] is None
    assert mine["cells"]["b"] == {"value": None, "why": "no & none"} and theirs["reported"] == "A Paper"
