"""`rigmill caption ...`: what a person does around captions."""

from __future__ import annotations

import argparse
import json

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.pipeline.registry import EXPORT_BATCH, IMPORT_BATCH, OWN_WORDS, PROBE_MODEL, by_name
from rigmill.pipeline.view import View
from rigmill.printable import shown_path, wrapped
from rigmill.report.review import write_review
from rigmill.storage.lock import locked

WRONG_LINES = 12


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


def probe(parsed: argparse.Namespace) -> int:
    """Run `rigmill caption probe`: ask the model about clips whose truth is known; FAILED if it knows nothing."""
    resolved, layout = resolve(parsed)
    result = by_name(PROBE_MODEL)(View(layout.tables, resolved.profile), layout, max_clips=parsed.clips)
    if parsed.json:
        print(json.dumps(result.to_row()))
    else:
        shown = result.to_text().splitlines() + [f"wrong: {line}" for line in result.wrong[:WRONG_LINES]]
        more = len(result.wrong) - WRONG_LINES
        shown += [f"... and {more} more that were wrong (--json has all)"] if more > 0 else []
        print("\n".join(line for text in shown for line in wrapped(text, rest="  ")))
    return exit_status.FAILED if result.knows_nothing else exit_status.OK


def export_batch(parsed: argparse.Namespace) -> int:
    """Run `rigmill caption export-batch`: write the open questions as files for a batch service; the exit status."""
    resolved, layout = resolve(parsed)
    view = View(layout.tables, resolved.profile)
    with locked(layout):
        made = by_name(EXPORT_BATCH)(view, layout, parsed.folder, max_bytes=parsed.max_mb * 1_000_000)
    if not made.num_requests:
        print("no question is open")
        return exit_status.OK
    tokens = f"about {made.estimated.input_tokens} tokens in and {made.estimated.output_tokens} out"
    names = f"{made.files[0].name} to {made.files[-1].name}" if len(made.files) > 1 else made.files[0].name
    suggested = resolved.invocation.suggest("caption", "import-batch", str(parsed.folder), "RESULTS.jsonl")
    for line in (
        f"{made.num_requests} questions in {names}, {made.num_bytes / 1e6:.1f} MB, {tokens}",
        f"when they are answered: {suggested}",
    ):
        print("\n".join(wrapped(line, rest="  ", whole=[suggested])))
    return exit_status.OK


def import_batch(parsed: argparse.Namespace) -> int:
    """Run `rigmill caption import-batch`: take answers of a batch; FAILED where a line is damaged or foreign."""
    resolved, layout = resolve(parsed)
    view = View(layout.tables, resolved.profile)
    with locked(layout):
        found = by_name(IMPORT_BATCH)(view, layout, parsed.folder, parsed.files)
    lines = [f"{found.good} answers taken, {found.known} known before, {found.bad} of another form than asked for"]
    lines += [f"{len(found.unanswered)} questions have no answer"] if found.unanswered else []
    lines += [f"  {name}: {words}" for name, words in list(found.refused.items())[:WRONG_LINES]]
    lines += (
        [f"{len(found.duplicates)} were answered more than once: the first answer holds"] if found.duplicates else []
    )
    lines += [f"{len(found.foreign)} answers are to questions of another batch"] if found.foreign else []
    lines += [f"{name}, line {line}: cannot be read" for name, line in found.damaged[:WRONG_LINES]]
    suggested = resolved.invocation.suggest("run", "category", "caption")
    lines.append(f"now: {suggested}")
    print("\n".join(line for text in lines for line in wrapped(text, rest="  ", whole=[suggested])))
    return exit_status.FAILED if found.damaged or found.foreign else exit_status.OK
