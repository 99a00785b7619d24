"""What a run leaves of its costs, and what a forecast reads of it, killed runs and broken files among them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rigmill.config.load import load
from rigmill.outcomes import Cost, Failed, FailKind, Kept, Outcome, Reject, Rejected
from rigmill.pipeline.runlog import RunLog, measured_seconds
from rigmill.pipeline.stage import Answer
from rigmill.pipeline.view import Counts


def started(runs: Path) -> RunLog:
    return RunLog(runs, load("demo"), ("probe", "select"))


def tell(log: RunLog, *seconds: float, stage: str = "probe", outcome: Outcome | None = None) -> None:
    for wall_s in seconds:
        answer = Answer("key", outcome or Kept([]), Cost(wall_s, 10, extra={"cpu_s": 0.5}))
        log.measured(stage, "input", answer, 1)


def lines(log: RunLog) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (log.folder / "measurements.jsonl").read_text().splitlines()]


def facts(log: RunLog) -> dict[str, Any]:
    return dict(json.loads((log.folder / "run.json").read_text()))


def test_a_run_says_what_it_runs_before_its_first_job_ends(tmp_path: Path) -> None:
    log = started(tmp_path)
    said = facts(log)
    assert (said["profile"], said["stages"]) == ("demo", ["probe", "select"])
    assert said["profile_digest"] == load("demo").digest and said["packages"]["numpy"]
    assert "counts" not in said
    log.close({"probe": Counts(num_in=4, kept=1, rejected=1, failed=1)})
    assert facts(log)["counts"] == {"probe": {"in": 4, "kept": 1, "rejected": 1, "failed": 1, "pending": 1}}


def test_every_job_is_a_line_that_is_on_disk_at_once_with_how_it_ended(tmp_path: Path) -> None:
    log = started(tmp_path)
    for outcome in (Kept([]), Rejected(Reject.NO_RIG.value, "no"), Failed(FailKind.TIMEOUT, "WallClock", "late")):
        tell(log, 0.12345, outcome=outcome)
    assert [line["ended"] for line in lines(log)] == ["kept", "no_rig", "timeout"]
    assert lines(log)[0] == {
        "stage": "probe",
        "input_id": "input",
        "ended": "kept",
        "attempt": 1,
        "wall_s": 0.123,
        "peak_bytes": 10,
        "cpu_s": 0.5,
    }
    log.close({})


def test_a_forecast_takes_the_median_of_a_run_and_weighs_runs_by_their_jobs(tmp_path: Path) -> None:
    for number, seconds in enumerate(((1.0, 2.0, 90.0), (6.0,))):
        log = started(tmp_path / str(number))
        tell(log, *seconds)
        log.measured_together("select", 10, 5.0)
        log.close({})
    runs = tmp_path / "runs"
    runs.mkdir()
    for number in range(2):
        (folder,) = (tmp_path / str(number)).iterdir()
        folder.rename(runs / str(number))
    assert measured_seconds(runs) == {"probe": (4, pytest.approx((3 * 2.0 + 6.0) / 4)), "select": (20, 0.5)}


def test_a_killed_run_counts_by_its_lines_but_for_the_one_that_the_kill_cut(tmp_path: Path) -> None:
    log = started(tmp_path)
    tell(log, 1.0, 3.0, 8.0)
    with (log.folder / "measurements.jsonl").open("a") as stream:
        stream.write('{"stage": "probe", "wall_s": 100')
    assert measured_seconds(tmp_path) == {"probe": (3, 3.0)}
    log.close({})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"measured": {"probe": 1}}', '{"measured": {"probe": ["x", 1]}}'])
def test_a_broken_log_informs_nobody_and_stops_nobody(tmp_path: Path, text: str) -> None:
    log = started(tmp_path)
    tell(log, 1.0)
    log.close({})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text(text)
    (tmp_path / "a file").write_text("")
    assert measured_seconds(tmp_path) == {"probe": (1, 1.0)}
    assert measured_seconds(tmp_path / "not there") == {}
