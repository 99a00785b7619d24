"""How long filtering, planning and status take with as many assets as the paper has clips, and how much memory.

    python -m benchmarks.pipeline.manifest [--rows N] [--json] [--keep FOLDER]

Synthetic rows are written through the real tables, under the keys that the real plan gives them: N collected files,
probed (refused, failed, static, with one motion or two, motions without a mesh), retargeted, previewed. Then the real
commands run, each in a process of its own, and are timed by the wall clock from start to end:

    plan_assets_s `plan` where the collected files are the only table yet, nothing remembered
    plan_anew_s   `plan` of all stages and tables with nothing remembered, as after a change of the code
    plan_s        `plan` as it is from then on; the slower of before and after filtering
    status_s      `status` of all stages, likewise
    filter_s      `run select` over every previewed clip: plan, verdicts, commits, compaction
    peak_mb       the largest resident memory of any of these processes
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.common.processes import command, environment
from rigmill.config import load
from rigmill.storage.layout import Layout

ROWS = 161_023
CONFIG = """
bench:
  inherits: demo
  output: {output}
  sources:
    - kind: procedural
      groups: [biped]
      variants: {rows}
  run: {{min_free_disk_bytes: 0}}
"""


def measure(*arguments: str, cwd: Path) -> tuple[float, float, Any]:
    """Wall seconds, peak MB (RSS) and the JSON that one command printed."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        started_with = command("rigmill", *arguments, "--profile", "bench", "--json")
        process = subprocess.Popen(started_with, cwd=cwd, stdout=output, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - started
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise SystemExit(f"rigmill {' '.join(arguments)} ended with {process.returncode}")
    return wall_s, usage.ru_maxrss / 1024, json.loads(printed.splitlines()[-1])


def measurements(folder: Path, *, num_rows: int) -> Iterator[tuple[str, Any]]:
    """Everything that is printed, as it is found."""
    shipped = Path(load.default_file()).read_text()
    (folder / "pipelines.yaml").write_text(shipped + CONFIG.format(output=folder / "out", rows=num_rows))
    layout = Layout(folder / "out")
    yield "rows", num_rows
    started = time.monotonic()
    # By a process of its own: the peak memory of a child is never less than what its parent had when it began.
    subprocess.run(command("benchmarks.pipeline.made_tables", folder), env=environment(), check=True)
    yield "writing_s", round(time.monotonic() - started, 1)
    yield "tables_mb", round(sum(path.stat().st_size for path in layout.tables.rglob("*.parquet")) / 1e6)
    shutil.rmtree(layout.plans, ignore_errors=True)  # what the writing left; a first plan is made of everything
    assets = folder / "assets"
    shutil.copytree(layout.tables / "collect", Layout(assets).tables / "collect")
    steps = (
        ("plan_assets_s", "plan", "--set", f"output={assets}"),
        ("plan_anew_s", "plan"),
        ("status_s", "status"),
        ("plan_s", "plan"),
        ("filter_s", "run", "select"),
        ("plan_s", "plan"),
        ("status_s", "status"),
    )
    slowest: dict[str, float] = {}
    peak_mb, last = 0.0, []
    for name, *arguments in steps:
        wall_s, used_mb, last = measure(*arguments, cwd=folder)
        peak_mb = max(peak_mb, used_mb)
        if name not in slowest:
            yield f"{name[:-2]}_mb", round(used_mb)
        slowest[name] = max(wall_s, slowest.get(name, 0.0))
    yield (
        "status",
        {
            row["stage"]: {key: row[key] for key in ("in", "kept", "rejected", "failed", "pending")}
            for row in last
            if row["in"]
        },
    )
    yield from ((name, round(wall_s, 2)) for name, wall_s in slowest.items())
    yield "peak_mb", round(peak_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"collected files (default: {ROWS})")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON at the end")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the tables there and leave them")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = parsed.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = {}
        for name, figure in measurements(folder, num_rows=parsed.rows):
            figures[name] = figure
            if not parsed.json:
                print(f"{name}: {figure}", flush=True)
    if parsed.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
