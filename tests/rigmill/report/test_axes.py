"""Charts with axes: points stand where their numbers say, and the numbers beside them are round and inside."""

from __future__ import annotations

import math
import re

import pytest

from rigmill.report.axes import Axis, Series, axes_chart
from tests.support.html_page import Page


def ticks(chart: str, anchor: str) -> list[tuple[float, float]]:
    """Place and number of every label of an axis."""
    pattern = (
        rf'<text x="([\d.]+)" y="([\d.]+)" font-size="11" fill="currentColor" text-anchor="{anchor}">([^<]*)</text>'
    )
    found = re.findall(pattern, chart)
    return [(float(y) - 4 if anchor == "end" else float(x), float(text.replace(",", ""))) for x, y, text in found]


def test_nothing_is_drawn_of_less_than_two_points() -> None:
    nothing = [Series("a", [(1, 1)]), Series("b", [(1, math.nan), (2, math.inf)]), Series("c", [])]
    assert axes_chart(nothing, x=Axis("step"), y=Axis("loss"), label="x") == ""


@pytest.mark.parametrize("logarithmic", [False, True])
def test_points_stand_where_the_numbers_at_the_axes_say(logarithmic: bool) -> None:
    points = [(step, 3.7 / (1 + step)) for step in range(50)]
    chart = axes_chart(
        [Series("<loss>", points), Series("validation", points[::10], dots=True)],
        x=Axis("optimiser step"),
        y=Axis("loss, squared", logarithmic=logarithmic),
        label="Loss <of> it",
    )
    page = Page(chart)
    assert "<loss>" in page.text and "Loss <of> it" in page.text and "optimiser step" in page.text
    assert chart.count("<circle") == 5 and chart.count("<polyline") == 2
    drawn = [tuple(map(float, one.split(","))) for one in re.findall(r'points="([^"]*)"', chart)[0].split()]
    up, across = ticks(chart, "end"), ticks(chart, "middle")
    assert 3 <= len(up) <= 9 and 3 <= len(across) <= 9
    value = math.log10 if logarithmic else float
    (y1, low), (y2, high) = up[0], up[-1]
    (x1, left), (x2, right) = across[0], across[-1]
    for (step, loss), (x_px, y_px) in list(zip(points, drawn))[::7]:
        assert y_px == pytest.approx(y1 + (value(loss) - value(low)) / (value(high) - value(low)) * (y2 - y1), abs=0.3)
        assert x_px == pytest.approx(x1 + (step - left) / (right - left) * (x2 - x1), abs=0.3)
    assert all(60 <= x <= 706 and 28 <= y <= 224 for x, y in drawn)


def test_a_long_series_keeps_its_end_and_a_constant_one_lies_inside() -> None:
    long = axes_chart([Series("a", [(at, 1.0) for at in range(100_001)])], x=Axis("x"), y=Axis("y"), label="l")
    drawn = re.findall(r'points="([^"]*)"', long)[0].split()
    assert len(drawn) <= 702 and drawn[-1].startswith("704.0,") and 30 < float(drawn[0].split(",")[1]) < 222


def test_a_narrow_logarithmic_axis_has_its_numbers_too() -> None:
    chart = axes_chart([Series("a", [(0, 1.46), (1, 1.37)])], x=Axis("x"), y=Axis("y", logarithmic=True), label="Loss")
    assert len(ticks(chart, "end")) >= 4 and "Loss (logarithmic)" in Page(chart).text
