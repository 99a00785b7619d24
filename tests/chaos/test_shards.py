"""Shards are the same bytes with any number of writers, and after kills at any moment.

Together 56 s beside other work on two cores (31 and 19 s, and what both begin from), 28 s of CPU.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from shards.verify import verify
from tests.support.shard_runs import UPSTREAM, start
from tests.support.small_runs import finish, results
from tests.support.toy_runs import jobs_done

pytestmark = pytest.mark.slow
NUM_KILLS = 6


def num_written(folder: Path) -> int:
    """How many shards were finished there, by all runs so far."""
    return sum(stage == "shards" for stage, _ in jobs_done(folder / "out"))


def wait_for_a_shard(process: subprocess.Popen[str], folder: Path) -> float:
    """Until a writer has finished one more than there were; when that was."""
    before = num_written(folder)
    while process.poll() is None and num_written(folder) == before:
        time.sleep(0.005)
    return time.monotonic()


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has everything but shards."""
    folder = tmp_path_factory.mktemp("clips") / "run"
    finish(start(folder, *UPSTREAM))
    return folder


@pytest.fixture(scope="module")
def undisturbed(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """What one process leaves, and the seconds from the first finished shard to its end."""
    folder = shutil.copytree(clips, tmp_path_factory.mktemp("undisturbed") / "run")
    process = start(folder, "shards")
    begun = wait_for_a_shard(process, folder)
    assert "'shards': (" in finish(process)
    return folder, time.monotonic() - begun


@pytest.mark.ray
def test_one_two_and_four_writers_give_the_same_bytes(
    clips: Path, undisturbed: tuple[Path, float], tmp_path: Path
) -> None:
    folder, _ = undisturbed
    expected = results(folder)
    tars = [name for name in expected if name.startswith("shards/") and name.endswith(".tar")]
    assert len(tars) > 30 and verify(folder / "out" / "shards") == []
    assert {"index.parquet", "sizes.json", "SHA256SUMS"} <= {Path(name).name for name in expected}
    for workers in (1, 2, 4):
        own = shutil.copytree(clips, tmp_path / str(workers))
        finish(start(own, "shards", workers=workers))
        assert results(own) == expected


def test_a_run_killed_at_random_moments_ends_in_the_same_bytes(
    clips: Path, undisturbed: tuple[Path, float], tmp_path: Path
) -> None:
    """Between the first shard and the end of publishing; tests/chaos/test_kill.py kills whole runs on Ray anywhere."""
    (whole, span_s), chance = undisturbed, random.Random(17)
    folder = shutil.copytree(clips, tmp_path / "killed")
    expected, num_kills, deadline = results(whole), 0, time.monotonic() + 600
    while num_kills < NUM_KILLS:
        assert time.monotonic() < deadline, num_kills
        process = start(folder, "shards")
        wait_for_a_shard(process, folder)
        time.sleep(chance.uniform(0, span_s))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=600)
        if results(folder) == expected:  # it got through: begin again, so that kills meet open work
            shutil.rmtree(folder)
            shutil.copytree(clips, folder)
        else:
            num_kills += 1
    finish(start(folder, "shards"))
    assert results(folder) == expected
