"""A worker is given up when it gives no sign of life, whatever its host takes for the time of day."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rigmill.pipeline.executors.executor import Batch
from rigmill.pipeline.silence import Silence
from rigmill.storage.files import write_atomic

HOUR_S = 3600.0


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def write(path: Path, words: str, *, ahead_s: float) -> None:
    """A progress file, by a host whose clock is so much ahead of ours."""
    write_atomic(path, words.encode(), durable=False)
    os.utime(path, (time.time() + ahead_s,) * 2)


@pytest.mark.parametrize("ahead_s", [-30 * HOUR_S, 0.0, 30 * HOUR_S])
def test_silence_is_told_from_changes_and_not_from_the_times_of_files(tmp_path: Path, ahead_s: float) -> None:
    clock, batch = Clock(), Batch(1, "render", {})
    silence = Silence(lambda number: tmp_path / f"{number}.json", patience_s=100, clock=clock)
    assert silence.too_long([batch]) == []
    for step in range(10):  # it goes on saying something, now and then
        clock.now += 60
        write(tmp_path / "1.json", f"{step}", ahead_s=ahead_s + 60 * step)
        assert silence.too_long([batch]) == []
    clock.now += 99
    assert silence.too_long([batch]) == []
    clock.now += 2  # the file is as it was, whatever its time
    assert silence.too_long([batch]) == [batch]


def test_an_answer_is_a_sign_of_life_and_every_batch_has_its_own_patience(tmp_path: Path) -> None:
    clock, batches = Clock(), [Batch(number, "render", {}) for number in range(3)]
    silence = Silence(lambda number: tmp_path / f"{number}.json", patience_s=100, clock=clock)
    silence.too_long(batches[:2])
    clock.now += 90
    batches[0].num_answers += 1
    silence.too_long(batches)  # the third has just begun
    clock.now += 20
    assert silence.too_long(batches) == [batches[1]]


def test_a_time_that_does_not_change_is_no_sign_either_though_a_write_within_it_is(tmp_path: Path) -> None:
    """Clocks of file systems are coarse: two writes may bear one time."""
    clock, batch = Clock(), Batch(1, "render", {})
    silence = Silence(lambda number: tmp_path / f"{number}.json", patience_s=100, clock=clock)
    for _ in range(5):
        clock.now += 60
        write_atomic(tmp_path / "new", b"words", durable=False)
        os.utime(tmp_path / "new", (5.0, 5.0))
        (tmp_path / "new").replace(tmp_path / "1.json")
        assert silence.too_long([batch]) == []
