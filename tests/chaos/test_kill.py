"""SIGKILL at random moments, then the same command: the same tables, videos, shards and models, byte for byte."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.processes import processes_below
from tests.support.small_runs import finish, results, run_all

pytestmark = [pytest.mark.slow, pytest.mark.blender, pytest.mark.ray]
NUM_DRIVER_KILLS = 10
NUM_CHILD_KILLS = 12


def assert_same_bytes(small: Path) -> None:
    undisturbed, disturbed = (results(small.parent / name) for name in ("undisturbed", "disturbed"))
    parts = {name.split("/")[0] for name in undisturbed}
    assert parts == {"profile.json", "tables", "store", "shards"} and len(undisturbed) > 80
    assert disturbed == undisturbed


def test_a_driver_killed_ten_times_ends_in_the_same_bytes(small: Path) -> None:
    finish(run_all(small, "undisturbed"))
    chance = random.Random(2026)
    num_killed = 0
    while num_killed < NUM_DRIVER_KILLS:
        process = run_all(small, "disturbed")
        try:
            finish(process, timeout_s=chance.uniform(1, 14))
            shutil.rmtree(small.parent / "disturbed")  # it got through: begin again, so that kills meet open work
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate(timeout=600)
            num_killed += 1
    text = finish(run_all(small, "disturbed"))
    assert "failed 0" in text or "nothing to do" in text
    assert_same_bytes(small)


def test_killed_blender_children_and_ray_workers_cost_nothing(small: Path) -> None:
    finish(run_all(small, "undisturbed"))
    process = run_all(small, "disturbed")
    chance = random.Random(7)
    killed: list[str] = []
    while len(killed) < NUM_CHILD_KILLS:
        if process.poll() is not None:  # it got through: begin again, so that kills meet open work
            assert "error[" not in process.communicate()[0]
            shutil.rmtree(small.parent / "disturbed")
            process = run_all(small, "disturbed")
        time.sleep(chance.uniform(1.0, 3.0))
        wanted = ("ray::Worker", "render.blender.sandbox.server")
        victims = [(pid, name) for pid, name in processes_below(process.pid).items() if any(w in name for w in wanted)]
        if victims:
            pid, name = chance.choice(sorted(victims))
            try:
                os.kill(pid, signal.SIGKILL)
                killed.append(name)
            except ProcessLookupError:
                continue
    assert "error[" not in process.communicate(timeout=900)[0]
    assert any("ray::Worker" in name for name in killed) and any("blender" in name for name in killed)
    finish(run_all(small, "disturbed"))
    assert_same_bytes(small)
