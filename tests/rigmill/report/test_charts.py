"""Charts have a mark for every value, and labels that stay words."""

from __future__ import annotations

import math
import re

import pytest

from rigmill.report.charts import histogram


@pytest.mark.parametrize(
    ("values", "limit", "keeps_above", "logarithmic", "bars"),
    [
        ([0.01, 0.02, 5.0], 1.0, True, True, (1, 2)),
        ([1.0], 1.0, True, True, (1, 0)),
        ([0.0, 0.0], 1.0, True, True, (0, 1)),
        ([0.0, 1e12], 1.0, True, True, (1, 1)),
        ([0.2, 0.9, 0.95], 0.9, False, False, (2, 1)),
        ([], 1.0, True, True, (0, 0)),
    ],
)
def test_a_histogram_has_a_bar_for_every_value_on_either_side_of_its_limit(
    values: list[float], limit: float, keeps_above: bool, logarithmic: bool, bars: tuple[int, int]
) -> None:
    chart = histogram(values, limit=limit, keeps_above=keeps_above, logarithmic=logarithmic, label="<x>")
    assert (chart.count("bar-kept"), chart.count("bar-dropped")) == bars
    assert bool(chart) == bool(values) and "<x>" not in chart
    for number in re.findall(r' (?:x|x1|x2|y|y1|y2|width|height)="([^"]*)"', chart):
        assert math.isfinite(float(number)) and 0 <= float(number) <= 640


def test_the_limit_stands_between_what_it_keeps_and_what_it_drops() -> None:
    chart = histogram([1.0, 2.0, 8.0, 9.0], limit=5.0, keeps_above=True, logarithmic=False, label="x")
    line = re.search(r'<line x1="([\d.]+)" x2="\1"', chart)
    places = {
        style: [float(x) for x in re.findall(rf'"bar-{style}" x="([\d.]+)"', chart)] for style in ("kept", "dropped")
    }
    assert line and max(places["dropped"]) < float(line[1]) < min(places["kept"])
    assert "limit 5" in chart and "4 measured" in chart
