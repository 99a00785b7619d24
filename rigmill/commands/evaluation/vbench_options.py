"""The options of `rigmill eval vbench`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

DIMENSIONS = (
    "i2v_subject",
    "motion_smoothness",
    "dynamic_degree",
    "aesthetic_quality",
    "overall_consistency",
    "imaging_quality",
)


def add_vbench_command(of_eval: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare it among the commands of `rigmill eval`."""
    command = add(
        "vbench", "evaluation.vbench:command", "measure videos with the real VBench and its weights", to=of_eval
    )
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
        choices=DIMENSIONS,
        metavar="NAME",
        help=f"this one, in place of the protocol's; may be repeated: {', '.join(DIMENSIONS)}",
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
