"""What a run would do, and what it would cost, before anything is spent."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from rigmill.pipeline.runlog import measured_seconds
from rigmill.pipeline.stage import Spend
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from rigmill.storage.named_files import files_of


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
            earlier = {row["stage"]: int(row["expected"]) + int(row["done"]) for row in rows}
            expected = max(num_open, stage.guess_jobs(earlier, view.profile) - done)
        num_measured, seconds = measured.get(name, (0, stage.usual_seconds))
        stored_bytes = 0 if blocked or stage.inline else _stored_bytes(view, name)  # an inline stage makes no files
        rows.append(
            {
                "stage": name,
                "to_do": num_open,
                "done": done,
                "expected": expected,
                "depends_on": open_upstream,
                "core_s": round(expected * seconds * stage.resources.num_cpus, 1),
                "core_s_per_job": round(seconds, 3),
                "rate_from": f"{num_measured} measured" if num_measured else "default",
                "disk_bytes": round(expected * stored_bytes / max(1, done))
                if stored_bytes or stage.inline or not expected
                else None,
                "gpu_s": round(expected * seconds * stage.resources.num_gpus, 1),
                "notes": list(stage.notes(view, view.profile) if num_known else stage.early_notes(view.profile)),
                **_spend(stage.spend(expected, view.profile)),
            }
        )
    return rows


def _spend(spend: Spend | None) -> dict[str, Any]:
    """Requests, tokens and money; the money is None where no price is known."""
    spend = spend or Spend(0, 0, 0, 0.0)
    return {
        "api_calls": spend.requests,
        "input_tokens": spend.input_tokens,
        "output_tokens": spend.output_tokens,
        "usd": spend.usd if spend.usd is None else round(spend.usd, 4),
    }


def _stored_bytes(view: View, name: str) -> int:
    """Bytes of the files that the stage's rows name."""
    rows = view.products(name)
    total = sum(pc.sum(files["size_bytes"], min_count=0).as_py() for files in files_of(rows.column, rows.fields))
    rows.release()
    return int(total)
