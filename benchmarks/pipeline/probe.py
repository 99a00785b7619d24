"""Files a minute that the probe reads on two cores, and the same probe in a fresh Blender process per file.

    RIGMILL_CORPUS=... python -m benchmarks.pipeline.probe [--json] [--rounds N]

Both sides do what the probe stage does to a file: read it, check and re-pack it, and ask a limited Blender child what
is in it, two files at a time. One side keeps a fork server per worker for the whole run (the time in which the servers
start is part of it); the other starts and ends one for every file. The files go in portions, in which the sides take
turns, so that what else the machine does meets both alike; the ratio is of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from curate.gate.canonical import canonical
from curate.gate.preflight import sniff
from rigmill.blender.client import BlenderClient, Limits
from rigmill.blender.requests import PROBE_ASSET
from rigmill.config.load import load
from rigmill.outcomes import Refusal

WORKERS = 2
PORTION = 13
NOTES = frozenset({".md"})


class Bench:
    """One side: how files are asked about, and what has been counted so far."""

    def __init__(self, limits: Limits, *, fresh: bool) -> None:
        self.limits, self.fresh = limits, fresh
        # Threads that last: a Blender server ends with the thread that started it, as it does with a worker.
        self.pool, self.mine = ThreadPoolExecutor(WORKERS), threading.local()
        self.wall_s, self.num_asked, self.answers = 0.0, 0, dict[str, str]()

    def run(self, paths: Sequence[Path], item: dict[str, object]) -> None:
        started = time.monotonic()
        for path, answer in zip(paths, self.pool.map(lambda path: self._probe(path, item), paths)):
            self.answers[str(path)] = answer
        self.wall_s += time.monotonic() - started

    def _probe(self, path: Path, item: dict[str, object]) -> str:
        data = path.read_bytes()
        file_format = sniff(data)
        if file_format is None:
            return "unknown type"
        try:
            data, file_format = canonical(data, file_format)
        except Refusal as refusal:
            return refusal.code.value
        self.num_asked += 1
        client = None if self.fresh else getattr(self.mine, "client", None)
        if client is None:
            self.mine.client = client = BlenderClient(self.limits)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / f"asset.{file_format}"
            copy.write_bytes(data)
            (reply,) = client.run(
                PROBE_ASSET, [item | {"path": str(copy), "format": file_format}], scratch=Path(folder)
            )
        if self.fresh:
            client.close()
        if reply.value is not None:
            return json.dumps(reply.value, sort_keys=True)
        return str(reply.outcome)


def files_of(corpus: Path) -> list[Path]:
    """All files below the folder but notes, in an order that mixes large and small ones."""
    found = [path for path in sorted(corpus.rglob("*")) if path.is_file() and path.suffix not in NOTES]
    return sorted(found, key=lambda path: (sum(path.name.encode()) * 7919) % 1009)


def measure(corpus: Path, rounds: int) -> dict[str, float]:
    profile = load("demo").profile
    limits = Limits(**{name: getattr(profile.limits, name) for name in Limits.__slots__})
    item: dict[str, object] = {"fps": profile.probe.fps, "rigid_rigs": profile.probe.rigid_rigs}
    paths, ours, fresh = files_of(corpus), Bench(limits, fresh=False), Bench(limits, fresh=True)
    sides: list[Callable[[Sequence[Path], dict[str, object]], None]] = [ours.run, fresh.run]
    for turn in range(rounds):
        for start in range(0, len(paths), PORTION):
            for side in sides:
                side(paths[start : start + PORTION], item)
            sides.reverse()
        for path, answer in ours.answers.items():
            if answer != fresh.answers[path]:
                raise SystemExit(f"the two sides disagree in round {turn} on {path}:\n{answer}\n{fresh.answers[path]}")
    for bench in (ours, fresh):
        bench.pool.shutdown()
    num_files = len(paths) * rounds
    return {
        "files": len(paths),
        "files_in_blender": ours.num_asked // rounds,
        "workers": WORKERS,
        "cores": len(os.sched_getaffinity(0)),
        "rounds": rounds,
        "files_per_min": round(60 * num_files / ours.wall_s, 1),
        "files_per_min_fresh_process": round(60 * num_files / fresh.wall_s, 1),
        "speedup_vs_fresh_process": round(fresh.wall_s / ours.wall_s, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    corpus = os.environ.get("RIGMILL_CORPUS")
    if not corpus:
        parser.error("RIGMILL_CORPUS is not set: the folder of files to read")
    result = measure(Path(corpus), arguments.rounds)
    print(json.dumps(result) if arguments.json else "\n".join(f"{key}: {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
