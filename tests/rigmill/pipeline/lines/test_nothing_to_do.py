"""A run without open jobs says what is the matter, and the command that goes on."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import pytest

from rigmill.errors import with_options
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.lines.nothing_to_do import nothing_to_do
from tests.support.toy_runs import Toys
from tests.support.toy_stages import TOYS

toys = Toys(TOYS)
FLAGS = "--profile demo --set probe.fps=16"


@pytest.fixture
def inputs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TOY_INPUTS", str(tmp_path / "inputs"))
    return tmp_path / "inputs"


def said(folder: Path, *only: str) -> list[str]:
    return nothing_to_do(toys.view(folder), tuple(TOYS), only=frozenset(only), suggest=partial(with_options, FLAGS))


def test_all_is_well_where_nothing_failed(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=reject")
    toys.run(tmp_path / "out")
    assert said(tmp_path / "out") == ["nothing to do: every input of these stages has its outcome"]
    lines = io.StringIO()
    toys.run(tmp_path / "out", progress=Progress(lines))
    assert lines.getvalue().splitlines() == said(tmp_path / "out")


def test_failed_inputs_are_counted_and_the_command_is_whole(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=reject a3=raise b1=crash b2=raise")
    toys.run(tmp_path / "out")
    assert said(tmp_path / "out") == [f"collect: 3 failed (crash 1, exception 2); again: rigmill retry collect {FLAGS}"]
    assert said(tmp_path / "out", "a3") == [
        f"collect: 1 failed (exception 1); again: rigmill retry collect {FLAGS} --only a3"
    ]
    assert said(tmp_path / "out", "a1") == ["nothing to do: every input of these stages has its outcome"]


def test_an_id_that_no_stage_has_is_named(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep")
    toys.run(tmp_path / "out")
    unknown = f"--only zz: no input of these stages is called so; ids: rigmill status collect {FLAGS}"
    assert said(tmp_path / "out", "zz") == [unknown]
    assert said(tmp_path / "out", "zz", "a1") == [unknown]


def test_nothing_is_said_of_outcomes_where_there_is_no_input(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("")
    toys.run(tmp_path / "out")
    assert said(tmp_path / "out") == []
