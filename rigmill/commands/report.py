"""`rigmill report`: one folder of static HTML."""

from __future__ import annotations

import argparse
from functools import partial

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.pipeline.names import names_of
from rigmill.pipeline.view import View
from rigmill.printable import wrapped
from rigmill.report.report import write_report
from rigmill.report.review import write_review


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill report`: write the page and print where it is, `--open` shows it; the exit status."""
    resolved, layout = resolve(parsed)
    view = View(layout.tables, resolved.profile)
    page = write_report(view, layout, resolved, names=partial(names_of, view))
    write_review(view, layout)
    print("\n".join(wrapped(f"report: {page}", rest="  ")))
    if parsed.open:
        import webbrowser

        webbrowser.open(page.as_uri())
    return exit_status.OK
