"""The options of `rigmill eval ...`: methods held against each other on the clips of a benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rigmill.commands.evaluation.import_options import add_import_command
from rigmill.commands.evaluation.vbench_options import add_vbench_command

ABOUT = "compare methods on a benchmark: built-in methods, scores of every clip, tables"
Add = Callable[..., argparse.ArgumentParser]  # the parser's own way to add a command


def add_eval_commands(commands: Any, add: Add) -> None:
    """Declare them."""
    parser = commands.add_parser("eval", help=ABOUT, description=ABOUT)
    of_eval = parser.add_subparsers(required=True, metavar="what")
    add_import_command(of_eval, add)
    add_vbench_command(of_eval, add)
    baselines = add(
        "baselines",
        "evaluation.evaluate:baselines",
        "make the built-in methods: the truth, noise of two sizes, a neighbour, rest, the shipped model",
        to=of_eval,
    )
    _add_bench(baselines)
    baselines.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a folder for their folders")
    baselines.add_argument("--only", action="append", default=[], metavar="NAME", help="this one; may be repeated")
    baselines.add_argument("--seed", type=int, metavar="N", help="of noise and model (default: the profile's)")
    baselines.add_argument(
        "--checkpoint", metavar="FOLDER|ID", help="another model in place of the shipped one, as for animating a mesh"
    )
    compare = add(
        "compare", "evaluation.evaluate:compare", "score methods clip by clip, and print tables of them", to=of_eval
    )
    compare.add_argument(
        "methods", type=Path, nargs="+", metavar="METHOD", help="a folder with CLIP.glb or CLIP.npz for every clip"
    )
    _add_bench(compare)
    compare.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="scores and tables go there")
    compare.add_argument(
        "--protocol",
        choices=["animax", "animamimic"],
        default="animax",
        help="views: the clip's own cameras, or the first and 45 degrees to its sides (default: animax)",
    )
    compare.add_argument(
        "--icp",
        choices=["anisotropic", "rigid", "none"],
        default="anisotropic",
        help="what may be changed of a body before Chamfer distances (default: anisotropic, as ActionBench)",
    )
    compare.add_argument("--seed", type=int, default=0, metavar="N", help="of points and of intervals (default: 0)")
    compare.add_argument("--size", type=int, default=192, metavar="PX", help="of pictures (default: 192)")
    compare.add_argument(
        "--points", type=int, default=5000, metavar="N", help="of a surface, for Chamfer distances (default: 5000)"
    )
    compare.add_argument("--lpips", type=Path, metavar="FOLDER", help="the two weight files of LPIPS (docs/metrics.md)")
    compare.add_argument("--common", action="store_true", help="leave out clips that some method lacks")
    compare.add_argument(
        "--beside",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="results.json of another comparison, whose methods get lines too where they are alike; repeatable",
    )
    compare.add_argument(
        "--ablation",
        nargs=3,
        metavar=("POSE_ONLY", "NO_SHARED_PE", "FULL"),
        help="which of the methods are the three settings of the paper's Table 4",
    )
    compare.add_argument("--videos", action="store_true", help="write the videos that are scored, too")
    compare.add_argument("--workers", type=int, metavar="N", help="processes (default: one per core)")
    compare.add_argument("--json", action="store_true", help="print the tables as JSON")


def _add_bench(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--bench", type=Path, metavar="FOLDER", help="the benchmark (default: OUTPUT/bench, as rigmill bench make)"
    )
