"""Both loaders as they are used: two processes that load side by side on two cores, samples a second of wall time.

As a program it is one of the processes: FOLDER TAR plain|ours FRAMES VIEWS WIDTH HEIGHT SECONDS. It says "ready" after
a first sample, waits for a line, loads for so many seconds, and says how many samples a second that were.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rigmill.clips.fitting import Fit

NUM_PROCESSES = 2


def loaded(folder: Path, tar: Path, which: str, *, num_frames: int, num_views: int, size: Fit) -> Iterator[Any]:
    """Samples of one of the loaders, for ever."""
    from benchmarks.loading.parts import one_thread, ours
    from benchmarks.loading.plain import Window, samples

    one_thread()
    if which == "plain":
        window = Window(num_frames=num_frames, num_views=num_views, size=(size.width_px, size.height_px))
        yield from samples(tar, window)
    loader = ours(folder, num_frames=num_frames, num_views=num_views, size_px=min(size.width_px, size.height_px))
    position = 0
    while True:
        yield loader[[position]]
        position += 1


def samples_per_s(
    folder: Path, tar: Path, which: str, *, num_frames: int, num_views: int, size: Fit, seconds: float
) -> float:
    """Of all processes together."""
    words = [which, str(num_frames), str(num_views), str(size.width_px), str(size.height_px), str(seconds)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.loading.two_at_once", str(folder), str(tar), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(NUM_PROCESSES)
    ]
    try:
        for process in running:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise SystemExit(f"a process of the loader '{which}' ended early")
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return sum(float(process.communicate()[0]) for process in running)
    finally:
        for process in running:
            process.kill()


def main() -> None:
    folder, tar, which, num_frames, num_views, width_px, height_px, seconds = sys.argv[1:]
    size = Fit.of(int(width_px), int(height_px), size_px=min(int(width_px), int(height_px)))
    items = loaded(Path(folder), Path(tar), which, num_frames=int(num_frames), num_views=int(num_views), size=size)
    next(items)
    print("ready", flush=True)
    sys.stdin.readline()
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < float(seconds):
        next(items)
        done += 1
    print(done / (time.perf_counter() - started), flush=True)


if __name__ == "__main__":
    main()
