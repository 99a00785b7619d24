"""A run without open jobs says what is the matter, and the command that goes on."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from rigmill.invocation import Invocation
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.lines.nothing_to_do import nothing_to_do
from tests.support.toy_runs import Toys
from tests.support.toy_stages import TOYS

toys = Toys(TOYS)
FLAGS = "--profile demo --set probe.fps=16"
MINE = Invocation("demo", None, ("probe.fps=16",))


@pytest.fixture
def inputs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TOY_INPUTS", str(tmp_path / "inputs"))
    return tmp_path / "inputs"


def said(folder: Path, *only: str) -> list[str]:
    lines = nothing_to_do(toys.view(folder), tuple(TOYS), only=frozenset(only), invocation=MINE)
    return [f"{line} {command}".strip() for line, command in lines]


def test_all_is_well_where_nothing_failed(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=reject")
    toys.run(tmp_path / "out")
    assert said(tmp_path / "out") == [
        f"nothing to do: every input of these stages has its outcome, in {tmp_path / 'out'}"
    ]
    lines = io.StringIO()
    toys.run(tmp_path / "out", progress=Progress(lines))
    assert " ".join(lines.getvalue().split()) == said(tmp_path / "out")[0]


def test_failed_inputs_are_counted_and_the_command_is_whole(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=reject a3=raise b1=crash b2=raise")
    toys.run(tmp_path / "out")
    assert said(tmp_path / "out") == [
        f"collect: 3 failed (crash 1, exception 2), in {tmp_path / 'out'}; again: rigmill retry collect {FLAGS}"
    ]
    assert said(tmp_path / "out", "a3") == [
        f"collect: 1 failed (exception 1), in {tmp_path / 'out'}; again: rigmill retry collect {FLAGS} --only a3"
    ]
    assert said(tmp_path / "out", "a1") == [
        f"nothing to do: every input of these stages has its outcome, in {tmp_path / 'out'}"
    ]


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
