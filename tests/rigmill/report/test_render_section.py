"""What the report says about engines."""

from __future__ import annotations

from typing import Any

import pytest

from rigmill.report import render_section
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
    assert list(first.values()) == ["cycles", 2, 1, 0, None, None, pytest.approx(0.2)]
    assert list(second.values()) == ["raster", 102, 52, 101, pytest.approx(0.1), pytest.approx(0.5), 0.2]


def test_reasons_are_listed_by_how_often_they_hold() -> None:
    page = render_section.section(
        view(
            clip("raster", "a"),
            clip("cycles", "b", reason="fog <b>"),
            clip("cycles", "c", reason="glass"),
            clip("cycles", "d", reason="glass"),
        )
    )
    assert page.index("glass") < page.index("fog &lt;b&gt;") and "None" not in page


def test_nothing_rendered_is_no_section() -> None:
    assert render_section.section(view()) == ""
    assert "Why Cycles" not in render_section.section(view(clip("cycles", "a")))
