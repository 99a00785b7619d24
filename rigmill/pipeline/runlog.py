"""What a run cost, and on what: times, memory, versions. The only files that differ from run to run."""

from __future__ import annotations

import json
import os
import platform
import time
from array import array
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

from rigmill.config.load import Resolved
from rigmill.outcomes import Failed, Kept, Sandbox
from rigmill.pipeline.stage import Answer
from rigmill.pipeline.view import Counts

PACKAGES = (
    "rigmill",
    "bpy",
    "ray",
    "numpy",
    "torch",
    "diffusers",
    "lightning",
    "av",
    "opencv-python-headless",
    "pyarrow",
)
UNCONFINED = {
    "files": "Blender's children can open every file of this user: the kernel has no Landlock",
    "network": "Blender's children have a network: this system does not let a process drop its own",
    "privileges": "Blender's children keep the privileges of root",
    "system_calls": "Blender's children can start programs and open sockets: the kernel filters no system calls",
}
KILLED_RUN_BYTES = 1_000_000


class RunLog:
    """runs/<time>-<pid>/: run.json (what ran, with which versions) and measurements.jsonl (cost per job)."""

    def __init__(
        self, folder: Path, resolved: Resolved, stages: tuple[str, ...], *, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._say = say
        now = datetime.now(UTC)
        self.folder = folder / f"{now:%Y%m%dT%H%M%S}-{os.getpid()}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._started = time.monotonic()
        self._seconds: dict[str, array[float]] = {}
        self._facts: dict[str, Any] = {
            "started": now.isoformat(),
            "profile": resolved.name,
            "profile_digest": resolved.digest,
            "stages": list(stages),
            "host": platform.node(),
            "python": platform.python_version(),
            "packages": _versions(),
            "sandbox": None,  # what all Blender children were kept from
        }
        self._write()
        self._measurements = (self.folder / "measurements.jsonl").open("a")

    def measured(self, stage: str, input_id: str, answer: Answer, attempt: int) -> None:
        self._seconds.setdefault(stage, array("d")).append(answer.measured.wall_s)
        outcome = answer.outcome
        ended = "kept" if isinstance(outcome, Kept) else outcome.kind if isinstance(outcome, Failed) else outcome.code
        line = {
            "stage": stage,
            "input_id": input_id,
            "ended": str(ended),
            "attempt": attempt,
            "wall_s": round(answer.measured.wall_s, 3),
            "peak_bytes": answer.measured.peak_bytes,
        }
        self._measurements.write(json.dumps(line | answer.measured.extra) + "\n")
        self._measurements.flush()
        if answer.measured.sandbox is not None:
            self._confined(answer.measured.sandbox)

    def _confined(self, sandbox: Sandbox) -> None:
        """Write down what Blender's children were kept from, and say once what they were not."""
        before = None if self._facts["sandbox"] is None else Sandbox(**self._facts["sandbox"])
        after = sandbox if before is None else before & sandbox
        if after == before:
            return
        self._facts["sandbox"] = asdict(after)
        self._write()
        for name, sentence in UNCONFINED.items():
            if not getattr(after, name) and (before is None or getattr(before, name)):
                self._say(f"warning: {sentence} (docs/security.md)")

    def measured_together(self, stage: str, num_jobs: int, wall_s: float) -> None:
        """Jobs so small that they are measured by the batch."""
        self._seconds.setdefault(stage, array("d")).extend([wall_s / num_jobs] * num_jobs)
        line = {"stage": stage, "num_jobs": num_jobs, "wall_s": round(wall_s / num_jobs, 6)}
        self._measurements.write(json.dumps(line) + "\n")

    def close(self, counts: dict[str, Counts]) -> None:
        self._facts["wall_s"] = round(time.monotonic() - self._started, 1)
        self._facts["measured"] = {
            stage: [len(seconds), round(median(seconds), 6)] for stage, seconds in self._seconds.items()
        }
        self._facts["counts"] = {
            name: {
                "in": count.num_in,
                "kept": count.kept,
                "rejected": count.rejected,
                "failed": count.failed,
                "pending": count.pending,
            }
            for name, count in counts.items()
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


def measured_seconds(runs: Path) -> dict[str, tuple[int, float]]:
    """How many jobs of each stage were measured over all runs, and the mean of the runs' median seconds."""
    found: dict[str, list[tuple[int, float]]] = {}
    for folder in sorted(runs.glob("*")):
        for stage, (num_jobs, seconds) in _medians(folder).items():
            found.setdefault(stage, []).append((num_jobs, seconds))
    return {
        stage: (
            sum(num for num, _ in medians),
            sum(num * seconds for num, seconds in medians) / sum(num for num, _ in medians),
        )
        for stage, medians in found.items()
    }


def _medians(folder: Path) -> dict[str, tuple[int, float]]:
    """Jobs and median seconds per stage of one run; of a killed one, from the last of its measurements."""
    try:
        closed = json.loads((folder / "run.json").read_text()).get("measured")
        if closed is not None:
            return {stage: (int(num_jobs), float(seconds)) for stage, (num_jobs, seconds) in closed.items()}
        samples: dict[str, list[float]] = {}
        with (folder / "measurements.jsonl").open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - KILLED_RUN_BYTES))
            for line in stream:
                try:
                    row = json.loads(line)
                    samples.setdefault(row["stage"], []).append(float(row["wall_s"]))
                except (ValueError, KeyError, TypeError):
                    continue  # the first line, from its middle, and the last, cut by the kill
        return {stage: (len(values), median(values)) for stage, values in samples.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # costs inform a forecast; nothing depends on them
