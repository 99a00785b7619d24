"""What several workers say at once becomes one note and one guess at the time left."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from rigmill.pipeline.lines import batch_progress
from rigmill.pipeline.lines.batch_progress import Report, Reporter, note, read_report, seconds_left
from rigmill.pipeline.lines.live_lines import duration


def test_workers_do_not_overwrite_each_other_and_are_added_up(tmp_path: Path) -> None:
    reporters = [Reporter(tmp_path / f"{number}.json") for number in range(2)]
    for reporter, done in zip(reporters, (10, 30)):
        reporter.write("view-frames", done, 100)
    said = [read_report(reporter.path, num_open=1, num_jobs=1) for reporter in reporters]
    assert note([report for report in said if report]) == "view-frames (40/200)"
    reporters[0].close()
    assert read_report(reporters[0].path, num_open=1, num_jobs=1) is None
    assert read_report(reporters[1].path, num_open=1, num_jobs=1) is not None


def test_speed_is_what_was_done_since_the_first_word_so_resumed_work_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(batch_progress, "time", SimpleNamespace(monotonic=lambda: now))
    reporter = Reporter(tmp_path / "1.json")
    reporter.write("loss 1", 200, 300)
    reporter.write("loss 2", 201, 300)  # too soon: the disk is left alone
    first = read_report(reporter.path, num_open=1, num_jobs=1)
    assert first == Report("loss 1", 200, 300, 0.0)
    now += 10
    reporter.write("loss 3", 250, 300)
    later = read_report(reporter.path, num_open=1, num_jobs=1)
    assert later and later.rate_per_s == pytest.approx(5)
    assert note([Report("loss 3", 250, 300, 4.9021)]) == "loss 3 (250/300, 4.9/s)"


def test_a_half_written_or_foreign_file_is_no_report(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"message": "x"}', '{"message": 1, "done": "x", "total": 2, "rate_per_s": 1}'):
        (tmp_path / "1.json").write_text(text)
        assert read_report(tmp_path / "1.json", num_open=1, num_jobs=1) is None
    Reporter(tmp_path / "no" / "such" / "folder" / "1.json").write("x", 1, 2)
    (tmp_path / "file").write_text("")
    Reporter(tmp_path / "file" / "1.json").write("x", 1, 2)  # cannot be written: no error


def test_time_left_counts_jobs_that_have_not_begun_like_those_that_run() -> None:
    # Two batches of 4 and 2 jobs with 100 steps each, of which one job and none are answered; 9 more jobs wait.
    reports = [Report("x", 150, 400, 3.0, 3, 4), Report("x", 50, 200, 2.0, 2, 2)]
    assert seconds_left(reports, num_pending=3 + 2 + 9) == pytest.approx((250 + 150 + 900) / 5)
    assert seconds_left(reports, num_pending=5) == pytest.approx(400 / 5)
    assert seconds_left([], num_pending=5) is None
    assert seconds_left([Report("x", 0, 10, 0.0)], num_pending=5) is None  # nothing is known yet


@pytest.mark.parametrize(("seconds", "text"), [(7.4, "7 s"), (99, "99 s"), (150, "2 min"), (7200, "2.0 h")])
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
