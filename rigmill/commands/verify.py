"""`rigmill verify`: everything that was written, read again; with --repair, mended."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping

from rigmill.commands import exit_status
from rigmill.commands.profile_of import flags_of, resolve
from rigmill.errors import with_options
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.verify import Findings, verify
from rigmill.pipeline.view import View
from rigmill.storage.lock import locked


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill verify`: read every file that is read again some time and print what is wrong; fails if anything is.

    With --repair it is mended first, and what is left is printed.
    """
    resolved, layout = resolve(parsed)
    found = verify(View(layout.tables, resolved.profile), layout)
    if parsed.repair and found.problems:
        print("\n".join(found.problems), file=sys.stderr)
        left = _repair(parsed, found)
        if not left.problems:
            print(f"mended: {len(found.problems)} problems", file=sys.stderr)
        found = left
    # What a repair cannot make again: its source is gone, or it is of other settings.
    fix = with_options(flags_of(parsed), *(("status",) if parsed.repair else ("verify", "--repair")))
    if parsed.json:
        problems = [{"problem": problem, "fix": fix} for problem in found.problems]
        print(json.dumps({"files": found.num_files, "problems": problems}))
    else:
        print("\n".join([*found.problems, f"{found.num_files} files read, {len(found.problems)} problems"]))
        if found.problems:
            print(f"  fix: {fix}")
    return exit_status.FAILED if found.problems else exit_status.OK


def _repair(parsed: argparse.Namespace, found: Findings) -> Findings:
    from rigmill.pipeline.driver import Driver, Options
    from rigmill.pipeline.repair import Repair

    resolved, layout = resolve(parsed)
    with locked(layout), Progress() as progress:

        def make_driver(stages: tuple[str, ...], keys: Mapping[str, frozenset[str] | None]) -> Driver:
            options = Options(stages, keys=keys, workers=parsed.workers, ray_address=parsed.ray_address)
            return Driver(resolved, layout, options, progress=progress)

        return Repair(resolved, layout, STAGES, make_driver=make_driver, say=progress.say).mend(found)
