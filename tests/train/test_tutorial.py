"""Every command of docs/tutorials/train-the-paper-model.md, one after the other, on a pipeline of tiny parts."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors

from rigmill.clips.pictures import picture
from tests.support.paths import ROOT
from tests.support.tiny_wan import save_tiny_wan
from train.finished import read_folder
from train.recipes import tiny_wan

PAGE = ROOT / "docs" / "tutorials" / "train-the-paper-model.md"
# In place of profile `paper`: the same stages, on Wan's path, of a few generated clips.
SMALL = """
small:
  inherits: demo
  sources:
    - {kind: procedural, groups: [cabinet, biped, motion], variants: 1}
  filters: {max_frames: 17, preview_px: 48, preview_frames: 3}
  render: {samples: 1, denoise: false, width_px: 64, height_px: 64, joint_radius_px: 9, engine: raster}
  shards: {shard_mb: 1, bench_share: 0, val_share: 0.5}
  train:
    recipe: tiny_wan
    size_px: 32
    num_frames: 17
    num_steps: 4
    batch_size: 2
    checkpoint_interval: 2
    sampling_steps: 1
    stages:
      - {name: stage1, trains: adapters, num_views: 1}
      - {name: stage2, trains: views, num_views: 4, starts_from: stage1}
  run: {min_free_disk_bytes: 0, workers: 1}
"""


@pytest.mark.slow  # a minute or two: all stages, of a few clips
@pytest.mark.blender
@pytest.mark.ray
def test_every_command_of_the_tutorial_runs_in_its_order(tmp_path: Path) -> None:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (profile,) = (text for kind, text in blocks if kind == "yaml")
    commands = [text for kind, text in blocks if kind == "bash"]
    assert len(commands) == 9 and profile.startswith("mine:\n  inherits: paper\n")
    ours = profile.replace("inherits: paper\n", "inherits: small\n")
    (tmp_path / "pipelines.yaml").write_text((ROOT / "pipelines.yaml").read_text() + SMALL + ours)
    save_tiny_wan(tmp_path / "weights" / "wan", tiny_wan(32))
    (tmp_path / "fox.glb").write_bytes((ROOT / "tests" / "assets" / "Fox.glb").read_bytes())
    (tmp_path / "bin").mkdir()
    tools = {"rigmill": f'exec "{sys.executable}" -m rigmill "$@"', "python": f'exec "{sys.executable}" "$@"'}
    for name, line in tools.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    env = {
        **os.environ,
        "HOME": str(tmp_path),
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),  # not this process's whole path: who has imported Blender has its folders there
    }

    def run(script: str, *, ends: tuple[int, ...]) -> str:
        done = subprocess.run(
            ["bash", "-euxc", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=800
        )
        assert done.returncode in ends, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    said = " ".join(run("\n".join(commands[:-1]), ends=(0,)).split())
    run(commands[0] + commands[-1], ends=(0, 3))  # at rest: of four steps nobody learns to draw a joint
    output = tmp_path / "data" / "mine"
    assert "stage1 draws 8 clips" in said and "train: stage stage2, step 4 of 4" in said and "validation" in said
    kinds = {"csv", "speed.csv", "validation.csv", "samples.csv", "parameters.csv", "first-batch.png", "mixture.csv"}
    curves = next(path for path in sorted(output.glob("runs/*/train")) if (path / "stage1.csv").is_file())
    for stage, trains in (("stage1", {"lora", "modality"}), ("stage2", {"camera", "views"})):
        assert all((curves / f"{stage}.{kind}").stat().st_size for kind in kinds)
        lines = list(csv.DictReader((curves / f"{stage}.parameters.csv").read_text().splitlines()))
        assert {line["group"] for line in lines if int(line["trained"])} == trains
        assert (curves / f"{stage}-0000004.mp4").stat().st_size and picture(
            (curves / f"{stage}-0000004.png").read_bytes()
        ).size
        assert read_folder(curves / f"{stage}.best").about["best"]["step"] in (0, 4)
        assert len((curves / f"{stage}.validation.csv").read_text().splitlines()) == 1 + 2 * 19
    page = (output / "report" / "index.html").read_text()
    assert "tokens per second" in page and "validation" in page and "optimiser step" in page
    with safetensors.safe_open(tmp_path / "stage1-lora.safetensors", framework="pt") as lora:
        assert any("lora_A" in name for name in lora.keys())
    info = json.loads((tmp_path / "fox-runs" / "info.json").read_text())
    assert info["prompt"] == "a fox runs" and (tmp_path / "fox-runs" / "animated.glb").stat().st_size
