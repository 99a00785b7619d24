"""`rigmill eval vbench`: numbers of the real VBench, by an interpreter of its own."""

from __future__ import annotations

import argparse
import json
import sys

from rigmill.commands import exit_status
from rigmill.commands.signals import interrupted_status
from rigmill.errors import UserError
from rigmill.pipeline.registry import VBENCH, VBENCH_CACHE, VBENCH_DIMENSION, VBENCH_ORDER, VBENCH_PROTOCOLS, by_name


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
