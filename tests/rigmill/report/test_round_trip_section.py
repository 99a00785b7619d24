"""What the report says about clips that were read back, and about recorded beside generated maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rigmill.outcomes import Rejected
from rigmill.report import eval_section, round_trip_section
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store
from tests.support.report_rows import Rows


def clip(name: str, px: float | None, **more: Any) -> dict[str, Any]:
    known = {
        "clip_id": name,
        "round_trip_px": px,
        "round_trip_worst": "tail",
        "source": "folder",
        "title": "a <b>",
        "motion_name": "Run",
    }
    return dict.fromkeys(PRODUCTS["render"].names) | known | more


def page(rows: Rows, folder: Path) -> str:
    return round_trip_section.section(rows, store=Store(folder), put=lambda name, data: None)  # type: ignore[arg-type]


def test_clips_are_spread_out_and_the_worst_are_named_with_the_limit(tmp_path: Path) -> None:
    rows = Rows()
    rows.made["render"] = [
        clip(f"c{n}", n / 100, round_trip_mpjpe_pct=n / 1000, round_trip_usable_share=1 - n / 100) for n in range(21)
    ] + [clip("unread", None), clip("flat", 0.01)]
    rows.end("render", "folder", Rejected("round_trip", "off", 7.5, 0.5))
    rows.end("render", "folder", Rejected("round_trip", "another size"))
    rows.end("render", "folder", Rejected("empty_picture", "thin", 0.001, 0.005))
    found = {row[0]: row[1:] for row in round_trip_section.spread(rows.made["render"])}
    assert found["joints off, % of the subject"] == (21, 0.002, 0.01, 0.018, 0.02)
    assert [round(value, 6) for value in found["share of joints found"]] == [21, 0.82, 0.9, 0.98, 0.8]
    text = page(rows, tmp_path)
    assert "limit 0.5" in text and "23 measured" in text and text.count('class="bar-dropped"') == 1
    shown = [text.index(f'href="#{name}"') for name in ("c20", "c19", "c18", "c17", "c16", "c15")]
    assert shown == sorted(shown) and 'href="#c14"' not in text
    assert "a &lt;b&gt;" in text and "unread" not in text


def test_nothing_read_back_is_no_section_and_refused_clips_alone_are_one(tmp_path: Path) -> None:
    rows = Rows()
    rows.made["render"] = [clip("a", None)]
    assert page(rows, tmp_path) == ""
    rows.end("render", "folder", Rejected("round_trip", "off", 7.5, 0.5))
    assert "1 measured" in page(rows, tmp_path) and "farthest" not in page(rows, tmp_path)


def evaluated(maps: str, name: str, **known: float) -> dict[str, Any]:
    return dict.fromkeys(PRODUCTS["eval"].names) | {"maps": maps, "clip_id": name, "num_frames": 9} | known


def test_generated_maps_stand_beside_recorded_ones_with_what_is_known_of_them() -> None:
    rows = [
        evaluated("ground_truth", f"c{n}", mpjpe_pct=n / 10, usable_share=1.0, bone_drift_pct=0.5, pck_2d=0.9)
        for n in (1, 2, 9)
    ] + [evaluated("generated", "c1", usable_share=0.25, bone_drift_pct=30.0)]
    names = ("kind", "clips", *eval_section.NUMBERS)
    recorded, generated = (dict(zip(names, row)) for row in eval_section.summary(rows))
    assert (recorded["clips"], recorded["mpjpe_pct"], recorded["pck_2d"]) == (3, 0.2, 0.9)
    assert (generated["clips"], generated["usable_share"], generated["bone_drift_pct"]) == (1, 0.25, 30.0)
    assert generated["mpjpe_pct"] is None and generated["pck_2d"] is None
    text = eval_section.tables(rows)
    assert text.index("upper bound") < text.index("generated maps</td>") < text.index("<h3>Clips")
    assert len(eval_section.summary(rows[:3])) == 1
