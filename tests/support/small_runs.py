"""Whole runs of a small profile, started, killed and compared."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

PROFILE = """
small:
  inherits: demo
  output: out
  sources:
    - kind: procedural
      groups: [biped, cabinet, motion]
      variants: 1
  filters: {max_frames: 17, preview_px: 64, preview_frames: 3}
  render: {samples: 1, denoise: false, width_px: 96, height_px: 96, joint_radius_px: 13}
  shards: {shard_mb: 0.4, bench_share: 0.4}
  latents: {enabled: true, windows: 2}
  train:
    recipe: tiny_joint
    stages: [{name: joint, trains: all}]
    num_steps: 30
    checkpoint_interval: 10
    sampling_steps: 2
  eval: {generate_clips: 1}
  run: {min_free_disk_bytes: 0, attempts_after_interruption: 3}
"""


# These record when, where and how fast a run went, or are private to a running process. Nothing reads them as data.
NOT_RESULTS = ("runs", "scratch", "work", "plans", ".lock")


def rigmill(*arguments: str | Path, cwd: Path) -> subprocess.Popen[str]:
    """A rigmill command in its own session, started in `cwd`, with its output captured."""
    cwd.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "rigmill", *map(str, arguments)],
        text=True,
        stdout=subprocess.PIPE,
        cwd=cwd,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def run_all(small: Path, name: str, *more: str) -> subprocess.Popen[str]:
    """All stages of the small profile, in a folder of that name."""
    return rigmill("run", "all", "--config", small, "--profile", "small", *more, cwd=small.parent / name)


def finish(process: subprocess.Popen[str], *, timeout_s: float = 900) -> str:
    """Everything the command printed; it must have ended well."""
    text, _ = process.communicate(timeout=timeout_s)
    assert process.returncode == 0, text
    return text


def results(folder: Path) -> dict[str, str]:
    """Digest of every result file below ./out of a folder."""
    out = folder / "out"
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.relative_to(out).parts[0] not in NOT_RESULTS
    }


def differences(one: Path, other: Path) -> list[str]:
    """Every result that is not the same of two folders: rows that differ where it is a table, and its path."""
    of_one, of_other = results(one), results(other)
    found = []
    for name in sorted(name for name in of_one.keys() | of_other.keys() if of_one.get(name) != of_other.get(name)):
        rows = [table_rows(folder / "out" / name) for folder in (one, other)]
        only = [[row for row in own if row not in others][:2] for own, others in (rows, rows[::-1])]
        found.append(f"{name}: {only[0]} / {only[1]}")
    return found


def table_rows(path: Path) -> list[dict[str, object]]:
    return pq.read_table(path).to_pylist() if path.suffix == ".parquet" and path.exists() else []
