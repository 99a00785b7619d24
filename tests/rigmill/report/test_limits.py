"""What limits keep, and what was measured."""

from __future__ import annotations

from typing import Any, cast

import pytest

from rigmill.config.schema import Filters
from rigmill.report.limits import MEASURES, at_other_limits, limit_of, values_of
from rigmill.storage.columns import PRODUCTS
from tests.support.report_rows import Rows, product


def test_every_measure_is_a_stored_column_and_a_limit_of_the_profile() -> None:
    for measure in MEASURES:
        assert measure.column in PRODUCTS[measure.stage].names and measure.limit in Filters.model_fields
        assert limit_of(cast("Any", Rows()), measure) > 0


@pytest.mark.parametrize(("place", "expected"), [(0, [6, 5, 4, 3, 2, 2, 1]), (3, [2, 4, 4, 4, 5, 6])])
def test_other_limits_keep_more_or_fewer(place: int, expected: list[int]) -> None:
    measure = MEASURES[place]
    values = [0.1, 0.2, 0.6, 0.7, 0.91, 1.0] if not measure.keeps_above else [0.15, 0.3, 0.45, 0.6, 1.3, 9.0]
    limit = 0.9 if not measure.keeps_above else 0.6
    found = at_other_limits(values, measure, limit)
    assert [number for _, number in found] == expected and limit in [other for other, _ in found]


def test_values_are_those_that_were_measured_and_a_motion_has_no_looks() -> None:
    rows = Rows()
    rows.made["probe"] = [
        product("probe", kind=kind, grey_share=share)
        for kind, share in (("animated", 0.1), ("static", 1.0), ("motion", 0.7), ("static", None))
    ]
    rows.made["preview"] = [product("preview", kind="native", flow_px=flow) for flow in (3.0, float("nan"), 0.0)]
    found = {measure.column: values_of(cast("Any", rows), measure) for measure in MEASURES}
    assert found["grey_share"] == [0.1, 1.0] and found["flow_px"] == [3.0, 0.0] and found["coverage"] == []
