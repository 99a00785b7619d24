"""What a folder's index costs to open, in a process that does nothing else: seconds, megabytes, microseconds a draw."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.common.worker import resident_mb
from shards.loader.catalogue import Catalogue
from shards.loader.plan import Drawing, Plan

MIXTURE = {"mixamo": 0.25, "vroid": 0.25, "objaverse": 0.5}
DRAWS = 20_000


def main() -> None:
    before = resident_mb(int(Path("/proc/self/stat").read_text().split()[0]))
    started = time.perf_counter()
    catalogue = Catalogue.open(Path(sys.argv[1]), min_frames=17)
    plan = Plan(catalogue, Drawing(seed=1, draws_per_step=16, num_views=4, mixture=MIXTURE))
    plan.draw(0)
    opened = time.perf_counter() - started
    after = resident_mb(int(Path("/proc/self/stat").read_text().split()[0]))
    begun = time.process_time()
    for position in range(DRAWS):
        plan.mixture.draw(position)
    drawn = time.process_time() - begun
    begun = time.process_time()
    for position in range(DRAWS // 10):
        plan.draw(position)
    planned = time.process_time() - begun
    print(f"index_s {opened}")
    print(f"index_mb {after - before}")
    print(f"draw_us {drawn / DRAWS * 1e6}")
    print(f"plan_us {planned / (DRAWS // 10) * 1e6}")


if __name__ == "__main__":
    main()
