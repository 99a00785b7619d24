"""What the order benchmark asks for, and that it can say no."""

from __future__ import annotations

import math

import pytest

from benchmarks.evaluation.comparing import largest_difference
from benchmarks.evaluation.order import AGAINST_TRUTH, asked_of, ordered
from eval.baselines.make import NAMES, NOISE_LARGE, NOISE_SMALL, STATIC, TRUTH
from eval.compare.results import ClipResult, MethodResult
from eval.compare.together import Together
from eval.metrics.metric import Better
from eval.metrics.registry import METRICS, by_name


def method(name: str, metric: str, *values: float) -> MethodResult:
    clips = [
        ClipResult(name, str(number), "other", "", None, None, 3, 16.0, None, {metric: value})
        for number, value in enumerate(values)
    ]
    return MethodResult(name, tuple(clips))


def test_every_metric_is_asked_or_says_why_not() -> None:
    asked = {metric.name: asked_of(metric) for metric in METRICS}
    assert all(one.pairs or one.left_out for one in asked.values())
    assert {name for name, one in asked.items() if one.pairs == AGAINST_TRUTH} >= {"mpjpe_pct", "cd_m", "ssim", "flip"}
    assert all({first, second} <= set(NAMES) for one in asked.values() for first, second in one.pairs)
    assert not asked["dynamic_degree.dis"].pairs and asked["dynamic_degree.dis"].metric.better is Better.NEITHER


def test_a_wrong_order_is_counted_and_named() -> None:
    metric = by_name("mpjpe_pct")
    good = [method(TRUTH, "mpjpe_pct", 0, 0), method(NOISE_SMALL, "mpjpe_pct", 1, 1), method(STATIC, "mpjpe_pct", 5, 6)]
    found = ordered([metric], good)
    assert found["order_pairs"] == 3 and found["order_right_share"] == 1 and found["order_wrong"] == []
    bad = [*good[:2], method(STATIC, "mpjpe_pct", 0.5, 0.5)]
    found = ordered([metric], bad)
    assert found["order_right_share"] == pytest.approx(2 / 3) and found["order_right_share_by_clip"] == pytest.approx(
        2 / 3
    )
    assert found["order_wrong"] == ["mpjpe_pct: noise-small 1 behind static 0.5"]
    # Higher is better of this one; equal numbers are right, and counted.
    full = [method(TRUTH, "pck_3d_5pct", 1, 1), method(NOISE_SMALL, "pck_3d_5pct", 1, 1)]
    found = ordered([by_name("pck_3d_5pct")], [*full, method(NOISE_LARGE, "pck_3d_5pct", 0.2, 0.3)])
    assert found["order_right_share"] == 1 and found["order_equal"] == 1


def test_two_runs_differ_by_their_largest_difference_or_altogether() -> None:
    first = Together({}, (method(TRUTH, "ssim", 0.5, 0.25),))
    assert largest_difference(first, Together({}, (method(TRUTH, "ssim", 0.5, 0.2501),))) == pytest.approx(1e-4)
    assert largest_difference(first, first) == 0
    assert largest_difference(first, Together({}, (method(TRUTH, "psnr", 0.5, 0.25),))) == math.inf
