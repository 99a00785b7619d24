"""What a run would do, and what it would cost, before anything is spent."""

from __future__ import annotations

import os
import shutil
from statistics import median
from typing import Any

from rigmill.layout import Layout
from rigmill.runlog import measured_seconds
from rigmill.view import View

# Seconds per job on one core where this profile has not been measured yet; replaced by the median of its own runs.
DEFAULT_SECONDS = {"collect": 1.5, "probe": 1.0, "retarget": 0.2, "select": 2.0, "render": 10.0, "caption": 0.01,
                   "shards": 0.5, "train": 120.0, "eval": 3.0}


def forecast(view: View, layout: Layout, stages: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row per stage: jobs to do, jobs done, and the core-seconds that the known jobs will take.

    `depends_on` names upstream stages with open jobs: then `to_do` counts only what is known now.
    """
    measured = measured_seconds(layout.runs)
    rows: list[dict[str, Any]] = []
    for name in stages:
        stage = view.stage(name)
        open_upstream = [row["stage"] for row in rows if row["stage"] in stage.upstream
                         and (row["to_do"] or row["depends_on"])]
        blocked = stage.barrier and bool(open_upstream)  # a barrier's jobs are formed when its upstream is done
        jobs = {} if blocked else view.plan(name)
        num_open = 0 if blocked else len(view.pending(name))
        samples = measured.get(name, [])
        seconds = median(samples) if samples else DEFAULT_SECONDS[name]
        rows.append({
            "stage": name, "to_do": num_open, "done": len(jobs) - num_open, "depends_on": open_upstream,
            "core_s": round(num_open * seconds, 1), "core_s_per_job": round(seconds, 3),
            "rate_from": f"{len(samples)} measured jobs" if samples else "shipped default",
            "api_calls": 0, "usd": 0.0,  # no stage of today calls a paid service
        })
    return rows


def forecast_text(rows: list[dict[str, Any]], *, profile: str, digest: str) -> str:
    cores = os.cpu_count() or 1
    lines = [f"profile {profile} ({digest})", f"{'stage':<9}{'to do':>8}{'done':>8}{'core-h':>9}  rate"]
    for row in rows:
        later = f"  + what {', '.join(row['depends_on'])} will keep" if row["depends_on"] else ""
        lines.append(f"{row['stage']:<9}{row['to_do']:>8}{row['done']:>8}{row['core_s'] / 3600:>9.3f}  "
                     f"{row['core_s_per_job']:g} s/job, {row['rate_from']}{later}")
    total = sum(row["core_s"] for row in rows)
    lines.append(f"known so far: {total / 3600:.3f} core-hours, about {total / cores / 60:.1f} minutes on {cores} "
                 f"cores; no GPU, no API calls, no money; {shutil.disk_usage('.').free / 2**30:.0f} GiB disk free")
    return "\n".join(lines)
