"""`rigmill plan`: what a run would do and cost."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Mapping
from typing import Any

from rigmill.commands import exit_status
from rigmill.commands.kept import kept_text
from rigmill.commands.profile_of import resolve
from rigmill.pipeline.cleaning.unplanned import unplanned
from rigmill.pipeline.done_again import done_again
from rigmill.pipeline.forecast import forecast
from rigmill.pipeline.lines.live_lines import duration
from rigmill.pipeline.plan_history import PlanHistory
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.view import View
from rigmill.printable import shortened, shown_path, wrapped


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill plan`: print what is still to do and what it will cost; the exit status."""
    resolved, layout = resolve(parsed)
    view, stages = View(layout.tables, resolved.profile), STAGES.expand(parsed.stages or ["all"])
    rows = forecast(view, layout, stages)
    kept, again = unplanned(view, stages), {row["stage"]: _again(view, row) for row in rows}
    if parsed.json:
        for row in rows:
            row["unplanned"] = kept[row["stage"]].to_json()
            row["again"] = [{"why": why, "jobs": number} for why, number in again[row["stage"]]]
        print(json.dumps(rows))
    else:
        text = forecast_text(rows, profile=resolved.name, digest=resolved.digest, folder=shown_path(layout.root))
        print("\n".join(filter(None, (text, again_text(again), kept_text(kept, resolved.invocation)))))
    return exit_status.OK


def _money(rows: list[dict[str, Any]]) -> str:
    """What services will cost, before anything is spent."""
    asked = [row for row in rows if row["api_calls"]]
    if not asked:
        return "no API calls, no money"
    calls, sent, made = (sum(row[key] for row in asked) for key in ("api_calls", "input_tokens", "output_tokens"))
    known = all(row["usd"] is not None for row in asked)
    usd = f"{sum(row['usd'] for row in asked):.2f} USD" if known else "price unknown (caption.endpoint.prices)"
    return f"{calls} API calls, {sent} tokens in and {made} out: {usd}"


def _again(view: View, row: dict[str, Any]) -> list[tuple[str, int]]:
    """Why jobs of the stage are done again, of those that are known now."""
    return done_again(view, PlanHistory(view.layout), row["stage"]) if row["to_do"] else []


def again_text(again: Mapping[str, list[tuple[str, int]]]) -> str:
    """A line per stage and reason."""
    said = [f"{stage}: {number} again, {why}" for stage, reasons in again.items() for why, number in reasons]
    return "\n".join(line for text in said for line in wrapped(text, rest="  "))


def forecast_text(rows: list[dict[str, Any]], *, profile: str, digest: str, folder: str) -> str:
    """A table with a line per stage (core-hours, MB, seconds per job) and the cost of all on this machine."""
    cores = os.cpu_count() or 1
    lines = [
        *wrapped(f"profile {shortened(profile, 40)} ({digest}), output in {folder}", rest="  "),
        f"{'stage':<9}{'done':>8}{'to do':>8}{'in all':>14}{'core-h':>9}{'disk MB':>9}  s per job",
    ]
    for row in rows:
        in_all = f"about {row['expected']}" if row["depends_on"] else str(row["expected"])
        disk = "?" if row["disk_bytes"] is None else f"{row['disk_bytes'] / 1e6:.0f}"
        lines.append(
            f"{row['stage']:<9}{row['done']:>8}{row['to_do']:>8}{in_all:>14}{row['core_s'] / 3600:>9.3f}"
            f"{disk:>9}  {row['core_s_per_job']:.3g} ({row['rate_from']})"
        )
    for row in rows:
        for note in row["notes"]:
            lines += wrapped(f"{row['stage']}: {note}", rest="  ")
    total = sum(row["core_s"] for row in rows)
    lines += wrapped("'to do' exists now; 'in all' adds a guess at what open upstream stages will still make")
    lines += wrapped(
        f"about {total / 3600:.2f} core-hours, {duration(total / cores)} on {cores} cores; no GPU; {_money(rows)}; "
        f"{shutil.disk_usage('.').free / 2**30:.0f} GiB disk free"
    )
    return "\n".join(lines)
