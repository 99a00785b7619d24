"""`rigmill eval ...`: methods held against each other on the clips of a benchmark."""

from __future__ import annotations

import argparse

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.commands.signals import interrupted_status
from rigmill.one_file.animate_text import StepMeter
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.registry import BASELINES, BASELINES_ORDER, by_name
from rigmill.printable import one_line, shown_path, wrapped


def baselines(parsed: argparse.Namespace) -> int:
    """Run `rigmill eval baselines`: make the methods' folders; the exit status."""
    resolved, layout = resolve(parsed)
    order = by_name(BASELINES_ORDER)(
        bench=parsed.bench or layout.bench,
        out=parsed.out.expanduser(),
        only=tuple(parsed.only),
        seed=parsed.seed,
        checkpoint=parsed.checkpoint,
    )
    with Progress() as progress:
        try:
            folders = by_name(BASELINES)(order, resolved, layout, StepMeter(progress, "baselines"))
        except KeyboardInterrupt:
            progress.say("interrupted; what is finished is kept, the same command continues")
            return interrupted_status()
    suggested = resolved.invocation.suggest(
        "eval", "compare", *map(str, folders), "--bench", str(order.bench), "--out", "comparison"
    )
    lines = [*(shown_path(folder) for folder in folders), "to compare them:"]
    print("\n".join([*(text for line in lines for text in wrapped(one_line(line), rest="  ")), f"  {suggested}"]))
    return exit_status.OK
