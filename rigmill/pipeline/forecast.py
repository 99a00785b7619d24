"""What a run would do, and what it would cost, before anything is spent."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from rigmill.pipeline.runlog import measured_seconds
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from rigmill.storage.named_files import files_of

# Seconds per job on one core where this profile has not been measured yet; replaced by the median of its own runs.
DEFAULT_SECONDS = {
    "collect": 1.5,
    "probe": 1.0,
    "retarget": 0.2,
    "preview": 2.0,
    "select": 0.001,
    "render": 20.0,
    "caption": 0.01,
    "shards": 0.5,
    "train": 120.0,
    "eval": 1.5,
}
# Jobs per job of the stage named, before this profile has any of its own. Training is one job whatever comes in, and
# every retargeted clip is previewed beside those of files.
DEFAULT_JOBS_PER = {
    "probe": ("collect", 1.0),
    "retarget": ("probe", 0.6),
    "preview": ("probe", 1.2),
    "select": ("preview", 1.0),
    "render": ("select", 1.0),
    "caption": ("render", 1.0),
    "shards": ("render", 0.3),
    "train": ("shards", 0.0),
    "eval": ("render", 1.1),
}


def forecast(view: View, layout: Layout, stages: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row per stage: jobs to do, jobs done, and what they take in core-seconds and bytes.

    `to_do` counts jobs that exist now. `depends_on` names upstream stages with open jobs, which will make more: then
    `expected` is a guess at all that is left; without open upstream jobs it equals `to_do`.
    """
    measured = measured_seconds(layout.runs)
    rows: list[dict[str, Any]] = []
    for name in stages:
        stage = view.stage(name)
        open_upstream = [row["stage"] for row in rows if row["stage"] in stage.upstream and row["expected"]]
        blocked = stage.barrier and bool(open_upstream)  # a barrier's jobs are formed when its upstream is done
        num_known = 0 if blocked else len(view.plan(name))
        num_open = 0 if blocked else view.num_open(name)
        done = num_known - num_open
        expected = num_open
        if open_upstream:
            wanted = sum(view.profile.retarget.clips.values())
            expected = max(num_open, _guess(name, {row["stage"]: row for row in rows}, wanted_clips=wanted) - done)
        num_measured, seconds = measured.get(name, (0, DEFAULT_SECONDS[name]))
        stored_bytes = 0 if blocked or stage.inline else _stored_bytes(view, name)  # an inline stage makes no files
        rows.append(
            {
                "stage": name,
                "to_do": num_open,
                "done": done,
                "expected": expected,
                "depends_on": open_upstream,
                "core_s": round(expected * seconds, 1),
                "core_s_per_job": round(seconds, 3),
                "rate_from": f"{num_measured} measured" if num_measured else "default",
                "disk_bytes": round(expected * stored_bytes / max(1, done))
                if stored_bytes or stage.inline or not expected
                else None,
                "gpu_s": 0.0,
                "api_calls": 0,
                "usd": 0.0,  # no stage of today uses a GPU or a paid service
            }
        )
    return rows


def _stored_bytes(view: View, name: str) -> int:
    """Bytes of the files that the stage's rows name."""
    rows = view.products(name)
    total = sum(pc.sum(files["size_bytes"], min_count=0).as_py() for files in files_of(rows.column, rows.fields))
    rows.release()
    return int(total)


def _guess(name: str, earlier: dict[str, dict[str, Any]], *, wanted_clips: int) -> int:
    """All jobs that a stage will have, open and done; of retargeted clips at least as many as are wanted."""
    num_jobs = {stage: int(row["expected"]) + int(row["done"]) for stage, row in earlier.items()}
    base, ratio = DEFAULT_JOBS_PER[name]
    if not num_jobs.get(base):
        return 0
    guess = max(1, round(num_jobs[base] * ratio))
    if name == "retarget":
        return max(guess, wanted_clips)
    return guess + num_jobs.get("retarget", 0) if name == "preview" else guess
