"""`rigmill status`: counts per stage, and why inputs were rejected or failed."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pyarrow.compute as pc

from rigmill.commands import exit_status
from rigmill.commands.kept import kept_text
from rigmill.commands.profile_of import resolve
from rigmill.invocation import Invocation
from rigmill.outcomes import Status
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.unplanned import unplanned
from rigmill.pipeline.view import View
from rigmill.storage.rows import StoredRows, true_places
from rigmill.types import Row

EXAMPLES_PER_REASON = 3


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill status`: print how far the stages are and why inputs were dropped; the exit status."""
    resolved, layout = resolve(parsed)
    stages = STAGES.expand(parsed.stages or ["all"])
    if parsed.by:
        from rigmill.commands.status import by_source_text
        from rigmill.report.funnel import by_source

        sources = by_source(View(layout.tables, resolved.profile), stages)
        print(json.dumps(sources) if parsed.json else by_source_text(sources, resolved.invocation))
        return exit_status.OK
    view = View(layout.tables, resolved.profile)
    rows, kept = status(view, stages), unplanned(view, stages)
    if parsed.json:
        print(json.dumps([{**row, "unplanned": kept[row["stage"]].to_json()} for row in rows]))
    else:
        text = status_text(rows, resolved.invocation, detailed=bool(parsed.stages))
        print("\n".join(filter(None, (text, kept_text(kept, resolved.invocation)))))
    return exit_status.OK


def status(view: View, stages: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row per stage: counts, and every reason with its number and a few examples."""
    rows = []
    for name in stages:
        outcomes = view.outcomes(name)
        ends = [end for end in view.ends(name) if end["status"] != Status.KEPT.value]
        reasons = [{**end, "examples": _examples(outcomes, end)} for end in ends]
        reasons.sort(key=lambda reason: (-reason["count"], reason["code"]))
        rows.append({"stage": name, **view.counts(name).to_json(), "reasons": reasons})
        outcomes.release()
    return rows


def _examples(outcomes: StoredRows, end: Row) -> list[dict[str, Any]]:
    """The first few outcomes of one kind, by job key."""
    alike = pc.and_(pc.equal(outcomes.column("status"), end["status"]), pc.equal(outcomes.column("code"), end["code"]))
    places = true_places(alike)[:EXAMPLES_PER_REASON]
    return outcomes.at(places, ("input_id", "message", "measured", "limit", "command"))


def status_text(rows: list[dict[str, Any]], invocation: Invocation, *, detailed: bool) -> str:
    """A line of counts per stage, then each reason with an example; all examples and their commands if `detailed`."""
    lines = [f"{'stage':<9}{'in':>8}{'kept':>8}{'rejected':>10}{'failed':>8}{'pending':>9}"]
    for row in rows:
        lines.append(
            f"{row['stage']:<9}{row['in']:>8}{row['kept']:>8}{row['rejected']:>10}{row['failed']:>8}{row['pending']:>9}"
        )
    for row in rows:
        for reason in row["reasons"]:
            lines.append(f"\n{row['stage']}: {reason['count']} {reason['status']}, {reason['code']}")
            for example in reason["examples"] if detailed else reason["examples"][:1]:
                measured = (
                    ""
                    if example["measured"] is None
                    else (f" (measured {example['measured']:.4g}, limit {example['limit']:.4g})")
                )
                lines.append(f"  {example['input_id']}: {example['message']}{measured}")
                if detailed:
                    lines.append(
                        f"    again: {_again(invocation, row['stage'], reason['status'], example['input_id'])}"
                    )
    return "\n".join(lines)


def _again(invocation: Invocation, stage: str, status: str, input_id: str) -> str:
    """The command that does one input again, which ended with this status."""
    rejected = ["--rejected"] if status == Status.REJECTED.value else []
    return invocation.suggest("retry", stage, "--only", input_id, *rejected)


def by_source_text(rows: list[Row], invocation: Invocation) -> str:
    """A line of counts and reasons per stage and source."""
    width = max([len(row["source"]) for row in rows] + [6])
    lines = [f"{'stage':<9}{'source':<{width + 2}}{'kept':>8}{'rejected':>10}{'failed':>8}  why"]
    for row in rows:
        why = ", ".join(f"{code} {number}" for code, number in row["reasons"].items())
        lines.append(
            f"{row['stage']:<9}{row['source']:<{width + 2}}{row['kept']:>8}{row['rejected']:>10}"
            f"{row['failed']:>8}  {why}".rstrip()
        )
    lines.append(f"inputs without an outcome are not counted here: {invocation.suggest('status')}")
    return "\n".join(lines)
