"""All stages for real: a trial between two plain runs costs nothing, and goes without a trace when it is cleaned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rigmill.commands import exit_status
from rigmill.storage.segments import StageTable
from tests.support.paths import ASSETS
from tests.support.small_runs import finish, results, rigmill, run_all

pytestmark = [pytest.mark.slow, pytest.mark.blender, pytest.mark.ray]
TRIAL = ("--set", "render.rgb_crf=30")
OTHER_TRAINING = ("--set", "train.num_steps=20")


@pytest.mark.long
def test_plain_trial_plain_does_no_job_twice_and_two_trainings_keep_two_models(small: Path) -> None:
    place = small.parent / "trial"

    def ask(*arguments: str) -> str:
        return finish(rigmill(*arguments, "--config", small, "--profile", "small", cwd=place))

    def rows(*arguments: str) -> dict[str, dict[str, object]]:
        return {row["stage"]: row for row in json.loads(ask(*arguments, "--json"))}

    finish(run_all(small, "trial"))
    plain = results(place)
    clips = sorted(StageTable(place / "out" / "tables", "render").outcomes()["input_id"].to_pylist())
    tried = clips[0]

    planned = rows("plan", "render", *TRIAL)["render"]
    assert planned["again"] == [{"why": "config changed (render.rgb_crf: 18 -> 30)", "jobs": len(clips)}]
    ask("run", "render", "--only", tried, *TRIAL)
    ask("run", "train", *OTHER_TRAINING)
    counts = rows("status")
    assert all(row["pending"] == 0 for row in counts.values()), "the profile's own results are all there"
    assert {name: row["unplanned"]["outcomes"] for name, row in counts.items() if row["unplanned"]["outcomes"]} == {
        "render": 1,
        "train": 1,
    }
    assert counts["train"]["unplanned"]["bytes"] > 100_000 and counts["render"]["unplanned"]["bytes"] > 1000
    assert "nothing to do" in finish(run_all(small, "trial"))
    assert rows("status", *OTHER_TRAINING)["train"]["kept"] == 1

    models = json.loads(ask("checkpoints", "--json"))
    assert sorted((one["num_steps"], one["planned"]) for one in models) == [(20, False), (30, True)]
    assert len(list((place / "out" / "runs").glob("*/train/joint.csv"))) == 2, "each run has its own curve"
    for one in models:
        made = place / one["checkpoint_id"]
        told = ("--prompt", "a fox runs", "--checkpoint", one["checkpoint_id"], "--out", made, "--frames", "5")
        process = rigmill("animate", ASSETS / "Fox.glb", *told, "--config", small, "--profile", "small", cwd=place)
        text, _ = process.communicate(timeout=600)
        assert process.returncode in (exit_status.OK, exit_status.AT_REST), text
        about = json.loads((made / "info.json").read_text())
        assert about["checkpoint"]["name"] == one["checkpoint_id"] and (made / "animated.glb").is_file()

    assert "of other settings or inputs kept" in ask("status")
    listed = ask("clean", "--unplanned", "--dry-run")
    assert [line.split()[:3] for line in listed.splitlines()[1:-1]] == [
        ["render", "1", "rows"],
        ["train", "1", "stay:"],
    ]
    ask("clean", "--unplanned")
    assert rows("status", *OTHER_TRAINING)["train"]["kept"] == 1
    ask("clean", "--unplanned", "--checkpoints")
    assert results(place) == plain
    ask("clean", "--all")
    assert not (place / "out").exists()
