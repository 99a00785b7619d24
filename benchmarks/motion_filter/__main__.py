"""Measured motion against true motion, with real Blender previews: what `filters.min_flow_px` rests on.

    python -m benchmarks.motion_filter [--quick] [--json] [--write]

Motions of known strength are previewed by the stage's own code, and the truth comes from Blender's evaluated vertices
and our own projection (true_motion.py), not from flow. Beside the coat of noise, the asset's own look is measured in
the same run. --write puts the numbers and the plot into docs/pictures; --quick takes the assets of tests/assets alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.common.figures import quiet
from benchmarks.motion_filter.calibration import run_case
from benchmarks.motion_filter.cases import cases
from benchmarks.motion_filter.findings import claims, write
from rigmill.config.load import load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    corpus = None if arguments.quick else os.environ.get("RIGMILL_CORPUS")
    limit = load("demo").profile.filters.min_flow_px
    with tempfile.TemporaryDirectory() as folder, quiet():
        scratch = Path(folder)
        rows = []
        for case in cases(Path(corpus) if corpus else None, scratch):
            rows.append(run_case(case, scratch))
            print(rows[-1], file=sys.stderr, flush=True)
    if arguments.write:
        write(rows, limit)
    result = {key: round(value, 3) for key, value in claims(rows, limit).items()}
    print(
        json.dumps(result) if arguments.json else "\n".join(f"{key}: {value}" for key, value in result.items()),
        flush=True,
    )
    os._exit(0)  # Blender's interpreter does not always end by itself


if __name__ == "__main__":
    main()
