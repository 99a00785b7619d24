"""Names are unique, VBench's stand for VBench alone, and what is drawn from bodies has a name here."""

from __future__ import annotations

from dataclasses import fields

import pytest

from eval.metrics.chamfer import ChamferScores
from eval.metrics.metric import Better
from eval.metrics.pictures import PictureScores
from eval.metrics.registry import METRICS, by_name, names


def test_every_name_and_label_is_one_metrics() -> None:
    assert len(set(names())) == len(METRICS) == len({metric.label for metric in METRICS})


def test_scores_of_pictures_and_surfaces_are_called_as_their_metrics() -> None:
    for scores in (PictureScores, ChamferScores):
        for field in fields(scores):
            assert by_name(field.name).says


def test_what_is_not_vbench_is_never_called_so() -> None:
    theirs = {metric.label for metric in METRICS if metric.backend == "vbench"}
    assert {"I2V Subject", "Motion Smoothness", "Dynamic Degree", "Aesthetic Quality"} <= theirs
    for metric in METRICS:
        if metric.backend == "vbench":
            assert metric.name.startswith("vbench.") and metric.comparable_to == "VBench 0.1.5"
        else:
            assert metric.label not in theirs and not metric.name.startswith("vbench.")
    assert not [name for name in names() if "aesthetic" in name and not name.startswith("vbench.")]


def test_amounts_of_motion_order_nobody() -> None:
    for name in ("dynamic_degree.dis", "vbench.dynamic_degree", "jitter_pct_s3"):
        assert by_name(name).better is Better.NEITHER


def test_an_unknown_name_has_no_metric() -> None:
    with pytest.raises(KeyError):
        by_name("fvd")
