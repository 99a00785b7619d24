"""What docs/filters.md claims of the motion filter, on real previews."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from benchmarks.motion_filter.loops import figures
from curate.filters.flow import Seen, look
from rigmill.blender.requests import PREVIEW_CLIP
from rigmill.config.load import load
from tests.support.blender.calls import call, clip_item, corpus, probe
from tests.support.paths import ROOT

LIMIT_PX = load("demo").profile.filters.min_flow_px


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.blender
def test_measured_motion_follows_true_motion_whatever_the_look_and_size() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "benchmarks.motion_filter", "--quick", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=1800,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["static_floor_px"] == 0.0
    # Between poses that are far apart what one hides of the other makes the flow too large.
    assert 0.6 < found["most_over_true_p10"] <= found["most_over_true_p90"] < 1.7
    assert found["mean_over_true_p10"] > 1.3 * found["own_look_mean_over_true_p10"]
    assert found["spread_over_looks"] == 1.0
    assert found["spread_over_sizes"] < 2.2  # of previews of 128 and 256 px, framed tightly and widely
    assert found["num_visible"] > 8 and found["visible_dropped"] == 0
    assert found["num_invisible"] > 3 and found["invisible_kept"] == 0


def seen(name: str, motion: str, scratch: Path) -> Seen:
    """What the preview shows of a corpus file's motion."""
    path = corpus(name)
    item = clip_item(path, probe(path, scratch), motion, num_frames=25) | {"preview_px": 128, "preview_frames": 9}
    (answer,) = call(PREVIEW_CLIP, [item], scratch)
    found, folder = answer["value"], scratch / answer["value"]["folder"]
    views = [
        [cv2.cvtColor(cv2.imread(str(folder / picture), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA) for picture in view]
        for view in found["views"]
    ]
    return look(views, frames=found["frames"], starts=found["starts"])


@pytest.mark.slow
@pytest.mark.blender
@pytest.mark.corpus
def test_a_television_that_stands_still_is_dropped_and_a_man_who_idles_is_kept(tmp_path: Path) -> None:
    still = seen("sketchfab/grandmas_tv.glb", "Scene", tmp_path)
    assert still.flow_px < LIMIT_PX / 10
    idle = seen("quaternius_fbx/Male_Casual.fbx", "Man_Idle", tmp_path)
    assert idle.flow_px > 2 * LIMIT_PX and idle.flow_px_per_frame < 0.15  # the mean alone would have lost him


def test_motions_are_counted_by_how_they_end_and_by_their_own_rate() -> None:
    limits = {"min_frames": 16}
    long = {
        "num_frames": 40,
        "num_own_frames": 60,
        "own_fps": 24.0,
        "fps": 16.0,
        "loop_gap": 0.5,
        "period_frames": None,
    }
    loop = long | {"num_frames": 12, "num_own_frames": 18, "loop_gap": 0.0, "period_frames": 11.4}
    hit = long | {"num_frames": 14, "num_own_frames": 21, "loop_gap": 0.15}
    twitch = long | {"num_frames": 5, "num_own_frames": 8, "loop_gap": 0.03, "period_frames": 4.2}
    assert figures([long, loop, hit, twitch], limits) == {
        "motions": 4,
        "gap <= 0.001": 1,
        "gap <= 0.01": 1,
        "gap <= 0.05": 2,
        "gap <= 0.1": 2,
        "gap <= 0.2": 3,
        "too few frames at the profile's rate": 3,
        "of these enough at their own": 2,
        "of these loops": 1,
    }
