"""`rigmill eval vbench`: numbers of the real VBench, by an interpreter of its own."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rigmill.commands import exit_status
from rigmill.commands.signals import interrupted_status
from rigmill.errors import UserError
from rigmill.pipeline.registry import VBENCH, VBENCH_CACHE, VBENCH_DIMENSION, VBENCH_ORDER, VBENCH_PROTOCOLS, by_name

_DIMENSIONS = (
    "i2v_subject",
    "motion_smoothness",
    "dynamic_degree",
    "aesthetic_quality",
    "overall_consistency",
    "imaging_quality",
)


def add_vbench_command(of_eval: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare it among the commands of `rigmill eval`."""
    command = add("vbench", "eval_vbench:command", "measure videos with the real VBench and its weights", to=of_eval)
    command.add_argument("videos", type=Path, help="a folder of MP4 files of one size and length, one a view")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="numbers and logs go there")
    command.add_argument(
        "--python", type=Path, required=True, metavar="FILE", help="the Python of VBench's own environment"
    )
    command.add_argument(
        "--cache", type=Path, metavar="FOLDER", help="its weights (default: VBENCH_CACHE_DIR, or ~/.cache/vbench)"
    )
    command.add_argument(
        "--protocol",
        choices=["animax", "animamimic"],
        default="animax",
        help="which dimensions: those of the paper's tables, or AnimaMimic's (default: animax)",
    )
    command.add_argument(
        "--dimension",
        action="append",
        default=[],
        choices=_DIMENSIONS,
        metavar="NAME",
        help=f"this one, in place of the protocol's; may be repeated: {', '.join(_DIMENSIONS)}",
    )
    command.add_argument("--device", default="cuda", help="cuda, cuda:1, cpu (default: cuda)")
    command.add_argument(
        "--inputs", type=Path, metavar="FOLDER", help="for i2v_subject: NAME.png, or NAME.mp4 for its first frame"
    )
    command.add_argument(
        "--prompts", type=Path, metavar="FILE", help="for overall_consistency: a CSV with the columns clip and prompt"
    )
    command.add_argument("--check", action="store_true", help="say what is missing, and measure nothing")
    command.add_argument("--json", action="store_true", help="print the numbers as JSON")


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill eval vbench`: look for what it needs, measure, print the means; the exit status."""
    dimension, protocols = by_name(VBENCH_DIMENSION), by_name(VBENCH_PROTOCOLS)
    order = by_name(VBENCH_ORDER)(
        videos=parsed.videos.expanduser(),
        out=parsed.out.expanduser(),
        python=parsed.python.expanduser(),
        cache=(parsed.cache or by_name(VBENCH_CACHE)()).expanduser(),
        dimensions=tuple(map(dimension, parsed.dimension)) or protocols[parsed.protocol],
        device=parsed.device,
        inputs=parsed.inputs and parsed.inputs.expanduser(),
        prompts=parsed.prompts and parsed.prompts.expanduser(),
        only_check=parsed.check,
    )
    try:
        found = by_name(VBENCH)(order, _say_nothing if parsed.json else print)
    except UserError as error:
        for line in getattr(error, "commands", ()):  # how each missing file is fetched: more than a message holds
            print(f"  {line}", file=sys.stderr)
        raise
    except KeyboardInterrupt:
        print("interrupted; what is measured is kept, the same command goes on from there", file=sys.stderr)
        return interrupted_status()
    if parsed.json:
        print(json.dumps({number.metric: number.value for number in found if number.video == "mean"}))
    elif parsed.check:
        print("nothing is missing")
    else:
        print(f"every number, with tool, weights and size: {order.out / 'vbench.json'}")
    return exit_status.OK


def _say_nothing(_: str) -> None:
    pass
