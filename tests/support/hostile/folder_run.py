"""A folder of files through the first stages of the pipeline, in this process: one worker, and Blender where needed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rigmill.blender.client import Limits
from rigmill.config.load import Resolved, load
from rigmill.pipeline.driver import Driver, Options
from rigmill.pipeline.executors.in_process import InProcess
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked
from tests.support.paths import ROOT

PROFILE = """
strange:
  inherits: demo
  output: {out}
  sources:
    - {{kind: folder, path: {folder}, licence: unknown}}
  filters: {{min_frames: 4, max_frames: 5, max_windows: 1, min_moving_frames: 1, max_jump: 1000000, min_vertices: 1,
    min_faces: 1, min_texture_px: 1,
    min_base_colours: 1, max_grey_share: 1, min_flow_px: 0.001, preview_px: 64, preview_frames: 2}}
  limits: {{wall_s: 50, cpu_s: 50}}
  run: {{min_free_disk_bytes: 0, max_failed_share: 1.0}}
"""


def resolved(place: Path) -> Resolved:
    """The profile whose files are in `place/files` and whose output is in `place/out`."""
    config = place / "pipelines.yaml"
    text = PROFILE.format(out=place / "out", folder=place / "files")
    config.write_text((ROOT / "pipelines.yaml").read_text() + text)
    return load("strange", file=config)


def view(place: Path) -> View:
    """What the tables say now."""
    return View(Layout(place / "out").tables, resolved(place).profile)


def run(place: Path, stages: Sequence[str] = ("collect", "probe", "retarget", "preview", "select")) -> View:
    """Run these stages over `place/files`; what the tables say then."""
    found, layout = resolved(place), Layout(place / "out")
    limits = Limits(**found.profile.limits.model_dump())
    with locked(layout), Progress(io.StringIO()) as progress:
        executor = InProcess(layout.root, limits)
        Driver(found, layout, Options(stages=tuple(stages)), progress=progress, executor=executor).run()
    return view(place)


def ends(shown: View, stages: Sequence[str] = ("collect", "probe", "preview")) -> dict[str, dict[str, Any]]:
    """By file: the outcome row of the last stage that it reached, with that stage's name as `stage`.

    Of a motion's windows one that was not kept, where there is one.
    """
    found: dict[str, dict[str, Any]] = {}
    name_of: dict[str, str] = {}
    for stage in stages:
        of_key = {row["job_key"]: dict(row) for row in shown.outcomes(stage)}
        settings = shown.stage(stage).settings(shown.profile)
        for stub in shown.stage(stage).stubs(shown, shown.profile):
            payload = stub.job(stage, settings).payload
            name = payload["uid"] if stage == "collect" else name_of.get(str(payload.get("asset_id")), stub.input_id)
            end = {"stage": stage, **of_key.get(stub.key, {"status": "pending"})}
            if end["status"] != "kept" or found.get(name, {}).get("stage") != stage:
                found[name] = end
        if stage == "collect":
            name_of = {row["asset_id"]: row["source_uid"] for row in shown.products("collect")}
    return found
