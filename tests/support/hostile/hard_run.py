"""Runs the files of hard_files.py through the pipeline and says how each ended.

    PYTHONPATH=. python tests/support/hostile/hard_run.py FOLDER --engine auto [--heavy] [--only NAME ...]

prints the table of docs/hard-files.md; FOLDER keeps the files and whatever the run made of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rigmill.config.load import load
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from rigmill.types import StoredFile
from tests.support.hostile.hard_files import files, heavy_files
from tests.support.paths import ROOT

# Limits on the child are the demo's. Filters let pass what they can, so that the renderer has to meet it.
PROFILE = """
hard:
  inherits: demo
  output: {out}
  sources:
    - kind: folder
      path: {folder}
      licence: unknown
  filters:
    min_frames: 4
    max_frames: 5
    max_windows: 1
    min_moving_frames: 1
    max_jump: 1000000
    min_vertices: 1
    min_faces: 1
    max_vertices: 10000000
    max_faces: 10000000
    min_texture_px: 1
    min_base_colours: 1
    max_grey_share: 1
    min_flow_px: 0.001
    preview_px: 64
    preview_frames: 2
  render: {{engine: {engine}, samples: {samples}, denoise: false, width_px: 128, height_px: 128, masks: true,
    joint_radius_px: 13}}
  run: {{min_free_disk_bytes: 0, max_failed_share: 1.0}}
"""


@dataclass
class End:
    """How one file ended: in the last stage that had it, with the outcome's columns, and what all stages cost."""

    stage: str = ""
    status: str = ""
    code: str = ""
    message: str = ""
    measured: float | None = None
    limit: float | None = None
    rig: dict[str, Any] | None = None  # product of probe
    peak_bytes: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    product: dict[str, Any] | None = None  # of render
    contents: dict[str, bytes] = field(default_factory=dict)  # its files

    @property
    def ended(self) -> str:
        """kept, static (a sound character without a motion of its own), or the code."""
        if self.status != "kept":
            return self.code or self.status
        return "kept" if self.stage == "render" or self.rig is None else str(self.rig["kind"])


def run(contents: dict[str, bytes], place: Path, *, engine: str, samples: int = 2, workers: int = 2) -> dict[str, End]:
    """The end of each file, by its name without the suffix."""
    folder, config = place / "files", place / "pipelines.yaml"
    folder.mkdir(parents=True)
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    text = PROFILE.format(out=place / "out", folder=folder, engine=engine, samples=samples)
    config.write_text((ROOT / "pipelines.yaml").read_text() + text)
    command = [
        sys.executable,
        "-P",
        "-m",
        "rigmill",
        "run",
        "curate",
        "render",
        "--config",
        str(config),
        "--profile",
        "hard",
        "--workers",
        str(workers),
    ]
    done = subprocess.run(
        command,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return read(place)


def read(place: Path) -> dict[str, End]:
    """What the tables and the run's log say."""
    profile = load("hard", file=place / "pipelines.yaml").profile
    layout = Layout(Path(profile.output))
    view = View(layout.tables, profile)
    costs: dict[tuple[str, str], dict[str, Any]] = {}
    for log in sorted(layout.root.glob("runs/*/measurements.jsonl")):
        for row in map(json.loads, log.read_text().splitlines()):
            costs[row["stage"], row.get("input_id", "")] = row
    asset_name = {row["asset_id"]: Path(row["source_uid"]).stem for row in view.products("collect")}
    ends: dict[str, End] = {}
    for stage in ("collect", "probe", "preview", "select", "render"):
        for job in view.stage(stage).plan(view, profile):
            payload = job.payload
            name = asset_name.get(payload.get("asset_id", "")) or Path(payload["uid"]).stem
            outcome = next(row for row in view.outcomes(stage) if row["job_key"] == job.key)
            end, cost = ends.setdefault(name, End()), costs.get((stage, job.input_id), {})
            end.stage, end.status = stage, outcome["status"]
            end.code = outcome["code"] or outcome["fail_kind"] or ""
            end.message, end.measured, end.limit = outcome["message"] or "", outcome["measured"], outcome["limit"]
            end.peak_bytes = max(end.peak_bytes, cost.get("peak_bytes", 0))
            end.cpu_s += cost.get("cpu_s", 0.0)
            end.wall_s = max(end.wall_s, cost.get("wall_s", 0.0))
    for row in view.products("probe"):
        ends[asset_name[row["asset_id"]]].rig = dict(row)
    for row in view.products("render"):
        end = ends[asset_name[row["asset_id"]]]
        end.product = dict(row)
        end.contents = {item["name"]: layout.store.read(StoredFile.from_row(item)) for item in row["files"]}
    return ends


def table(ends: dict[str, End]) -> str:
    """The page's table."""
    lines = [
        "| file | ends as | drawn by | least coverage | measured, limit | peak RSS, MB | CPU, s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, end in ends.items():
        drawn = end.product or {"engine": "", "min_coverage": None}
        coverage = "" if drawn["min_coverage"] is None else f"{drawn['min_coverage']:.1%}"
        limits = "" if end.measured is None else f"{end.measured:.3g}, {end.limit:.3g}"
        stage = "" if end.status == "kept" else f" ({end.stage})"
        lines.append(
            f"| {name} | {end.ended}{stage} | {drawn['engine']} | {coverage} | {limits} "
            f"| {end.peak_bytes / 2**20:.0f} | {end.cpu_s:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--heavy", action="store_true", help="the large files instead of the small ones")
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    given = heavy_files() if arguments.heavy else files()
    chosen = {name: data for name, data in given.items() if not arguments.only or Path(name).stem in arguments.only}
    ends = run(chosen, arguments.folder, engine=arguments.engine, workers=1 if arguments.heavy else 2)
    print(table({Path(name).stem: ends[Path(name).stem] for name in chosen}))


if __name__ == "__main__":
    main()
