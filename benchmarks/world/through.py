"""Clips of the world through the whole data half, by the commands that a user gives."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common.processes import command, environment
from rigmill.config.load import default_file

DRAWN = ("curate", "render")  # from nothing to four views of every clip
REST = ("category", "caption", "shards")


@dataclass(frozen=True)
class Through:
    """What became of the clips that were asked for."""

    asked: int
    counts: dict[str, Any]  # stage -> in, kept, rejected, failed, pending
    drawn_s: float  # wall time of `curate` and `render`, the start of Ray included
    why: str  # what `rigmill status` says of those that were not kept

    @property
    def figures(self) -> dict[str, Any]:
        """`kept_share` of the clips asked for that have a caption, what the gate and Blender refused, and the pace."""
        refused = sum(self.counts[stage]["rejected"] + self.counts[stage]["failed"] for stage in ("collect", "probe"))
        return {
            "clips_asked": self.asked,
            "kept_share": round(self.counts["caption"]["kept"] / self.asked, 4),
            "refused_files": refused,
            "clips_per_hour": round(3600 * self.counts["render"]["kept"] / self.drawn_s),
        }


def through(clips: int, *, seed: int, folder: Path) -> Through:
    """N clips from nothing to shards, in an empty folder."""
    options = _options(clips, seed=seed, folder=folder)
    start = time.perf_counter()
    counts = _run(*DRAWN, options=options, cwd=folder)
    drawn_s = time.perf_counter() - start
    counts |= _run(*REST, options=options, cwd=folder)
    status = command("rigmill", "status", *options)
    why = subprocess.run(status, cwd=folder, env=environment(), capture_output=True, text=True, check=True).stdout
    return Through(clips, counts, drawn_s, why)


def files_of(clips: int, *, seed: int, workers: int) -> set[str]:
    """The names, which are digests, of all files in the store after a run with so many workers."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _run(*DRAWN, options=[*_options(clips, seed=seed, folder=folder), "--workers", str(workers)], cwd=folder)
        store = folder / "out" / "store"
        return {path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()}


def _options(clips: int, *, seed: int, folder: Path) -> list[str]:
    (folder / "pipelines.yaml").write_text(default_file().read_text("utf-8"))
    values = [f"seed={seed}", f"sources.0.clips={clips}", "output=out"]
    return ["--profile", "world", *(part for value in values for part in ("--set", value))]


def _run(*stages: str, options: list[str], cwd: Path) -> dict[str, Any]:
    started = command("rigmill", "run", *stages, *options, "--json")
    ended = subprocess.run(started, cwd=cwd, env=environment(), stdout=subprocess.PIPE, text=True, check=False)
    last = (ended.stdout.splitlines() or [""])[-1]
    if not last.startswith("{"):
        raise SystemExit(f"rigmill run {' '.join(stages)} ended with {ended.returncode}")
    counts: dict[str, Any] = json.loads(last)
    return counts
