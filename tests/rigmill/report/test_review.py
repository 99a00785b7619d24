"""The sheets for a person's corrections: a line and a picture per clip and asset; nothing of theirs is lost."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, cast

import pytest

from rigmill.report.review import Reviewed, write_review
from rigmill.storage.layout import Layout
from tests.support.report_rows import Rows, product


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "out")


@pytest.fixture
def rows(layout: Layout) -> Rows:
    """Two clips of one asset and one of another; the last has no preview."""
    rows = Rows()
    names = {"c1": "a1", "c2": "a1", "c3": "a2"}
    rows.made["preview"] = [
        product("preview", clip_id=name, files=[layout.store.put_bytes("preview.jpg", name.encode()).to_row()])
        for name in ("c1", "c2")
    ]
    rows.made["render"] = [
        product("render", clip_id=clip, asset_id=asset, title="-fox", motion_name="Take 001")
        for clip, asset in names.items()
    ]
    rows.made["caption"] = [
        product("caption", clip_id=name, caption=f"{name} runs.", provider="facts") for name in names
    ]
    rows.made["category"] = [
        product("category", asset_id="a1", category="animal", secondary=["toy", "food"], category_provider="metadata"),
        product("category", asset_id="a2", secondary=[]),
    ]
    return rows


def sheet(layout: Layout, name: str) -> list[dict[str, Any]]:
    with (layout.review / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_clip_and_asset_has_a_line_with_its_picture(rows: Rows, layout: Layout) -> None:
    assert write_review(cast("Any", rows), layout) == Reviewed(3, 0, 2, 0)
    lines = sheet(layout, "captions.csv")
    assert [line["caption"] for line in lines] == ["c1 runs.", "c2 runs.", "c3 runs."]
    assert lines[0]["title"] == "'-fox" and lines[0]["your_caption"] == ""
    assert (layout.review / lines[1]["picture"]).read_bytes() == b"c2" and lines[2]["picture"] == ""
    first, second = sheet(layout, "categories.csv")
    assert (first["category"], first["secondary"], first["picture"]) == ("animal", "toy; food", "pictures/c1.jpg")
    assert (second["category"], second["provider"]) == ("", "")


def test_what_a_person_wrote_survives_another_sheet_and_pictures_of_clips_that_went_go(
    rows: Rows, layout: Layout
) -> None:
    write_review(cast("Any", rows), layout)
    path = layout.review / "captions.csv"
    path.write_text(path.read_text().replace("pictures/c2.jpg,", "pictures/c2.jpg,A fox sleeps."))
    rows.made["caption"] = rows.made["caption"][:1]
    assert write_review(cast("Any", rows), layout) == Reviewed(1, 1, 2, 0)
    assert sheet(layout, "captions.csv")[1] == dict.fromkeys(
        ("caption", "provider", "title", "motion", "picture"), ""
    ) | {"clip_id": "c2", "your_caption": "A fox sleeps."}
    assert sorted(path.name for path in (layout.review / "pictures").iterdir()) == ["c1.jpg"]


def test_the_same_rows_give_the_same_bytes_and_without_rows_nothing_is_written(rows: Rows, layout: Layout) -> None:
    assert write_review(cast("Any", Rows()), layout) is None and not layout.review.exists()
    write_review(cast("Any", rows), layout)
    before = {path: path.read_bytes() for path in layout.review.rglob("*.csv")}
    write_review(cast("Any", rows), layout)
    assert before == {path: path.read_bytes() for path in layout.review.rglob("*.csv")}
