"""Evaluation measured: are the metrics what they are called?

    python -m benchmarks.evaluation [--json] [--parts PART ...]

Parts, all of them unless some are named:

- metrics: `metric_max_diff`, the largest difference between a metric and an independent library's number, or one worked
  out by hand, each in its own unit (dB, per cent, degrees, shares). `metrics.NAME` says by metric what it was held
  against, in how many cases, and the largest difference: metrics.py. Seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.common.figures import lines, rounded


def metrics() -> dict[str, Any]:
    from benchmarks.evaluation.metrics import differences

    return differences()


PARTS: dict[str, Callable[[], dict[str, Any]]] = {"metrics": metrics}


def run(parts: Sequence[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for part in parts:
        started = time.monotonic()
        result |= PARTS[part]()
        print(f"{part}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    arguments = parser.parse_args()
    result = rounded(run(arguments.parts))
    print(json.dumps(result) if arguments.json else "\n".join(lines(result)))


if __name__ == "__main__":
    main()
