"""`rigmill study ...`: people say whose motion they prefer, and what all of them said."""

from __future__ import annotations

import argparse
import json

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.pipeline.registry import STUDY_ASKED, STUDY_KIND, STUDY_MAKE, STUDY_SUM, by_name
from rigmill.printable import one_line, shown_path, wrapped
from rigmill.storage.files import write_atomic


def make(parsed: argparse.Namespace) -> int:
    """Run `rigmill study make`: write the page and the key; the exit status."""
    resolved, _ = resolve(parsed)
    folder = parsed.out.expanduser().resolve()
    asked = by_name(STUDY_ASKED)(
        name=folder.name,
        kind=by_name(STUDY_KIND)(parsed.kind),
        methods=(),
        clips=(),
        seed=resolved.profile.seed if parsed.seed is None else parsed.seed,
        num_sittings=parsed.people,
        num_trials=parsed.trials,
        num_checks=parsed.checks,
        all_pairs=parsed.all_pairs,
    )
    study = by_name(STUDY_MAKE)(parsed.methods, folder, asked, bench=parsed.bench, common=parsed.common)
    suggested = resolved.invocation.suggest("study", "sum", str(folder), "ANSWERS")
    lines = [
        f"{shown_path(folder)}: {len(study.methods)} methods, {len(study.clips)} clips, {len(study.sittings)} people "
        f"of {len(study.sittings[0])} screens each",
        f"give people {shown_path(folder / 'page')} and a number from 1 to {len(study.sittings)} each; keep "
        "study.json, which says whose videos are whose",
        f"when they sent what they saved: {suggested}",
    ]
    print("\n".join(line for text in lines for line in wrapped(text, rest="  ", whole=[suggested])))
    return exit_status.OK


def summary(parsed: argparse.Namespace) -> int:
    """Run `rigmill study sum`: count what people said; the exit status."""
    found = by_name(STUDY_SUM)(parsed.study, parsed.answers, max_missed=parsed.max_missed)
    if parsed.out:
        write_atomic(parsed.out, (json.dumps(found.to_json(), indent=1) + "\n").encode())
    if parsed.json:
        print(json.dumps(found.to_json()))
        return exit_status.OK
    table = found.table()
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    print("\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table))
    lines = [
        f"{found.num_people} people, {found.num_clips} clips; in brackets 95 % intervals (people and clips drawn anew; "
        "Wilson's where there is one of either)"
    ]
    lines += [f"{found.num_partial} people answered some screens only"] if found.num_partial else []
    lines += [f"not counted: {left.file}: {left.why}" for left in found.left]
    print("\n".join(line for text in lines for line in wrapped(one_line(text), rest="  ")))
    return exit_status.OK
