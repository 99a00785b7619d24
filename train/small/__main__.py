"""Train the small model on our own world, and write its weights with a card.

    make world N=5000
    make small-model        # python -m train.small --data data/world --out data/small-model

What is interrupted goes on where it was, with the same bytes in the end; a finished model can be trained on by
`--starts-from` into another `--out`. `--data` is the output folder of a run that made shards. In `--out`: the clips at
the model's size, and a folder a stage with losses (CSV), readability (CSV) and pictures while it trains, then
model.safetensors, config.json and card.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from rigmill.errors import UserError
from train.finished import SHIPPED, SHIPPED_NAME, read_folder
from train.recipes import RECIPES
from train.small.cache import workers_here
from train.small.card import write_card
from train.small.making import cached, make_small
from train.small.plan import PLANS, SIZE_PX, SmallPlan
from train.small.world import read_world


def main() -> int:
    """Do what was asked on the command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--starts-from",
        metavar="FOLDER",
        help=f"a model of the same recipe to train on from, or '{SHIPPED_NAME}': the one of the package",
    )
    parser.add_argument("--plan", choices=list(PLANS), default="joint")
    parser.add_argument(
        "--stages",
        nargs="+",
        default=[],
        choices=sorted({stage.name for stages in PLANS.values() for stage in stages}),
        help="of the plan only these (default: all)",
    )
    parser.add_argument(
        "--recipe", choices=["small_joint", "small_joint_pose_only", "mini_joint"], default="small_joint"
    )
    parser.add_argument("--steps", type=int, default=40_000, help="of all stages together (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=2, help="clips a step (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=17, help="the model's own (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, help="of all stages (default: each stage's own)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clips", type=int, help="train on the first so many alone")
    parser.add_argument(
        "--fast",
        action="store_true",
        help="bfloat16 products and compiled blocks: for processors with units for it (amx_bf16) and a C++ compiler",
    )
    parser.add_argument("--threads", type=int, default=1, help="other numbers, as good (default: %(default)s)")
    parser.add_argument("--look-every", type=int, default=2000, help="steps between samples (default: %(default)s)")
    parser.add_argument("--checkpoint-every", type=int, default=500, help="steps (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=workers_here(), help="processes that draw clips")
    given = parser.parse_args()
    started = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - started:7.0f} s  {text}\n")
        sys.stderr.flush()

    plan = SmallPlan(
        name=given.plan,
        recipe=given.recipe,
        num_steps=given.steps,
        batch_size=given.batch,
        num_frames=given.frames,
        learning_rate=given.learning_rate,
        seed=given.seed,
        checkpoint_interval=given.checkpoint_every,
        precision="bfloat16" if given.fast else "float32",
        compile=given.fast,
        threads=given.threads,
        only=tuple(given.stages),
    )
    if not plan.stages:
        parser.error(f"plan {plan.name} has none of the stages {', '.join(given.stages)}")
    try:
        parent = None
        if given.starts_from:
            parent = read_folder(SHIPPED if given.starts_from == SHIPPED_NAME else Path(given.starts_from))
        world = read_world(given.data, num_frames=RECIPES[given.recipe](SIZE_PX).span(given.frames))
        if given.clips:
            world = replace(world, train=world.train[: given.clips])
        pictures = cached(world, given.out / "clips", recipe=given.recipe, workers=given.workers, say=say)
        folder = make_small(plan, world, pictures, out=given.out, parent=parent, look_every=given.look_every, say=say)
    except UserError as error:
        sys.stderr.write(f"{error.render()}\n")
        return 2
    write_card(folder, wall_s=time.monotonic() - started)
    say(f"done: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
