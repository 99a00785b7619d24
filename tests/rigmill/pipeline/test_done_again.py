"""A plan says what is done again and why, in the words of pipelines.yaml."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rigmill.config.load import load
from rigmill.pipeline.done_again import NOT_RECORDED, done_again
from rigmill.pipeline.plan_history import PlanHistory
from tests.support.toy_runs import Toys
from tests.support.toy_stages import WITH_MODEL, ToyProbe

toys = Toys(WITH_MODEL)


def again(folder: Path, stage: str, *overrides: str) -> list[tuple[str, int]]:
    view = toys.view(folder, *overrides)
    return done_again(view, PlanHistory(view.layout), stage)


@pytest.fixture
def out(inputs: Path, tmp_path: Path) -> Path:
    inputs.write_text("a1=keep a2=keep")
    toys.run(tmp_path / "out")
    return tmp_path / "out"


def test_a_finished_folder_does_nothing_again(out: Path) -> None:
    assert all(again(out, stage) == [] for stage in toys.registry)


def test_a_changed_value_is_named_as_the_profile_spells_it(out: Path) -> None:
    assert again(out, "probe", "probe.fps=8", "render.engine=cycles") == [
        ("config changed (probe.fps: 16.0 -> 8.0)", 2)
    ]
    assert again(out, "train", "train.num_steps=5") == [
        (f"config changed (train.num_steps: {load('demo').profile.train.num_steps} -> 5)", 1)
    ]


def test_changed_code_and_changed_input_are_told_apart(
    out: Path, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs.write_text("a1=keep a2=slow")
    assert again(out, "collect") == [("input changed", 1)]
    monkeypatch.setattr(ToyProbe, "version", 2)
    assert again(out, "probe") == [("code changed (stage version 1 -> 2)", 1)], "a2 is not there yet"


def test_what_changed_upstream_is_said(out: Path, inputs: Path) -> None:
    inputs.write_text("a1=keep a2=keep a3=keep")
    toys.run(out, "probe.fps=8", stages=("collect", "probe", "retarget"))
    assert again(out, "train", "probe.fps=8") == [("input changed (probe: probe.fps: 16.0 -> 8.0)", 1)]


def test_what_was_never_written_down_is_said_to_be_so(out: Path) -> None:
    shutil.rmtree(out / "runs")
    assert again(out, "probe", "probe.fps=8") == [(NOT_RECORDED, 2)]


def test_of_several_results_the_one_planned_last_is_compared(out: Path) -> None:
    toys.run(out, "probe.fps=8")
    toys.run(out, "probe.fps=12")
    assert again(out, "probe", "probe.fps=10") == [("config changed (probe.fps: 12.0 -> 10.0)", 2)]
