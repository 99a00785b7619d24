"""`rigmill plan`: what a run would do and cost."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from typing import Any

from rigmill.commands import exit_status
from rigmill.commands.profile_of import resolve
from rigmill.pipeline.forecast import forecast
from rigmill.pipeline.lines.live_lines import duration
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.view import View
from rigmill.printable import shortened, shown_path, wrapped


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill plan`: print what is still to do and what it will cost; the exit status."""
    resolved, layout = resolve(parsed)
    rows = forecast(View(layout.tables, resolved.profile), layout, STAGES.expand(parsed.stages or ["all"]))
    if parsed.json:
        print(json.dumps(rows))
    else:
        folder = shown_path(layout.root)
        print(forecast_text(rows, profile=resolved.name, digest=resolved.digest, folder=folder))
    return exit_status.OK


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
    total = sum(row["core_s"] for row in rows)
    lines += wrapped("'to do' exists now; 'in all' adds a guess at what open upstream stages will still make")
    lines += wrapped(
        f"about {total / 3600:.2f} core-hours, {duration(total / cores)} on {cores} cores; no GPU, no API calls, "
        f"no money; {shutil.disk_usage('.').free / 2**30:.0f} GiB disk free"
    )
    return "\n".join(lines)
