"""What a run cost, and on what: times, memory, versions. The only files that differ from run to run."""

from __future__ import annotations

import json
import os
import platform
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from rigmill.config import Resolved
from rigmill.stage import Answer
from rigmill.types import Failed, Kept
from rigmill.view import Counts

PACKAGES = ("rigmill", "bpy", "ray", "numpy", "torch", "diffusers", "lightning", "av",
            "opencv-python-headless", "pyarrow")


class RunLog:
    """runs/<time>-<pid>/: run.json (what ran, with which versions) and measurements.jsonl (cost per job)."""

    def __init__(self, folder: Path, resolved: Resolved, stages: tuple[str, ...]) -> None:
        now = datetime.now(UTC)
        self.folder = folder / f"{now:%Y%m%dT%H%M%S}-{os.getpid()}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._started = time.monotonic()
        self._facts: dict[str, Any] = {
            "started": now.isoformat(), "profile": resolved.name, "profile_digest": resolved.digest,
            "stages": list(stages), "host": platform.node(), "python": platform.python_version(),
            "packages": _versions(),
        }
        self._write()
        self._measurements = (self.folder / "measurements.jsonl").open("a")

    def measured(self, stage: str, input_id: str, answer: Answer, attempt: int) -> None:
        outcome = answer.outcome
        ended = "kept" if isinstance(outcome, Kept) else outcome.kind if isinstance(outcome, Failed) else outcome.code
        line = {"stage": stage, "input_id": input_id, "ended": str(ended), "attempt": attempt,
                "wall_s": round(answer.measured.wall_s, 3), "peak_bytes": answer.measured.peak_bytes}
        self._measurements.write(json.dumps(line | answer.measured.extra) + "\n")
        self._measurements.flush()

    def close(self, counts: dict[str, Counts]) -> None:
        self._facts["wall_s"] = round(time.monotonic() - self._started, 1)
        self._facts["counts"] = {
            name: {"in": count.num_in, "kept": count.kept, "rejected": count.rejected, "failed": count.failed,
                   "pending": count.pending} for name, count in counts.items()
        }
        self._write()
        self._measurements.close()

    def _write(self) -> None:
        (self.folder / "run.json").write_text(json.dumps(self._facts, indent=1) + "\n")


def _versions() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def measured_seconds(runs: Path) -> dict[str, list[float]]:
    """Wall seconds of finished jobs per stage over all runs, for forecasts."""
    seconds: dict[str, list[float]] = {}
    for path in sorted(runs.glob("*/measurements.jsonl")):
        for line in path.read_text().splitlines():
            try:
                row = json.loads(line)
                seconds.setdefault(row["stage"], []).append(float(row["wall_s"]))
            except (ValueError, KeyError):
                continue  # the last line of a killed run
    return seconds
