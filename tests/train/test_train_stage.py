"""The stage: what it plans, and that its one job gives the same checkpoint every time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import safetensors.torch

from rigmill.config.load import load
from rigmill.errors import UserError
from rigmill.outcomes import Failed, Kept
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store, canonical_json
from rigmill.types import StoredFile
from shards.loader.mixing import present_weights
from tests.support.paths import ROOT
from tests.support.training import Index, Lent, Tables, jobs_of, lent, profile_of
from train.inputs import Compute, TrainSettings
from train.stage import TrainStage

SAMPLING = {"sample_interval", "sampling_steps", "guidance", "text_guidance", "solver", "batch_branches"}


def test_one_job_over_the_train_split_whatever_the_order_of_the_rows(rows: Index, settings: TrainSettings) -> None:
    held_out = [{**rows[0], "clip_id": "other", "split": "bench"}]
    (first,) = jobs_of([*rows, *held_out], settings)
    (second,) = jobs_of([*held_out, *reversed(rows)], settings)
    assert first == second
    assert {row["clip_id"] for row in first.payload["samples"]} == {row["clip_id"] for row in rows}


def test_nothing_to_train_on_is_no_job(rows: Index, settings: TrainSettings) -> None:
    assert jobs_of([], settings) == []
    assert jobs_of([{**row, "split": "bench"} for row in rows], settings) == []
    assert jobs_of(rows, replace(settings, num_frames=17)) == [], "clips shorter than the window cannot be drawn"


def test_a_changed_sample_or_setting_is_another_job_and_a_sampling_setting_is_not(
    rows: Index, settings: TrainSettings
) -> None:
    (base,) = jobs_of(rows, settings)
    for changed_rows, changed in (
        ([{**rows[0], "sample_sha256": "0"}, *rows[1:]], settings),
        (rows[:2], settings),
        (rows, replace(settings, seed=8)),
        (rows, replace(settings, learning_rate=0.1)),
    ):
        assert jobs_of(changed_rows, changed)[0].key != base.key
    assert jobs_of(rows, settings, guidance=9.0, sampling_steps=5, solver="unipc", text_guidance=2.0)[0].key == base.key


def test_settings_are_the_profiles_train_section_seed_and_pose_map_to_the_letter(rows: Index) -> None:
    """Their JSON is hashed into the key of the job: a value of another type would train every model again."""
    profile = load("demo", overrides=("train.recipe=tiny_joint",)).profile
    settings = TrainStage().settings(profile)
    others = {"machine", "price_per_gpu_hour", "mfu", "validation_interval", "validation_clips"}
    section = profile.train.model_dump(mode="json", exclude=SAMPLING | others)
    assert canonical_json({**settings, "pose_map": 0}) == canonical_json(
        {**section, "seed": profile.seed, "pose_map": 0, "strips": {}, "validation": {}, "latents": None}
    )
    assert PoseMapDefinition.from_row(settings["pose_map"]).radius_px == profile.render.joint_radius_px * 256 / 480
    small = TrainStage().settings(load("demo").profile)["pose_map"]
    assert PoseMapDefinition.from_row(small).radius_px == 2, "the small model draws its own"
    job = TrainStage().plan(Tables([{**row, "num_frames": 99} for row in rows]), profile)[0]
    again = TrainSettings(**json.loads(canonical_json(job.payload["settings"])))
    assert canonical_json(again.to_row()) == canonical_json(job.payload["settings"]) and not job.settings
    first = profile.train.stages[0]
    wanted = (first.num_steps, first.learning_rate or profile.train.learning_rate, "stage1", "adapters")
    assert (again.num_steps, again.learning_rate, again.stage, again.trains) == wanted


def test_what_only_looks_or_keeps_trains_nothing_again_and_frame_counts_do(
    rows: Index, settings: TrainSettings
) -> None:
    (job,) = jobs_of(rows, settings)
    looked = {"validation_interval": 3, "keep_last": 5, "wandb": "offline", "force_resume": True}
    (same,) = jobs_of(rows, settings, **looked)
    assert same.key == job.key and (same.hints["keep_last"], same.hints["force_resume"]) == (5, True)
    assert "frame_counts" not in job.payload["settings"], "keys are those of before there was such a thing"
    (other,) = jobs_of(rows, settings, frame_counts=[5, 9])
    assert other.key != job.key and TrainSettings(**other.payload["settings"]).counts == (5, 9)


def test_a_source_without_weight_is_a_message_that_names_the_key() -> None:
    with pytest.raises(UserError) as caught:
        present_weights({"procedural": 1.0}, {"procedural", "folder"})
    assert "train.mixture" in caught.value.what and "'folder'" in caught.value.what and caught.value.fix


def test_no_weights_draw_from_all_sources_alike() -> None:
    assert present_weights({}, {"b", "a"}) == {"a": 1.0, "b": 1.0}


def test_a_plan_says_what_is_drawn_of_every_source_and_refuses_a_source_without_clips(
    rows: Index, settings: TrainSettings
) -> None:
    settings = replace(settings, mixture={"procedural": 3.0, "folder": 1.0})
    note, work = TrainStage().notes(Tables(rows), profile_of(settings))
    assert work.startswith("joint: a step is 4 sequences of 80 tokens, ") and "all 30 steps" in work and "GFLOP" in work
    count = Counter(row["source"] for row in rows)
    passes = 45 / count["procedural"]
    assert note == (
        f"joint draws 60 clips: procedural 75 % (45 of {count['procedural']} clips, {passes:.3g} passes), "
        f"folder 25 % (15 of {count['folder']} clips, {15 / count['folder']:.3g} passes)"
    )
    only = [row for row in rows if row["source"] == "folder"]
    with pytest.raises(UserError, match="asks for source 'procedural', of which the shards hold no clip") as caught:
        TrainStage().notes(Tables(only), profile_of(settings))
    assert "train.may_lack: [procedural]" in caught.value.fix
    note, _ = TrainStage().notes(Tables(only), profile_of(replace(settings, may_lack=("procedural",))))
    assert note.startswith("joint draws 60 clips: folder 100 %")
    assert TrainStage().notes(Tables([]), profile_of(settings)) == []


def test_a_training_refuses_a_source_without_clips(
    rows: Index, settings: TrainSettings, store: Store, tmp_path: Path
) -> None:
    only = [row for row in rows if row["source"] == "folder"]
    with pytest.raises(UserError, match="asks for source 'procedural'"):
        list(TrainStage().run(jobs_of(only, settings), lent(tmp_path, store)))


def test_what_only_loads_or_shows_is_no_other_job(rows: Index, settings: TrainSettings) -> None:
    (base,), (other,) = jobs_of(rows, settings), jobs_of(rows, settings, workers=3)
    assert base.key == other.key and (base.hints["workers"], other.hints["workers"]) == (0, 3)
    told = {"checkpointing": "full", "attention": "math", "machine": "H100", "price_per_gpu_hour": 2.0, "mfu": 0.3}
    (other,) = jobs_of(rows, settings, **told)
    assert base.key == other.key and base.payload == other.payload
    assert Compute.of_hints(base.hints) == Compute() and Compute.of_hints(other.hints) == Compute("full", "math")
    assert not {"machine", "price_per_gpu_hour", "mfu"} & set(other.hints)


def test_the_job_keeps_one_row_of_the_table_and_the_same_files_every_time(
    rows: Index, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    settings = replace(settings, num_steps=6, checkpoint_interval=4)
    kept = []
    for attempt in range(2):
        lent = Lent(store=store, output=tmp_path / str(attempt), scratch=tmp_path)
        (answer,) = TrainStage().run(jobs_of(rows, settings, checkpointing=("auto", "attention")[attempt]), lent)
        assert isinstance(answer.outcome, Kept) and answer.key == jobs_of(rows, settings)[0].key
        kept.append(answer.outcome.rows)
        assert [done for _, done, _ in lent.said] == list(range(1, 7)) and lent.said[0][0].startswith("loss ")
        assert not list((tmp_path / str(attempt)).rglob("*.ckpt"))
        (how,) = (tmp_path / str(attempt)).rglob("joint.compute.json")
        assert json.loads(how.read_text()) == {
            "device": "cpu",
            "attention": "torch's for CPUs",
            "checkpointing": ("none", "attention")[attempt],
            "compiled_blocks": False,
            "fused_adamw": False,
        }
    assert kept[0] == kept[1]
    (row,) = kept[0]
    assert pa.Table.from_pylist(kept[0], PRODUCTS["train"]).to_pylist() == kept[0]
    assert set(row) == set(PRODUCTS["train"].names)
    files = {item["name"]: store.read(StoredFile.from_row(item)) for item in row["files"]}
    assert set(files) == {"model.safetensors", "config.json", "losses.csv"}
    tensors = safetensors.torch.load(files["model.safetensors"])
    trained = sum(tensor.numel() for name, tensor in tensors.items() if name.startswith("denoiser."))
    assert trained == row["num_parameters"]
    losses = [line.split(",") for line in files["losses.csv"].decode().splitlines()]
    assert losses[0][:4] == ["step", "loss", "rgb", "pose"] and [int(line[0]) for line in losses[1:]] == list(range(6))
    assert row["first_loss"] == float(losses[1][1]) and row["last_loss"] == float(losses[-1][1])


def test_a_diverged_run_fails_with_its_step_and_leaves_no_work(
    rows: Index, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    lent = Lent(store=store, output=tmp_path, scratch=tmp_path)
    (answer,) = TrainStage().run(jobs_of(rows, replace(settings, learning_rate=1e30)), lent)
    assert isinstance(answer.outcome, Failed) and "not finite at step" in answer.outcome.message
    assert not list(tmp_path.rglob("*.ckpt"))


def test_planning_needs_no_torch() -> None:
    """The driver imports every stage; a machine that only renders has no torch."""
    code = "import sys, train.stage; sys.exit(bool({'torch', 'lightning', 'diffusers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_an_empty_stage_names_the_true_cause(rows: Index) -> None:
    profile = load("demo", overrides=("train.num_frames=21", "train.recipe=tiny_joint")).profile
    assert TrainStage().why_empty(Tables([]), profile) == "shards kept nothing that it can use"
    short = [{**row, "split": "train", "num_frames": 17} for row in rows]
    assert TrainStage().why_empty(Tables(short), profile) == (
        f"none of the {len(short)} clips of the train split has the 21 frames that "
        "train.num_frames = 21 asks for; the longest has 17"
    )
