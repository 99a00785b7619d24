"""SIGKILL at random moments, then the same command: the same tables, videos, shards and models, byte for byte."""

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

from tests.support.processes import processes_below, processes_called
from tests.support.small_runs import differences, finish, results, run_all

pytestmark = [pytest.mark.slow, pytest.mark.blender, pytest.mark.ray]
NUM_DRIVER_KILLS = 10
NUM_CHILD_KILLS = 12
# A clip that is struck more often than it may be tried again fails, and a training without it is another, which stays.
PATIENT = ("--set", f"run.attempts_after_interruption={NUM_CHILD_KILLS + 1}")


def assert_same_bytes(small: Path) -> None:
    undisturbed = results(small.parent / "undisturbed")
    parts = {name.split("/")[0] for name in undisturbed}
    assert parts == {"profile.json", "tables", "store", "shards"} and len(undisturbed) > 80
    assert differences(small.parent / "undisturbed", small.parent / "disturbed") == []


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


def test_nothing_outlives_a_killed_driver_for_long(small: Path) -> None:
    process = run_all(small, "killed")
    found: dict[int, str] = {}
    agents = ("ray::DashboardAgent", "ray::RuntimeEnvAgent", "ray::Worker", "render.blender.sandbox.server")
    while not all(any(agent in command for command in found.values()) for agent in agents):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.2)
        found = processes_below(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=600)
    until = time.monotonic() + 30  # Ray's own agents stayed for more than a minute
    while alive := {pid: command for pid, command in found.items() if command_of(pid) == command}:
        assert time.monotonic() < until, alive
        time.sleep(0.2)


def command_of(pid: int) -> str:
    """The command line of a process that still runs; empty for one that is gone, or dead and not yet waited for."""
    asked = ["ps", "-ww", "-o", "stat=,args=", "-p", str(pid)]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    state, _, command = shown.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else command.strip()


def test_killed_blender_children_and_ray_workers_cost_nothing(small: Path) -> None:
    finish(run_all(small, "undisturbed", *PATIENT))
    process = run_all(small, "disturbed", *PATIENT)
    chance = random.Random(7)
    num_killed = {"ray::Worker": 0, "render.blender.sandbox.server": 0}
    deadline = time.monotonic() + 600
    while min(num_killed.values()) < NUM_CHILD_KILLS // len(num_killed):
        assert time.monotonic() < deadline, num_killed
        if process.poll() is not None:  # it got through: begin again, so that kills meet open work
            assert "error[" not in process.communicate()[0]
            shutil.rmtree(small.parent / "disturbed")
            process = run_all(small, "disturbed", *PATIENT)
        time.sleep(chance.uniform(0.5, 2.0))
        kind = min(num_killed, key=lambda kind: num_killed[kind])  # in turn; a run has few Blender servers at a time
        until = time.monotonic() + 60
        while (
            not (victims := processes_called(kind, below=process.pid))
            and process.poll() is None
            and time.monotonic() < until
        ):
            time.sleep(0.05)
        if victims:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(victims), signal.SIGKILL)
                num_killed[kind] += 1
    assert "error[" not in process.communicate(timeout=900)[0]
    finish(run_all(small, "disturbed", *PATIENT))
    assert_same_bytes(small)
