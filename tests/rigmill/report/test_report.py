"""The whole report over tables made by hand: what it names exists, and its numbers add up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from rigmill.config.load import Resolved, load
from rigmill.licences.rights import Rights
from rigmill.outcomes import Failed, FailKind, Kept, Rejected
from rigmill.pipeline.registry import STAGES
from rigmill.report import clips_section
from rigmill.report.report import write_report
from rigmill.storage.layout import Layout
from tests.support.html_page import Page
from tests.support.report_rows import Rows, clip_files, product

NAME = '<script>alert("1")</script> {{ [7] * 9 }}\n\u202etxt.exe \''
OPEN = Rights(**dict.fromkeys(Rights().to_row(), True)).to_row()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "out")


@pytest.fixture
def resolved(layout: Layout) -> Resolved:
    return load("demo", overrides=(f"output={layout.root}",))


@pytest.fixture
def rows(layout: Layout) -> Rows:
    """Two sources; one asset has no rig, a clip stands still, a rendering crashes; two clips are rendered."""
    rows, store = Rows(), layout.store
    known = {"title": NAME, "licence": "CC0-1.0", "rights": OPEN}
    clip = known | {"source": "procedural", "motion_name": NAME, "kind": "native", "num_frames": 3, "fps": 8.0}
    strip = [store.put_bytes("preview.jpg", b"a strip").to_row()]
    video = clip_files(store)
    clips = ("render-0", "render-1")

    rows.end("collect", "procedural", Kept([]), 3)
    rows.end("collect", "mixamo", Rejected("unknown_type", NAME), 2)
    rows.end("probe", "procedural", Kept([]), 2)
    rows.end("probe", "procedural", Rejected("no_rig", "none"))
    rows.end("retarget", "vroid", Rejected("too_few_pairs", "few", 1.0, 9.0))
    rows.end("preview", "procedural", Kept([]), 4)
    rows.end("select", "procedural", Kept([]), 3)
    rows.end("select", "procedural", Rejected("little_motion", NAME, 0.1, 0.6))
    rows.end("render", "procedural", Kept([]), 2)
    rows.end("render", "procedural", Failed(FailKind.CRASH, "Segfault", NAME))

    rows.made["collect"] = [product("collect", asset_id=f"a{n}", **known) for n in range(3)]
    rows.made["probe"] = [
        product(
            "probe",
            source="procedural",
            kind="animated",
            grey_share=0.2,
            num_vertices=number,
            motions=[{"motion_id": "one"}],
            **known,
        )
        for number in (50, 5000)
    ]
    rows.made["preview"] = [
        product("preview", clip_id=name, files=strip, flow_px=flow, coverage=0.1, extent_ratio=1.5, **clip)
        for name, flow in (*zip(clips, (2.0, 3.0)), ("procedural-3", 0.1))
    ]
    rows.made["select"] = [product("select", clip_id=name, flow_px_per_frame=0.5, **clip) for name in clips]
    rows.made["render"] = [
        product(
            "render",
            clip_id=name,
            asset_id="a0",
            engine="raster",
            num_views=2,
            num_drawn_joints=1,
            min_coverage=0.1,
            round_trip_px=0.2,
            round_trip_worst=NAME,
            attribution=NAME,
            files=video,
            **clip,
        )
        for name in clips
    ]
    rows.made["caption"] = [product("caption", clip_id="render-0", caption=NAME)]
    rows.made["category"] = [product("category", asset_id="a0", category="animal")]
    rows.made["shards"] = [product("shards", clip_id="render-0", split="test", **clip)]
    losses = "step,loss\n" + "".join(f"{step},{1 / (step + 1)}\n" for step in range(20))
    rows.made["train"] = [
        product(
            "train",
            checkpoint_id="c0",
            recipe="tiny",
            num_steps=20,
            num_parameters=12_345,
            first_loss=1.0,
            last_loss=0.05,
            files=[
                store.put_bytes("losses.csv", losses.encode()).to_row(),
                store.put_bytes("config.json", b'{"mixture": {"mine": {"clips": 4, "draws": 10}}}').to_row(),
            ],
        )
    ]
    numbers = {"num_frames": 3, "num_drawn_joints": 1, "usable_share": 0.5}
    rows.made["eval"] = [
        product("eval", clip_id="render-0", maps="ground_truth", files=[], **numbers),
        product("eval", clip_id="render-0", maps="generated", checkpoint_id="c0", files=video, **numbers),
    ]
    return rows


def written(rows: Rows, layout: Layout, resolved: Resolved) -> Page:
    path = write_report(cast("Any", rows), layout, resolved)
    assert path == layout.report / "index.html"
    return Page(path.read_text())


def test_every_file_and_place_that_the_page_names_is_there_and_nothing_else(
    rows: Rows, layout: Layout, resolved: Resolved
) -> None:
    page = written(rows, layout, resolved)
    assert {path.name for path in layout.report.iterdir()} == {"index.html", *page.files}
    # The still clip among the examples; the worst; those at the limit; posters and videos; what was generated.
    assert len(page.files) == 1 + 2 + 3 + 2 * 2 + 1
    assert page.links == [f"#{name}" for name in page.ids] == ["#render-0", "#render-1"]
    assert all((layout.report / name).stat().st_size for name in page.files)


def test_the_funnels_numbers_add_up(rows: Rows, layout: Layout, resolved: Resolved) -> None:
    page = written(rows, layout, resolved)
    stages = {row[0]: [int(cell) for cell in row[1:6]] for row in page.table("stage", "in")}
    assert list(stages) == list(STAGES) and stages["collect"] == [5, 3, 2, 0, 0]
    for name, (num_in, *ends) in stages.items():
        assert num_in == sum(ends) == len(rows.outcomes(name))
    assert not any(stages["caption"])  # nothing in, nothing divided


def test_sources_and_codes_add_up_to_the_stages(rows: Rows, layout: Layout, resolved: Resolved) -> None:
    page = written(rows, layout, resolved)
    (_, *sources, total) = next(table for table in page.tables if table[0][1:2] == ["candidates"])
    numbers = [[int(cell.replace(",", "")) if cell != "-" else 0 for cell in row[1:]] for row in (*sources, total)]
    assert [sum(column) for column in zip(*numbers[:-1])] == numbers[-1]
    assert total[:10] == ["all", "5", "3", "2", "2", "4", "4", "3", "2", "1"]

    (header, *codes) = next(table for table in page.tables if table[0][2:4] == ["code", "count"])
    assert header[4:] == ["mixamo", "procedural", "vroid"] and len(codes) == 5
    for row in codes:
        assert int(row[3]) == sum(int(cell or 0) for cell in row[4:])
    refused = sum(row["status"] != "kept" for name in STAGES for row in rows.outcomes(name))
    assert sum(int(row[3]) for row in codes) == refused


def test_a_strangers_name_is_words_wherever_it_stands(rows: Rows, layout: Layout, resolved: Resolved) -> None:
    page = written(rows, layout, resolved)
    name = " ".join(NAME.split())
    # Messages and titles of what was not kept, titles and motions of strips, captions, attributions, joints.
    assert page.text.count(name) == 23 and "7, 7" not in page.text
    assert page.tags <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "code", "strong", "a", "bdi"),
        *("table", "thead", "tbody", "tr", "th", "td", "span", "div", "br"),
        *("figure", "figcaption", "img", "video", "svg", "polyline", "rect", "line", "text"),
    }
    assert not {name for name in page.attributes if name.startswith("on")}


def test_every_subject_has_its_heading_and_nothing_is_said_of_what_is_not_there(
    rows: Rows, layout: Layout, resolved: Resolved
) -> None:
    subjects = ["Funnel", "Rejected and failed", "Limits", "Licences", "Clips", "Categories", "Training", "Evaluation"]
    full = written(rows, layout, resolved).headings
    assert list(dict.fromkeys(name for name in full if name in subjects)) == subjects
    assert {"Retargeting", "Targets out of reach", "Rendering", "Read back"} <= set(full)
    cells = " ".join(written(rows, layout, resolved).text.split())
    assert "% of draws passes mine 4 10 100 2.5" in cells, "what was drawn of every source"
    empty = written(Rows(), layout, resolved)
    assert set(empty.headings) & {*full[1:]} >= set(subjects) and "Rendering" not in empty.headings
    for words in ("Nothing was rejected", "Nothing has been measured", "None yet", "No model", "Nothing has been eval"):
        assert words in empty.text
    assert [path.name for path in layout.report.iterdir()] == ["index.html"]  # pictures of clips that are gone too


def test_the_same_tables_give_the_same_bytes_and_write_nothing_again(
    rows: Rows, layout: Layout, resolved: Resolved
) -> None:
    written(rows, layout, resolved)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in layout.report.iterdir()}
    written(rows, layout, resolved)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in layout.report.iterdir()} == before


def test_of_many_clips_the_first_are_shown(
    rows: Rows, layout: Layout, resolved: Resolved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips_section, "MAX_CLIPS", 1)
    page = written(rows, layout, resolved)
    assert page.ids == ["render-0"] and "2 clips, the first 1 shown. Top row" in page.text
    assert "not captioned yet" not in page.text
    monkeypatch.setattr(clips_section, "MAX_CLIPS", 2)
    page = written(rows, layout, resolved)
    assert "2 clips. Top row" in page.text and page.text.count("not captioned yet") == 1


def test_without_a_limit_there_is_no_chart_of_what_was_read_back(
    rows: Rows, layout: Layout, resolved: Resolved
) -> None:
    render = rows.profile.render.model_copy(update={"max_round_trip_px": None})
    unlimited = replace(rows, profile=rows.profile.model_copy(update={"render": render}))
    assert "how far discs are off" in written(rows, layout, resolved).text
    page = written(unlimited, layout, resolved)
    assert "how far discs are off" not in page.text and "farthest off:" in page.text
