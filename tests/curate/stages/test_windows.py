"""A long motion, through real Blender: it gives the clips that its movement says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from curate.world.make import make
from rigmill.commands.cli import main
from rigmill.config.load import load
from rigmill.outcomes import Status
from rigmill.pipeline.view import View
from rigmill.report.funnel import funnel, read_ends
from rigmill.storage.layout import Layout
from rigmill.types import Row
from tests.support.paths import ROOT

pytestmark = [pytest.mark.blender, pytest.mark.ray, pytest.mark.slow]

MOVES = (range(100, 150), range(300, 350))  # of 400 frames; in all others it stands


def long_motion() -> bytes:
    """A dog that holds still, walks in its place, holds still, and walks again."""
    made = make("dog", 0, 3, takes=1, only=["walk"], num_frames=400)
    (take,) = made.takes
    shown = np.zeros(400, dtype=int)
    for frame in range(1, 400):
        shown[frame] = shown[frame - 1] + any(frame in moves for moves in MOVES)
    held = {name: turns[shown] if turns.ndim == 3 else turns for name, turns in take.turns.items()}
    shifts = {name: moved[shown] if np.ndim(moved) == 2 else moved for name, moved in take.shifts.items()}
    return replace(made, takes=(replace(take, turns=held, shifts=shifts),)).to_glb()


def selected(folder: Path) -> View:
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "dog.glb").write_bytes(long_motion())
    profile = {
        "long": {
            "inherits": "demo",
            "output": str(folder / "out"),
            "sources": [{"kind": "folder", "name": "mine", "path": str(folder / "files"), "licence": "CC0-1.0"}],
            "filters": {"max_frames": 81, "preview_px": 96, "preview_frames": 5},
            "run": {"min_free_disk_bytes": 0},
        }
    }
    config = folder / "pipelines.yaml"
    config.write_text((ROOT / "pipelines.yaml").read_text() + "\n" + yaml.safe_dump(profile))
    assert main(["run", "curate", "--config", str(config), "--profile", "long"]) == 0
    return View(Layout(folder / "out").tables, load("long", file=config).profile)


def windows(rows: list[Row]) -> list[tuple[int, int, int]]:
    return sorted((row["first_frame"], row["num_frames"], row["motion_frames"]) for row in rows)


def test_a_motion_of_400_frames_gives_the_clips_that_its_movement_says(tmp_path: Path) -> None:
    view = selected(tmp_path / "once")
    kept = list(view.products("select"))
    assert windows(kept) == [(81, 81, 400), (243, 81, 400), (319, 81, 400)]
    refused = [row for row in view.outcomes("select") if row["status"] == Status.REJECTED.value]
    assert {row["code"] for row in refused} == {"little_motion"}
    assert sorted(row["message"].rpartition(", ")[2] for row in refused) == [
        "frames 0 to 80 of 400)",
        "frames 162 to 242 of 400)",
    ]
    (mine,) = [row for row in funnel(view, read_ends(view)) if row.source == "mine"]
    assert mine.numbers[2:6] == (1, 1, 5, 5)  # one rig, one motion, five windows, all of them seen

    again = selected(tmp_path / "again")
    assert [dict(row) for row in again.products("preview")] == [dict(row) for row in view.products("preview")]
