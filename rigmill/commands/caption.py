"""`rigmill caption ...`: what a person does around captions."""

from __future__ import annotations

import argparse

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.pipeline.registry import OWN_WORDS, by_name
from rigmill.pipeline.view import View
from rigmill.printable import shown_path, wrapped
from rigmill.report.review import write_review


def review(parsed: argparse.Namespace) -> int:
    """Run `rigmill caption review`: check what a person wrote, write the sheets anew; the exit status."""
    resolved, layout = resolve(parsed)
    by_name(OWN_WORDS)(layout.review)
    written = write_review(View(layout.tables, resolved.profile), layout)
    if written is None:
        suggested = resolved.invocation.suggest("run", "category", "caption")
        print("\n".join(wrapped(f"nothing is captioned yet; first: {suggested}", rest="  ", whole=[suggested])))
        return exit_status.OK
    suggested = resolved.invocation.suggest("run", "category", "caption")
    for line in (
        f"captions.csv: {written.captions} clips, {written.your_captions} with your words",
        f"categories.csv: {written.categories} assets, {written.your_categories} with your words",
        f"both in {shown_path(layout.review)}: write into the columns that begin with your_, then: {suggested}",
    ):
        print("\n".join(wrapped(line, rest="  ", whole=[suggested])))
    return exit_status.OK
