"""The options of `rigmill eval import`: what another system wrote becomes a method's folder."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOOLS = ("unimate", "puppeteer", "actionmesh", "animateanymesh")


def add_import_command(of_eval: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare it among the commands of `rigmill eval`; `add` is the parser's own way to add one."""
    command = add(
        "import",
        "evaluation.eval_import:command",
        "make a method's folder of what another system wrote: one GLB a clip, at the clip's rate and length",
        to=of_eval,
    )
    command.add_argument("folder", type=Path, help="the system's output")
    command.add_argument("--from", dest="tool", required=True, choices=TOOLS, help="the system")
    command.add_argument("--to", type=Path, required=True, metavar="METHOD", help="the method's folder")
    command.add_argument(
        "--bench", type=Path, required=True, metavar="FOLDER", help="the benchmark whose clips these are"
    )
    command.add_argument(
        "--map", type=Path, metavar="FILE", help="a CSV with the columns name (a result) and clip, where names differ"
    )
