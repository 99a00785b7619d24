"""What the generated world holds, how well it moves and how fast it is made.

    python -m benchmarks.world [--json] [--plan NAME ...] [--assets N] [--clips N] [--seed N] [--table]

Per plan N assets with every motion that they can do: `foot_slide_pct_leg` is the 95th percentile over all times that a
foot stands, `sunk_share` the share of frames in which something is visibly below the floor, `stretch_max` the most that
an edge of a skin is lengthened, `facts_agree_share` of the questions about takes those that motion facts, read from the
files, answer as the recorded truth does (agreement.py), `facts_agree_clips` of takes those with no wrong answer.
`assets_per_s` counts assets of four takes from numbers to a GLB. Then `--clips` clips of another seed go through the
whole data half (through.py): `kept_share` of them end in shards, `refused_files` did not pass the gate or Blender,
`clips_per_hour` counts from nothing to rendered, on all cores. `same_bytes`: every plan gives the same file twice and
another one for another seed, and one worker stores the same files as two.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.world.agreement import agreement
from benchmarks.world.measures import Moved, foot_slides, stretch, sunk_frames
from benchmarks.world.through import files_of, through
from curate.world.make import make, make_body
from curate.world.mesh import mesh_of
from curate.world.motions import motions, motions_of
from curate.world.plans import plans

FRESH = 1000  # how far the seed of the clips that go through is from that of the measured takes
FEW = 12  # clips that two numbers of workers draw


def measured(chosen: list[str], *, assets: int, seed: int) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """The figures, and a row a take: plan, number, motion, slide, sunk frames, stretch."""
    rows: list[tuple[Any, ...]] = []
    slides: list[float] = []
    pairs, sunk, frames = set(), 0, 0
    for plan in chosen:
        for number in range(assets):
            body = make_body(plan, number, seed)
            made = make(plan, number, seed, takes=len(motions_of(body)))
            mesh = mesh_of(made.body, paint=False)
            for take in made.takes:
                moved = Moved.of(made.body, mesh, take)
                own, low, much = foot_slides(moved), sunk_frames(moved), stretch(moved, mesh)
                rows.append((plan, number, take.motion, max(own, default=0.0), low, much))
                slides += own
                pairs.add((plan, take.motion))
                sunk, frames = sunk + low, frames + take.num_frames
    figures = {
        "plans": len(chosen),
        "motions": len({motion for _, motion in pairs}),
        "known_motions": len(motions()),
        "pairs": len(pairs),
        "foot_slide_pct_leg": round(float(np.percentile(slides, 95)), 3) if slides else 0.0,
        "sunk_share": round(sunk / max(frames, 1), 4),
        "stretch_max": round(max((row[5] for row in rows), default=1.0), 2),
    }
    return figures, rows


def speed(chosen: list[str], *, assets: int, seed: int) -> float:
    """Assets a second, four takes each."""
    start = time.perf_counter()
    for plan in chosen:
        for number in range(assets):
            make(plan, number, seed + 1).to_glb()
    return assets * len(chosen) / (time.perf_counter() - start)


def same_bytes(chosen: list[str], seed: int) -> int:
    """Plans that give the same file twice, and another one for another seed."""

    def digest(plan: str, with_seed: int) -> str:
        return hashlib.sha256(make(plan, 0, with_seed).to_glb()).hexdigest()

    return sum(digest(plan, seed) == digest(plan, seed) != digest(plan, seed + 1) for plan in chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--table", action="store_true", help="the worst takes")
    parser.add_argument("--plan", action="append", choices=list(plans()))
    parser.add_argument("--assets", type=int, default=2)
    parser.add_argument("--clips", type=int, default=400, help="0: none go through the data half")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    chosen = given.plan or list(plans())
    figures, rows = measured(chosen, assets=given.assets, seed=given.seed)
    agreed, wrong = agreement(chosen, assets=given.assets, seed=given.seed)
    figures |= agreed
    figures["same_bytes"] = same_bytes(chosen, given.seed) == len(chosen)
    figures["assets_per_s"] = round(speed(chosen, assets=given.assets, seed=given.seed), 2)
    why = ""
    if given.clips:
        with tempfile.TemporaryDirectory() as scratch:
            ended = through(given.clips, seed=given.seed + FRESH, folder=Path(scratch))
        figures |= ended.figures
        why = ended.why
        few = {workers: files_of(FEW, seed=given.seed, workers=workers) for workers in (1, 2)}
        figures["same_bytes"] = figures["same_bytes"] and few[1] == few[2]
    print(json.dumps(figures) if given.json else "\n".join(f"{key}: {value}" for key, value in figures.items()))
    if given.table:
        print(why)
        print("\nfacts say otherwise")
        for each in wrong:
            print(f"  {each.in_words}")
        for column, name in ((3, "slide"), (4, "sunk frames"), (5, "stretch")):
            print(f"\nworst {name}")
            for row in sorted(rows, key=lambda each: -each[column])[:14]:
                print(f"  {row[0]:10} {row[1]:2} {row[2]:18} {row[3]:7.2f} {row[4]:3d} {row[5]:6.2f}")


if __name__ == "__main__":
    main()
