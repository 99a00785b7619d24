"""`rigmill verify`: every stored file and shard, read again."""

from __future__ import annotations

import argparse
import json

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.pipeline.verify import verify
from rigmill.pipeline.view import View
from rigmill.printable import shown_path, wrapped


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill verify`: read every file that the tables name and print what is wrong; fails if anything is."""
    resolved, layout = resolve(parsed)
    problems, num_files = verify(View(layout.tables, resolved.profile), layout)
    if parsed.json:
        print(json.dumps({"files": num_files, "problems": problems}))
    else:
        lines = [line for problem in problems for line in wrapped(problem, rest="  ")]
        end = f"{num_files} files read, {len(problems)} problems; in {shown_path(layout.root)}"
        print("\n".join([*lines, *wrapped(end, rest="  ")]))
    return exit_status.FAILED if problems else exit_status.OK
