"""Metrics are what other people's code, or a pencil, says they are."""

from __future__ import annotations

import pytest

from benchmarks.evaluation.metrics import differences
from eval.metrics.registry import METRICS


@pytest.mark.slow  # half a minute: pictures of several sizes through torch
def test_metrics_differ_from_independent_ones_by_at_most_a_ten_thousandth() -> None:
    result = differences()
    assert 0 < result["metric_max_diff"] <= 1e-4
    ours = {metric.name for metric in METRICS if metric.backend == "reconstruction"}
    # Nobody else has these: a percentile, numbers of other stages, features of a network in a layout of our own.
    alone = {"vertex_error_p95_pct", "usable_share", "facts_fit", "feature_distance.efficientnet_lite0"}
    assert ours - alone <= set(result["metrics"])
    assert all(row["max_diff"] <= 1e-4 and row["cases"] for row in result["metrics"].values())
