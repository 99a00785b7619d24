"""Requests to Blender in a fresh process, and the files that tests use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from rigmill.blender.requests import PROBE_ASSET
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes
from rigmill.types import Motion, Rig
from tests.support.paths import ROOT

FPS = 16.0
RENDER = {
    "engine": "cycles",
    "samples": 2,
    "denoise": True,
    "min_agreement": 0.0,
    "width_px": 96,
    "height_px": 64,
    "azimuths_deg": [0.0, 90.0, 180.0, 270.0],
    "elevation_deg": 0.0,
    "field_of_view_deg": 40.0,
    "margin": 0.08,
    "background": [255, 255, 255],
    "min_coverage": 0.005,
    "max_drawn_joints": 64,
    "joint_radius_px": 5.0,
    "turn_markers": False,
    "rgb_crf": 18,
    "pose_crf": 18,
    "keyframe_interval": 12,
}


def blender(task: str, request: dict[str, Any]) -> Any:
    """The answer of one task of task.py, run in a fresh interpreter."""
    root = ROOT
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.blender.task", task, json.dumps(request), str(answer)],
            env=environment,
            cwd=root,
            capture_output=True,
            timeout=300,
            check=False,
        )
        assert answer.exists(), f"Blender ended with {done.returncode}: {done.stderr.decode()[-2000:]}"
        message = json.loads(answer.read_text())
    assert "error" not in message, message.get("error")
    return message["answer"]


def call(function: str, items: list[dict[str, Any]], scratch: Path) -> list[dict[str, Any]]:
    """Answers of a job function to `items`, all in one fresh process."""
    scratch.mkdir(parents=True, exist_ok=True)
    answers = blender("call", {"function": function, "items": items, "scratch": str(scratch)})
    assert isinstance(answers, list)
    return answers


def probe_item(path: Path) -> dict[str, Any]:
    return {"path": str(path), "format": path.suffix[1:].lower(), "fps": FPS}


def probe(path: Path, scratch: Path) -> dict[str, Any]:
    """The answer of probe_asset."""
    (answer,) = call(PROBE_ASSET, [probe_item(path)], scratch)
    return answer["value"] if "value" in answer else answer


def clip_item(path: Path, probed: dict[str, Any], motion: str, *, num_frames: int | None = None) -> dict[str, Any]:
    """The item of render_clip for the motion whose name holds `motion`."""
    found = next(item for item in probed["motions"] if motion in item["name"])
    return {
        "clip_id": "clip",
        "path": str(path),
        "format": path.suffix[1:].lower(),
        "armature": probed["armature"],
        "action": found["action"],
        "slot": found["slot"],
        "start_frame": found["start_frame"],
        "num_frames": min(num_frames or found["num_frames"], found["num_frames"]),
        "fps": FPS,
        "motion_path": None,
        "render": RENDER,
    }


def corpus(name: str) -> Path:
    """A file of the wider corpus; the test is left out where there is none."""
    root = os.environ.get("RIGMILL_CORPUS")
    if not root:
        pytest.skip("RIGMILL_CORPUS is not set")
    return Path(root) / name


def read_rig(folder: Path, name: str) -> Rig:
    return rig_from_bytes((folder / name).read_bytes())


def read_motion(folder: Path, name: str) -> Motion:
    return motion_from_bytes((folder / name).read_bytes())
