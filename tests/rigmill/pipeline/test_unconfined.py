"""Children that could not be confined: the run log writes it down, and a person hears of it once."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rigmill.commands.doctor import _sandbox
from rigmill.config.load import load
from rigmill.outcomes import Cost, Kept, Sandbox
from rigmill.pipeline.runlog import RunLog
from rigmill.pipeline.stage import Answer

ALL = Sandbox(files=True, network=True, privileges=True, system_calls=True)


def logged(folder: Path, *sandboxes: Sandbox | None) -> tuple[Any, list[str], str]:
    """What run.json says of the sandbox, what a person heard, and the measurements."""
    said: list[str] = []
    log = RunLog(folder, load("demo"), ("render",), say=said.append)
    for number, sandbox in enumerate(sandboxes):
        log.measured("render", str(number), Answer("key", Kept([]), Cost(sandbox=sandbox)), 1)
    log.close({})
    run = json.loads((log.folder / "run.json").read_text())
    return run["sandbox"], said, (log.folder / "measurements.jsonl").read_text()


def test_the_run_log_says_that_children_were_not_confined_and_a_person_hears_it_once(tmp_path: Path) -> None:
    sandbox, said, measurements = logged(tmp_path, ALL, *[replace(ALL, files=False)] * 3, None)
    assert sandbox == asdict(replace(ALL, files=False))
    (line,) = said
    assert line.startswith("warning: ") and "every file" in line
    assert "sandbox" not in measurements


def test_where_all_children_are_confined_nobody_is_warned(tmp_path: Path) -> None:
    assert logged(tmp_path, ALL, ALL)[:2] == (asdict(ALL), [])
    assert logged(tmp_path, None)[:2] == (None, [])


def test_the_doctor_says_what_children_can_reach_and_does_not_fail_for_it() -> None:
    files, network, privileges, calls = _sandbox(Sandbox(False, False, False, False))
    assert (files.name, files.ok, files.required) == ("sandbox files", False, False) and "Landlock" in files.fix
    assert (network.name, network.ok, network.required) == ("sandbox network", False, False)
    assert not privileges.ok and not calls.ok and "seccomp" in calls.fix
    assert all(finding.ok for finding in _sandbox(ALL))
