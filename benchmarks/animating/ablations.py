"""Table 4 of the paper at small size: the small model without one of its parts, on the same clips for as many steps.

    python -m benchmarks.animating.ablations --data data/world --out FOLDER [--steps 1000] [--clips 16] [--fast]

(a) pose maps alone, without a video beside them; (b) without shared positions; and, of our own, without the estimate
that the network corrects, and without its shortcuts to condition and caption. Of held-out clips: share of joints that
could be read, MPJPE of these against the nearest recorded window, how far joints move, and whether the motion is what
the caption says. One line a model.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from benchmarks.animating.held_out import figures_of, look_at
from benchmarks.common.figures import rounded
from train.finished import read_folder
from train.recipes import RECIPES
from train.sampling.sampler import Sampling
from train.small.cache import workers_here
from train.small.making import cached, make_small
from train.small.plan import SIZE_PX, SmallPlan
from train.small.watching import GUIDANCE, STEPS
from train.small.world import read_world
from train.weights import load_model

MODELS = {
    "small_joint": "full",
    "small_joint_pose_only": "(a) pose maps alone",
    "small_joint_unshared": "(b) positions not shared",
    "small_joint_uncorrected": "without the estimate",
    "small_joint_unshortened": "without the shortcuts",
}
_HEAD = ("model", "usable", "MPJPE %", "moves %", "as prompted")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="output of a run that made shards")
    parser.add_argument("--out", type=Path, required=True, help="for clips and models; goes on where it was")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--clips", type=int, default=16, help="held-out clips")
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--fast", action="store_true", help="as of train.small")
    given = parser.parse_args()
    torch.set_num_threads(1)

    def say(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    world = read_world(given.data, num_frames=RECIPES["small_joint"](SIZE_PX).span(17))
    pictures = cached(world, given.out / "clips", recipe="small_joint", workers=workers_here(), say=say)
    assert pictures.held_out is not None, "the world holds nothing out"
    num = len(pictures.held_out.clips)
    chosen = sorted({place * num // given.clips for place in range(min(given.clips, num))})
    print(f"{given.steps} steps on {len(world.train)} clips; {len(chosen)} held-out clips\n")
    print(f"| {' | '.join(_HEAD)} |\n|{'---|' * len(_HEAD)}")
    for recipe, label in MODELS.items():
        plan = SmallPlan(
            name="joint",
            recipe=recipe,
            num_steps=given.steps,
            batch_size=2,
            num_frames=17,
            learning_rate=None,
            seed=0,
            checkpoint_interval=100,
            precision="bfloat16" if given.fast else "float32",
            compile=given.fast,
        )
        folder = make_small(
            plan, world, pictures, out=given.out / recipe, parent=None, look_every=given.steps + 1, say=say
        )
        made = read_folder(folder)
        model = load_model(made.weights, made.config)
        found = [
            look_at(model, pictures.held_out, index, group="", sampling=Sampling(17, index, STEPS, given.guidance))
            for index in chosen
        ]
        figures = rounded(figures_of(found))
        names = ("usable_share", "mpjpe_pct", "movement_pct", "verb_share")
        print(f"| {label} | {' | '.join(str(figures[f'heldout_{name}']) for name in names)} |", flush=True)


if __name__ == "__main__":
    main()
