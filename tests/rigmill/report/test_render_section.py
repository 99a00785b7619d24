"""What the report says about engines."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import pytest

from rigmill.report import pages, render_section
from tests.support.html_page import Page
from tests.support.report_rows import Rows


def clip(engine: str, asset: str, *, agreement: float | None = None, reason: str = "", coverage: float = 0.2) -> Any:
    return {
        "engine": engine,
        "asset_id": asset,
        "agreement": agreement,
        "engine_reason": reason,
        "min_coverage": coverage,
    }


def view(*clips: dict[str, Any]) -> Any:
    rows = Rows()
    rows.made["render"] = list(clips)
    return rows


def test_engines_are_counted_with_their_measured_agreement() -> None:
    raster = [clip("raster", f"a{n // 2}", agreement=n / 100) for n in range(101)] + [clip("raster", "b")]
    cycles = [clip("cycles", "c", reason="material 'glass': refraction", coverage=c) for c in (0.1, 0.3)]
    first, second = render_section.engines([*raster, *cycles])
    assert astuple(first) == ("cycles", 2, 1, 0, None, None, pytest.approx(0.2))
    assert astuple(second) == ("raster", 102, 52, 101, pytest.approx(0.1), pytest.approx(0.5), 0.2)


def test_reasons_are_listed_by_how_often_they_hold() -> None:
    section = render_section.section(
        view(
            clip("raster", "a"),
            clip("cycles", "b", reason="fog <b>"),
            clip("cycles", "c", reason="glass"),
            clip("cycles", "d", reason="glass"),
        )
    )
    page = Page(pages.draw("render_section.html.j2", section=section))
    assert page.table("reason") == [["glass", "2"], ["fog <b>", "1"]]
    assert page.table("engine")[1] == ["raster", "1", "1", "0", "-", "-", "0.2"]


def test_nothing_rendered_is_no_section() -> None:
    assert render_section.section(view()) is None
    assert pages.draw("render_section.html.j2", section=None).strip() == ""
    section = render_section.section(view(clip("cycles", "a")))
    assert "Why Cycles" not in pages.draw("render_section.html.j2", section=section)
