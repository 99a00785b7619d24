"""A training of three stages in a whole run: each from the one before, the last judged, a changed one alone again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rigmill.commands.checkpoints import checkpoints
from rigmill.config.load import load
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from tests.support.tiny_runs import Tiny, write_profile

pytestmark = [pytest.mark.slow, pytest.mark.blender]  # two minutes

STAGES = (
    "train.stages=[{name: base, trains: video, num_views: 1}, "
    "{name: stage1, trains: adapters, num_views: 1, starts_from: base}, "
    "{name: stage2, trains: views, num_views: 4, starts_from: stage1%s}]"
)
HELD_OUT = "shards.bench_share=0.6"  # of so few assets, for one to be held out


def test_a_run_trains_every_stage_from_the_one_before_and_judges_the_last(tmp_path: Path) -> None:
    config, layout = write_profile(tmp_path), Layout(tmp_path / "out")
    tiny = Tiny(config)
    tiny.resolved = load("tiny", file=config, overrides=(STAGES % "", HELD_OUT))
    tiny.run(layout)
    first = checkpoints(View(layout.tables, tiny.resolved.profile))
    assert [one["stage"] for one in first] == ["base", "stage1", "stage2"] and all(one["planned"] for one in first)
    assert [one["parent"] for one in first[1:]] == [one["checkpoint_id"] for one in first[:2]]
    view = View(layout.tables, tiny.resolved.profile)
    judged = {row["checkpoint_id"] for row in view.products("eval") if row["checkpoint_id"]}
    assert judged == {first[2]["checkpoint_id"]}
    curves = sorted(layout.runs.glob("*/train/*.csv"))
    assert [path.name for path in curves] == [
        f"{stage}.{kind}"
        for stage in ("base", "stage1", "stage2")
        for kind in ("csv", "mixture.csv", "parameters.csv", "speed.csv")
    ]

    tiny.resolved = load("tiny", file=config, overrides=(STAGES % ", learning_rate: 0.01", HELD_OUT))
    tiny.run(layout)
    again = checkpoints(View(layout.tables, tiny.resolved.profile))
    assert {one["checkpoint_id"] for one in first} < {one["checkpoint_id"] for one in again} and len(again) == 4
    assert [one["stage"] for one in again if not one["planned"]] == ["stage2"]
    last = layout.latest_run()
    assert last is not None
    kinds = "csv log compute.json first-batch.png mixture.csv parameters.csv progress.json speed.csv".split()
    assert {path.name for path in (last / "train").iterdir()} == {f"stage2.{kind}" for kind in kinds}
    assert json.loads((last / "run.json").read_text())["counts"]["train"] == {
        "in": 3,
        "kept": 3,
        "rejected": 0,
        "failed": 0,
        "pending": 0,
    }
