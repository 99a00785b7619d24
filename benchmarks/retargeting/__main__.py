"""How well motions keep their shape on other bodies, and how fast they get there.

    RIGMILL_CORPUS=... python -m benchmarks.retargeting [--json] [--table] [--part NAME ...]

Parts, all of them unless some are named (what they measure is defined in docs/retargeting.md):

- identity: motions put on their own bodies, generated ones and those of the corpus.
- roundtrip: a motion that Blender plays on a generated rig A goes to a rig B and back, over all pairs of rigs that
  differ in axes, rolls, rest pose, proportions, facing, roots, spines and twist joints. Each rig is written and read
  by Blender; `axes_deg` is what two armatures with other axes and rolls and the same motion differ by when read.
- cross: every humanoid motion of the corpus on every humanoid character of it.
- ground: the same with rest poses as they are, hung lower and hung higher: whether who stands is on the ground.
- blender: characters of the corpus play a motion that was put on them; where Blender has their joints against where
  this benchmark's own forward kinematics has them, as a share of the hips' height.
- speed: 1,000 frames x 65 joints on one core, without reading files.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.common.figures import quiet
from benchmarks.retargeting.bodies import Actor, corpus_actors
from benchmarks.retargeting.grounds import ground_figures, standing
from benchmarks.retargeting.parts import bent, cross, identity, in_blender, roundtrip, speed
from benchmarks.retargeting.summary import by_body, slides_by_target, summary

PARTS = ("identity", "roundtrip", "cross", "ground", "blender", "speed")


def print_tables(rows: list[dict[str, Any]]) -> None:
    """Rows per character and per source, as Markdown."""
    for side in ("target", "source") if rows else ():
        print(
            f"\n| {side} | pairs | median deg | p95 deg | max deg | worst limb | hips ratio |\n"
            "| --- | --- | --- | --- | --- | --- | --- |"
        )
        for row in by_body(rows, side):
            print("| " + " | ".join(str(value) for value in row) + " |")
    print(
        "\n| target | pairs | p95 before | max before | p95 after | max after | pairs over 1 % after |\n"
        "| --- | --- | --- | --- | --- | --- | --- |"
    )
    for line in slides_by_target(rows):
        print("| " + " | ".join(str(value) for value in line) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--table", action="store_true", help="rows per character and per source, as Markdown")
    parser.add_argument("--part", choices=PARTS, action="append")
    arguments = parser.parse_args()
    wanted = arguments.part or list(PARTS)
    corpus = os.environ.get("RIGMILL_CORPUS")
    actors: list[Actor] = []
    result: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    with quiet():
        if {"identity", "cross", "ground", "blender"} & set(wanted):
            if not corpus:
                parser.error("RIGMILL_CORPUS is not set: the folder of files to read")
            actors = list(corpus_actors(Path(corpus)))
        if "identity" in wanted:
            result |= identity(actors)
        if "roundtrip" in wanted:
            result |= roundtrip()
        if "cross" in wanted:
            rows = list(cross(actors))
            result |= summary(rows) | bent(actors)
        if "ground" in wanted:
            result |= ground_figures(list(standing(actors)))
        if "blender" in wanted:
            result |= in_blender(actors)
        if "speed" in wanted:
            result |= speed()
    shown = {key: int(value) if float(value).is_integer() else float(f"{value:.3g}") for key, value in result.items()}
    print(json.dumps(shown) if arguments.json else "\n".join(f"{key}: {value}" for key, value in shown.items()))
    if arguments.table:
        print_tables(rows)
    sys.stdout.flush()
    os._exit(0)  # Blender's interpreter does not always end by itself


if __name__ == "__main__":
    main()
