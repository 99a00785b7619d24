"""Evaluation measured: are the metrics what they are called, do they order methods, what does a comparison cost?

    python -m benchmarks.evaluation [--json] [--parts PART ...] [--bench FOLDER [--methods FOLDER]] [--flags OPTION ...]

Parts, all of them unless some are named:

- metrics: `metric_max_diff`, the largest difference between a metric and an independent library's number, or one worked
  out by hand, each in its own unit (dB, per cent, degrees, shares). `metrics.NAME` says by metric what it was held
  against, in how many cases, and the largest difference: metrics.py. Seconds.
- comparison: six built-in methods, compared twice by the command that a user gives. `order_right_share` of the pairs of
  methods that each metric must order, on means over clips (order.py says which, and why not others; `order_wrong` names
  what is wrong); `s_per_clip`, processor seconds for one clip of one method, and the minutes of 35 clips of six on two
  cores with nothing beside; `repeat_max_diff`, the largest difference of any score between both. On the demo's
  benchmark, which is made here, or on `--bench`, whose profile is said by `--flags` (as rigmill takes them), with the
  folders of methods in `--methods`, which are made where there are none. Minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.common.figures import lines, rounded


def metrics() -> dict[str, Any]:
    from benchmarks.evaluation.metrics import differences

    return differences()


def comparison(places: Any) -> dict[str, Any]:
    from benchmarks.evaluation.comparing import compared

    return compared(places)


PARTS: dict[str, Callable[[Any], dict[str, Any]]] = {"metrics": lambda _: metrics(), "comparison": comparison}


def run(parts: Sequence[str], places: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for part in parts:
        started = time.monotonic()
        result |= PARTS[part](places)
        print(f"{part}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--bench", type=Path, metavar="FOLDER", help="a benchmark that was made")
    parser.add_argument("--methods", type=Path, metavar="FOLDER", help="the built-in methods of it")
    parser.add_argument("--flags", nargs=argparse.REMAINDER, default=[], help="of its profile; the last option")
    arguments = parser.parse_args()
    from benchmarks.evaluation.comparing import Places

    places = Places(arguments.bench, arguments.methods, tuple(arguments.flags))
    result = rounded(run(arguments.parts, places))
    print(json.dumps(result) if arguments.json else "\n".join(lines(result)))


if __name__ == "__main__":
    main()
