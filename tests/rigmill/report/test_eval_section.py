"""What the report says about recorded beside generated maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from rigmill.report import eval_section, pages
from rigmill.report.folder import ReportFolder
from rigmill.storage.files import Store
from tests.support.html_page import Page
from tests.support.report_rows import Rows, product


def evaluated(maps: str, name: str, **known: float) -> dict[str, Any]:
    return product("eval", maps=maps, clip_id=name, num_frames=9, files=[], **known)


def test_generated_maps_stand_beside_recorded_ones_with_what_is_known_of_them(tmp_path: Path) -> None:
    rows = [
        evaluated("ground_truth", f"c{n}", mpjpe_pct=n / 10, usable_share=1.0, bone_drift_pct=0.5, pck_2d=0.9)
        for n in (1, 2, 9)
    ] + [evaluated("generated", "c1", usable_share=0.25, bone_drift_pct=30.0)]
    recorded, generated = eval_section.summary(rows)
    medians = recorded.medians
    assert (recorded.num_clips, medians["mpjpe_pct"], medians["pck_2d"]) == (3, 0.2, 0.9)
    medians = generated.medians
    assert (generated.num_clips, medians["usable_share"], medians["bone_drift_pct"]) == (1, 0.25, 30.0)
    assert medians["mpjpe_pct"] is None and medians["pck_2d"] is None
    assert len(eval_section.summary(rows[:3])) == 1

    view = cast("Any", Rows(made={"eval": rows}))
    section = eval_section.section(view, store=Store(tmp_path / "store"), folder=ReportFolder(tmp_path / "report"))
    page = Page(pages.draw("eval_section.html.j2", section=section))
    assert [row[0] for row in page.table("")] == ["recorded maps: the upper bound", "generated maps"]
    assert [row[:2] for row in page.table("maps")] == [
        ["generated", "c1"],
        ["ground_truth", "c1"],
        ["ground_truth", "c2"],
        ["ground_truth", "c9"],
    ]
    assert page.table("maps")[0][4:8] == ["-", "-", "0.25", "-"] and not page.pictures
