"""Six built-in methods on a benchmark, compared twice by the command that a user gives."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common.processes import command, environment
from benchmarks.evaluation.order import ordered
from eval.baselines.make import NAMES
from eval.compare.together import RESULTS_JSON, Together, read_together
from eval.metrics.registry import METRICS

PAPER_CLIPS, CORES = 35, 2


@dataclass(frozen=True, slots=True)
class Places:
    """A benchmark that was made, and methods' folders; None: the demo's, made here. `flags` are the profile's."""

    bench: Path | None = None
    methods: Path | None = None
    flags: tuple[str, ...] = ()


def compared(places: Places) -> dict[str, Any]:
    """`order_right_share`, `s_per_clip`, `repeat_max_diff`, and what they follow from."""
    with tempfile.TemporaryDirectory(prefix="rigmill-evaluation-") as scratch:
        folder = Path(scratch)
        bench, flags = places.bench, list(places.flags)
        if bench is None:
            flags += ["--set", f"output={folder / 'demo'}"]
            bench = folder / "bench"
            _run("run", "curate", "render", "category", "caption", "shards", *flags)
            _run("bench", "make", "--out", str(bench), *flags)
        methods = places.methods
        if methods is None:
            methods = folder / "methods"
            _run("eval", "baselines", "--bench", str(bench), "--out", str(methods), *flags)
        found = [methods / name for name in NAMES]
        runs = [_compare(found, bench, folder / f"comparison{number}", flags) for number in range(2)]
        (first, wall_s), (second, _) = runs
        cpu_s = _cpu_s(folder / "comparison0")
        num = sum(len(method.clips) for method in first.methods)
        return {
            **ordered(METRICS, first.methods),
            "s_per_clip": cpu_s / num,
            "wall_s_per_clip": wall_s / num,
            f"min_of_{PAPER_CLIPS}_clips_x_{len(NAMES)}_methods": cpu_s / num * PAPER_CLIPS * len(NAMES) / CORES / 60,
            "repeat_max_diff": largest_difference(first, second),
            "clips": len(first.about["bench"]["clips"]),
            "methods": len(first.methods),
        }


def largest_difference(first: Together, second: Together) -> float:
    """Of all scores of two runs; what only one of them has is an infinite one."""
    largest = 0.0
    for one, other in zip(first.methods, second.methods, strict=True):
        for clip, again in zip(one.clips, other.clips, strict=True):
            if (clip.clip_id, clip.unusable, set(clip.scores)) != (again.clip_id, again.unusable, set(again.scores)):
                return float("inf")
            for name, value in clip.scores.items():
                repeated = again.scores[name]
                if (value is None) != (repeated is None):
                    return float("inf")
                if value is not None and repeated is not None:
                    largest = max(largest, abs(value - repeated))
    return largest


def _compare(methods: Sequence[Path], bench: Path, out: Path, flags: Sequence[str]) -> tuple[Together, float]:
    started = time.perf_counter()
    options = ["--bench", str(bench), "--out", str(out), "--workers", str(CORES), "--common"]
    _run("eval", "compare", *map(str, methods), *options, *flags)
    return read_together(out / RESULTS_JSON), time.perf_counter() - started


def _cpu_s(out: Path) -> float:
    return sum(json.loads(path.read_bytes())["cpu_s"] for path in sorted((out / "clips").rglob("*.json")))


def _run(*arguments: str) -> None:
    subprocess.run(command("rigmill", *arguments), env=environment(), check=True, stdout=subprocess.DEVNULL)
