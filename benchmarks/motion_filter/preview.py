"""CPU seconds of looking at one clip: as the stage does it, and as it did before; one run, as a ratio.

    python -m benchmarks.motion_filter.preview [--json]

Before: every picture by Cycles, with the asset's own materials and lights, flow between consecutive frames alone. Now:
by the rasteriser, under a coat of noise without lights, four pictures for people, and flow over the whole clip besides.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import cv2

from benchmarks.common.figures import quiet
from benchmarks.common.paths import ROOT
from benchmarks.motion_filter.calibration import previewed, probed
from benchmarks.motion_filter.cases import FPS
from curate.filters.flow import flow_px_per_frame
from render.blender.engines.blender import BlenderEngine
from render.blender.jobs import preview as stage
from render.blender.subject.player import loaded_subject, make_player, measure
from render.numbers import clip_cameras
from rigmill.blender.requests import Clip

CLIPS = (("Fox.glb", "Survey"), ("Fox.glb", "Run"), ("Quaternius_Lever.glb", ""), ("RiggedSimple.glb", ""))
ROUNDS = 2


def before(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> float:
    started = time.process_time()
    view = replace(stage.CHEAP, width_px=item["preview_px"], height_px=item["preview_px"])
    clip = Clip.from_item(item)
    player = make_player(loaded_subject(state, path=clip.path, file_format=clip.format, fps=clip.fps), clip)
    numbers = measure(player)
    starts = stage.pair_starts(clip.num_frames, item["preview_frames"])
    frames = sorted({frame for start in starts for frame in (start, start + 1)})
    cameras = clip_cameras(numbers.clip_bounds, view)
    subject = player.subject
    subject.normalise(numbers.offset, numbers.scale)
    engine = BlenderEngine(cameras, replace(view, engine="cycles", samples=2, denoise=False), scratch)
    names = stage.write_pictures(
        player,
        numbers,
        frames,
        lambda frame: engine.shoot(numbers.frame_bounds[frame]),
        cameras=cameras,
        folder=scratch,
    )
    engine.close()
    views = [
        dict(
            zip(
                frames,
                (
                    cv2.cvtColor(cv2.imread(str(scratch / name), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
                    for name in view
                ),
            )
        )
        for view in names
    ]
    flow_px_per_frame([(view[start], view[start + 1]) for view in views for start in starts])
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    old_s, new_s = [], []
    with tempfile.TemporaryDirectory() as folder, quiet():
        for name, motion in CLIPS:
            path, state = str(ROOT / "tests" / "assets" / name), {}
            found = probed(path, Path(folder))
            take = next(item for item in found["motions"] if motion in item["name"])
            item = {
                "clip_id": "clip",
                "path": path,
                "format": "glb",
                "armature": found["armature"],
                "action": take["action"],
                "slot": take["slot"],
                "start_frame": take["start_frame"],
                "fps": FPS,
                "num_frames": min(25, take["num_frames"]),
                "motion_path": None,
                "preview_px": 128,
                "preview_frames": 9,
            }
            before(item, state, Path(folder))  # what Blender builds once
            for _ in range(ROUNDS):
                old_s.append(before(item, state, Path(folder)))
                new_s.append(previewed(item, state, Path(folder))[1])
    result = {
        "before_s_per_clip": round(median(old_s), 3),
        "now_s_per_clip": round(median(new_s), 3),
        "ratio": round(sum(new_s) / sum(old_s), 3),
    }
    print(json.dumps(result) if as_json else "\n".join(f"{key}: {value}" for key, value in result.items()), flush=True)
    os._exit(0)  # Blender's interpreter does not always end by itself


if __name__ == "__main__":
    main()
