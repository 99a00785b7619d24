"""One small run of everything, and then the commands that read it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from rigmill.pipeline.registry import STAGES
from tests.support.paths import ROOT
from tests.support.small_runs import finish, rigmill, run_all

pytestmark = [pytest.mark.slow, pytest.mark.blender, pytest.mark.ray]


def test_plan_run_status_report_verify_and_show_agree(small: Path) -> None:
    place = small.parent / "whole"
    profile = ("--config", small, "--profile", "small")

    def ask(*arguments: str) -> str:
        return finish(rigmill(*arguments, *profile, cwd=place))

    for stage in STAGES:
        planned = {row["stage"]: row for row in json.loads(ask("plan", "--json"))}[stage]
        assert planned["depends_on"] == [] and planned["done"] == 0
        text = finish(rigmill("run", stage, *profile, "--json", cwd=place))
        counts = json.loads(text.splitlines()[-1])[stage]
        assert counts["in"] == planned["to_do"] > 0 and counts["pending"] == counts["failed"] == 0
    assert [row["to_do"] for row in json.loads(ask("plan", "--json"))] == [0] * len(STAGES)

    started = time.monotonic()
    assert "nothing to do" in finish(run_all(small, "whole"))
    assert time.monotonic() - started < 200

    status = {row["stage"]: row for row in json.loads(ask("status", "--json"))}
    assert all(row["in"] == row["kept"] + row["rejected"] for row in status.values())

    page = place / "out" / "report" / "index.html"
    ask("report")
    first = {path.name: path.read_bytes() for path in page.parent.iterdir()}
    ask("report")
    assert {path.name: path.read_bytes() for path in page.parent.iterdir()} == first
    text = page.read_text()
    clips = re.findall(r"<video[^>]*src=\"([^\"]+)\"", text)
    assert len(clips) == status["render"]["kept"] and all(name in first for name in clips)
    assert f"{status['select']['kept']}" in text and "http:" not in text and "https:" not in text

    verified = json.loads(ask("verify", "--json"))
    assert verified["problems"] == [] and verified["files"] > 60
    screen = ask("show", clips[0].partition("-")[0])
    assert len(screen.splitlines()) <= 24 and ".glb" in screen
    shown = ask("show", clips[0].partition("-")[0], "--all")
    assert all(f"== {stage}" in shown for stage in ("select", "render", "caption", "shards", "eval"))

    kept = json.loads(ask("show", clips[0].partition("-")[0], "--json"))["select"]["products"][0]
    ask("export", kept["clip_id"], "--out", "clip.glb")
    assert (place / "clip.glb").read_bytes().startswith(b"glTF")

    video = next(Path(line.split()[1]) for line in shown.splitlines() if "rgb.0.mp4" in line)
    data = bytearray(video.read_bytes())
    data[len(data) // 2] ^= 1
    video.write_bytes(data)
    process = rigmill("verify", *profile, cwd=place)
    text, _ = process.communicate(timeout=900)
    assert process.returncode == 1 and "rgb.0.mp4 has changed" in " ".join(text.split())


def test_doctor_finds_this_machine_fit(tmp_path: Path) -> None:
    findings = {row["name"]: row for row in json.loads(finish(rigmill("doctor", "--json", cwd=tmp_path)))}
    assert findings["blender cycles"]["ok"] and findings["ray"]["ok"]


def test_the_wheel_holds_every_tracked_source_file(tmp_path: Path) -> None:
    import zipfile

    root = ROOT
    tracked = subprocess.run(
        ["git", "ls-files", "rigmill", "curate", "render", "caption", "shards", "train", "eval"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    if not tracked:
        pytest.skip("not a git checkout")
    import sys

    subprocess.run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", tmp_path, root], check=True)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    assert set(tracked) <= names and "rigmill/pipelines.yaml" in names
