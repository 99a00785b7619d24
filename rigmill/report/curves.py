"""What a training has left in its run's folder: losses, speed and validation, as files that grow while it goes on.

Measured, so not in any table. Which run a checkpoint comes from is found by its losses: they are the same bytes.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

NAN = math.nan
_RECENT = 20  # steps, of whose time the rest is reckoned


@dataclass(frozen=True, slots=True)
class Validated:
    """The losses on held-out clips after so many steps."""

    step: int
    mean: float
    by_level: dict[str, list[tuple[float, float]]]  # of every modality noise level and loss


@dataclass(frozen=True, slots=True)
class Curves:
    """One stage of a training, as far as it is. Columns by the names of the files' own headers; NaN: not known."""

    stage: str
    run: str
    losses: dict[str, list[float]]
    speed: dict[str, list[float]]
    validated: list[Validated]
    num_steps: int | None = None  # in all
    checkpoint: int | None = None  # the steps of the last one

    @classmethod
    def read(cls, folder: Path, stage: str) -> Curves:
        """Of RUN/train; what is missing or half written is left out."""
        about = _progress(folder / f"{stage}.progress.json")
        last, num_steps = about.get("checkpoints"), about.get("num_steps")
        return cls(
            stage,
            folder.parent.name,
            _columns(folder / f"{stage}.csv"),
            _columns(folder / f"{stage}.speed.csv"),
            list(_validated(folder / f"{stage}.validation.csv")),
            num_steps=num_steps if isinstance(num_steps, int) else None,
            checkpoint=_last_checkpoint(Path(last)) if isinstance(last, str) else None,
        )

    @property
    def done(self) -> int:
        """Steps."""
        steps = self.losses.get("step") or [-1]
        return int(steps[-1]) + 1

    @property
    def best(self) -> Validated | None:
        """The validation that was lowest."""
        return min((one for one in self.validated if one.mean == one.mean), key=lambda one: one.mean, default=None)

    @property
    def left_s(self) -> float | None:
        """Seconds that the steps which are left will take, as the last ones took; validations are not in it."""
        took = [value for value in self.speed.get("seconds", [])[-_RECENT:] if value == value]
        return None if self.num_steps is None or not took else median(took) * (self.num_steps - self.done)

    def last(self, name: str) -> float:
        """The newest number of a column of either file."""
        return (self.losses.get(name) or self.speed.get(name) or [NAN])[-1]

    def recent(self, name: str) -> float:
        """The median of the newest numbers of a column of the speed file."""
        known = [value for value in self.speed.get(name, [])[-_RECENT:] if value == value]
        return median(known) if known else NAN


def stages_of(folder: Path) -> list[str]:
    """The stages that a run has begun to train, in the order in which they were begun."""
    found = [path for path in folder.glob("*.progress.json") if (folder / f"{_stage(path)}.csv").is_file()]
    return [_stage(path) for path in sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))]


def run_of(runs: Path, stage: str, losses: bytes) -> Path | None:
    """The newest RUN/train whose losses of a stage are exactly these."""
    for folder in sorted(runs.glob("*/train"), reverse=True):
        path = folder / f"{stage}.csv"
        if path.is_file() and path.stat().st_size == len(losses) and path.read_bytes() == losses:
            return folder
    return None


def _stage(path: Path) -> str:
    return path.name.removesuffix(".progress.json")


def _progress(path: Path) -> dict[str, int | str]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _last_checkpoint(folder: Path) -> int | None:
    found = sorted(folder.glob("step-*.ckpt")) if folder.is_dir() else []
    return int(found[-1].name.split("-")[1]) if found else None


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        lines = path.read_text().splitlines(keepends=True)
    except OSError:
        return []
    whole = [line for line in lines if line.endswith("\n")]  # the last one may be just being written
    return list(csv.DictReader(whole))


def _columns(path: Path) -> dict[str, list[float]]:
    rows = _rows(path)
    return {name: [_number(row[name]) for row in rows] for name in (rows[0] if rows else ())}


def _number(text: str | None) -> float:
    try:
        return float(text or NAN)
    except ValueError:
        return NAN


def _validated(path: Path) -> Iterator[Validated]:
    by_step: dict[int, list[dict[str, str]]] = {}
    for row in _rows(path):
        by_step.setdefault(int(row["step"]), []).append(row)
    for step, rows in by_step.items():
        levels: dict[str, list[tuple[float, float]]] = {}
        for row in rows:
            if row["sigma"]:
                levels.setdefault(row["modality"], []).append((_number(row["sigma"]), _number(row["loss"])))
        means = [_number(row["loss"]) for row in rows if row["modality"] == row["bin"] == "all"]
        yield Validated(step, means[-1] if means else NAN, levels)
