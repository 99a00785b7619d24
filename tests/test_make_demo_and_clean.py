"""`make demo` takes no variable that it would ignore, and `make clean` cleans the profile that it is given."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT


def make(folder: Path, *arguments: str) -> tuple[int, str, list[str]]:
    """Exit status, what was printed, and the commands that make started, with a rigmill that only writes them down."""
    program = folder / "venv" / "bin" / "rigmill"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/started\n')
    program.chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / "venv" / ".installed").touch()
    command = ["make", "--no-print-directory", "-C", folder, f"VENV={folder}/venv", *arguments]
    done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=60)
    started = folder / "started"
    return done.returncode, done.stdout + done.stderr, started.read_text().splitlines() if started.exists() else []


@pytest.mark.parametrize("variable", ["LIMIT=3", "PROFILE=paper", "SET=render.samples=8", "RAY_ADDRESS=host:1"])
def test_make_demo_refuses_what_it_would_ignore(variable: str, tmp_path: Path) -> None:
    status, printed, started = make(tmp_path, "demo", variable)
    assert status == 2 and not started
    assert f"make demo reads WORKERS alone, not {variable.partition('=')[0]};" in printed
    assert "rigmill run all --profile NAME" in printed and len(printed.splitlines()) <= 3


def test_make_demo_runs_with_the_workers_that_it_is_given(tmp_path: Path) -> None:
    status, printed, started = make(tmp_path, "demo", "WORKERS=2")
    assert status == 0, printed
    assert started == ["run all --profile demo --workers 2", "report --profile demo"]


def test_make_clean_cleans_the_profile_that_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "data" / "demo").mkdir(parents=True)
    assert make(tmp_path, "clean", "PROFILE=mine")[2] == ["clean --all --profile mine"]
    assert (tmp_path / "data" / "demo").is_dir()
