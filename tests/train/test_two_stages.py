"""The stages of a training as jobs: a row each, each from the checkpoint that it names, nothing frozen moved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from rigmill.config.wording import contradictions
from rigmill.errors import UserError
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.storage.files import Store, canonical_json
from rigmill.storage.layout import Layout
from rigmill.types import StoredFile
from tests.support.paths import ROOT
from tests.support.training import PAPER, Index, Lent, commit, jobs_of, lent, profile_of, run_jobs
from train.inputs import TrainSettings
from train.loop.checkpoints import checkpoints
from train.stage import TrainStage

Trained = tuple[list[dict[str, Any]], Lent]


@pytest.fixture(scope="module")
def short(settings: TrainSettings) -> TrainSettings:
    return replace(settings, num_steps=3, num_frames=5, checkpoint_interval=2)


@pytest.fixture(scope="module")
def trained(rows: Index, store: Store, short: TrainSettings, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A base, stage 1 and stage 2, of three steps each."""
    work = lent(tmp_path_factory.mktemp("two-stages"), store)
    return run_jobs(jobs_of(rows, short, stages=PAPER), work), work


def file(row: dict[str, Any], name: str, store: Store) -> bytes:
    (found,) = (StoredFile.from_row(stored) for stored in row["files"] if stored["name"] == name)
    return store.read(found)


def tensors(row: dict[str, Any], store: Store) -> dict[str, torch.Tensor]:
    return safetensors.torch.load(file(row, "model.safetensors", store))


def test_each_stage_is_a_job_that_comes_after_what_it_starts_from(rows: Index, short: TrainSettings) -> None:
    jobs = jobs_of(rows, short, stages=PAPER)
    assert [job.input_id.rpartition("-")[0] for job in jobs] == ["0-base", "1-stage1", "2-stage2"]
    assert len({job.group for job in jobs}) == 1 and TrainStage.batch >= len(jobs), "one worker gets them together"
    assert jobs[1].payload["start"] == {"stage": "base", "input_id": jobs[0].input_id}


def test_a_change_of_one_stage_trains_it_and_what_follows_and_nothing_before(rows: Index, short: TrainSettings) -> None:
    before = [job.key for job in jobs_of(rows, short, stages=PAPER)]
    for place in range(3):
        stages = [dict(stage) for stage in PAPER]
        stages[place]["learning_rate"] = 0.5
        after = [job.key for job in jobs_of(rows, short, stages=stages)]
        assert after[:place] == before[:place] and not set(after[place:]) & set(before)
    assert [job.key for job in jobs_of(rows, short, stages=PAPER[:2])] == before[:2]


def test_stages_that_contradict_each_other_are_named(short: TrainSettings) -> None:
    short = replace(short, mixture={})
    later = [{**PAPER[0], "starts_from": "stage1"}, PAPER[1]]
    (found,) = contradictions(profile_of(short, stages=later))
    assert found[0] == ("train", "stages", 0, "starts_from")
    (found,) = contradictions(profile_of(short, stages=[PAPER[0], PAPER[0]]))
    assert found[0] == ("train", "stages", 1, "name")


def test_rows_name_their_parents_and_what_was_trained(trained: Trained) -> None:
    kept, work = trained
    assert [(row["stage"], row["trains"], row["depth"]) for row in kept] == [
        ("base", "video", 0),
        ("stage1", "adapters", 1),
        ("stage2", "views", 2),
    ]
    assert [row["parent"] for row in kept] == [None, kept[0]["checkpoint_id"], kept[1]["checkpoint_id"]]
    assert kept[0]["num_trained"] == kept[0]["num_parameters"] and kept[1]["num_trained"] < kept[1]["num_parameters"]
    about = [json.loads(file(row, "config.json", work.store)) for row in kept]
    assert [one["model"]["denoiser"]["modalities"] for one in about] == [["rgb"], ["rgb", "pose"], ["rgb", "pose"]]
    assert [one["model"]["views_per_clip"] for one in about] == [1, 1, 4]
    assert len({one["samples_digest"] for one in about}) == 1 and about[2]["parent"] == kept[1]["checkpoint_id"]


def test_no_frozen_tensor_moves_and_every_trained_one_does(trained: Trained) -> None:
    kept, work = trained
    base, first, second = (tensors(row, work.store) for row in kept)
    for name, tensor in base.items():
        plain = (
            name
            if name in first
            else name.replace(".weight", ".base_layer.weight").replace(".bias", ".base_layer.bias")
        )
        assert torch.equal(first[plain], tensor) != ("modality" in name), name
    assert all(torch.equal(second[name], tensor) for name, tensor in first.items())
    added = set(second) - set(first)
    assert {name.split(".")[1] for name in added} == {"camera", "views"}
    for name in second:
        if name.endswith("to_out.0.weight") and ".views." in name:
            assert second[name].any(), "what began at zero has been trained"
        if "lora_B" in name:
            assert second[name].any()


def test_what_pose_maps_mean_is_inside_every_checkpoint(trained: Trained) -> None:
    kept, work = trained
    for row in kept:
        definition = PoseMapDefinition.from_row(json.loads(file(row, "config.json", work.store))["pose_map"])
        assert (definition.drawn_height_px, definition.max_joints) == (256, 64)
        with pytest.raises(ValueError, match="palette_rule"):
            PoseMapDefinition.from_row({**definition.to_row(), "palette_rule": "another"})


def test_a_finished_stage_is_found_again_from_its_note_and_from_the_table(
    trained: Trained, rows: Index, store: Store, short: TrainSettings, tmp_path: Path
) -> None:
    kept, before = trained
    jobs = jobs_of(rows, short, stages=PAPER)
    before.said.clear()
    assert run_jobs(jobs, before) == kept and not before.said, "nothing is trained again"
    # Another output that has the rows of the first two stages alone, and no notes.
    work = lent(tmp_path, before.store)
    commit(jobs[:2], kept[:2], Layout(tmp_path))
    assert run_jobs(jobs[2:], work) == kept[2:] and len(work.said) == 3


def test_a_stage_starts_from_a_checkpoint_by_its_id_or_folder(
    trained: Trained, rows: Index, short: TrainSettings, tmp_path: Path
) -> None:
    kept, before = trained
    jobs = jobs_of(rows, short, stages=PAPER)
    work = lent(tmp_path / "out", before.store)
    commit(jobs[:1], kept[:1], Layout(work.output))
    folder = tmp_path / "copied"
    folder.mkdir()
    for name in ("model.safetensors", "config.json"):
        (folder / name).write_bytes(file(kept[0], name, before.store))
    for start in (kept[0]["checkpoint_id"][:6], str(folder)):
        alone = jobs_of(rows, short, stages=[{**PAPER[1], "starts_from": start}])
        (row,) = run_jobs(alone, work)
        assert row["parent"] == kept[0]["checkpoint_id"]
        assert file(row, "model.safetensors", work.store) == file(kept[1], "model.safetensors", before.store)


def test_a_copied_checkpoint_with_a_flipped_bit_is_refused(
    trained: Trained, rows: Index, short: TrainSettings, tmp_path: Path
) -> None:
    kept, before = trained
    data = bytearray(file(kept[0], "model.safetensors", before.store))
    data[-5] ^= 4
    (tmp_path / "model.safetensors").write_bytes(data)
    (tmp_path / "config.json").write_bytes(file(kept[0], "config.json", before.store))
    jobs = jobs_of(rows, short, stages=[{**PAPER[1], "starts_from": str(tmp_path)}])
    with pytest.raises(UserError, match="no checkpoint there") as caught:
        run_jobs(jobs, lent(tmp_path / "out", before.store))
    assert "model.safetensors has changed since it was written" in caught.value.why


@pytest.mark.parametrize(
    ("start", "code", "words"),
    [("abc123", "E523", "no checkpoints begin so"), ("/nowhere/at/all", "E523", "no checkpoint there")],
)
def test_a_start_that_is_not_there_is_an_error_of_its_own(
    rows: Index, store: Store, short: TrainSettings, tmp_path: Path, start: str, code: str, words: str
) -> None:
    jobs = jobs_of(rows, short, stages=[{**PAPER[1], "starts_from": start}])
    with pytest.raises(UserError, match=words) as caught:
        run_jobs(jobs, lent(tmp_path, store))
    assert caught.value.code == code and caught.value.fix


def test_a_stage_whose_parent_failed_says_so(rows: Index, store: Store, short: TrainSettings, tmp_path: Path) -> None:
    jobs = jobs_of(rows, short, stages=PAPER)
    with pytest.raises(UserError, match="stage 'base' has no checkpoint to start from"):
        run_jobs(jobs[1:], lent(tmp_path, store))


def test_a_parent_of_another_size_is_refused(
    trained: Trained, rows: Index, short: TrainSettings, tmp_path: Path
) -> None:
    kept, before = trained
    work = lent(tmp_path, before.store)
    commit(jobs_of(rows, short, stages=PAPER)[:1], kept[:1], Layout(tmp_path))
    other = jobs_of(rows, replace(short, size_px=48), stages=[{**PAPER[1], "starts_from": kept[0]["checkpoint_id"]}])
    with pytest.raises(UserError, match="cannot start from") as caught:
        run_jobs(other, work)
    assert caught.value.code == "E522" and "size_px 32 instead of 48" in caught.value.why


KILLED = """
import json, os, signal, sys
from pathlib import Path
from rigmill.pipeline.stage import Job
from rigmill.storage.files import Store
from tests.support.training import Lent
from train.stage import TrainStage

order = json.load(sys.stdin)
class Dying(Lent):
    def report(self, message, done, total):
        if done == 25:
            os.kill(os.getpid(), signal.SIGKILL)
output = Path(order["output"])
list(TrainStage().run([Job(**order["job"])], Dying(Store(output / "store"), output, output)))
"""


@pytest.mark.slow  # a minute: 60 steps of three stages, and again of two
def test_both_stages_killed_at_step_25_of_60_end_with_the_same_losses_and_weights(
    rows: Index, store: Store, short: TrainSettings, tmp_path: Path
) -> None:
    settings = replace(short, num_steps=60, checkpoint_interval=10)
    jobs = jobs_of(rows, settings, stages=PAPER)
    straight = lent(tmp_path / "straight", store)
    expected = run_jobs(jobs, straight)
    killed = lent(tmp_path / "killed", straight.store)
    for place in (1, 2):
        job = jobs[place]
        commit(jobs[place - 1 : place], expected[place - 1 : place], Layout(killed.output))
        fields = ("stage", "key", "input_id", "group", "payload", "settings", "hints")
        order = {"job": {name: getattr(job, name) for name in fields}, "output": str(killed.output)}
        done = subprocess.run(
            [sys.executable, "-c", KILLED],
            input=canonical_json(order).encode(),
            capture_output=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            timeout=300,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
        assert [path.name[:13] for path in checkpoints(killed.output / "work" / job.key)] == [
            "step-00000010",
            "step-00000020",
        ]
        killed.said.clear()
        assert run_jobs([job], killed) == [expected[place]], "files are named by their digest: losses and weights"
        assert [done for _, done, _ in killed.said] == list(range(21, 61))
