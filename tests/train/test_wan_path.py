"""The Wan path on a whole pipeline of tiny parts: both stages trained, sampled, exported, read by stock diffusers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from diffusers import WanPipeline

from rigmill.clips.camera import camera_ring
from rigmill.commands.cli import main
from rigmill.config.load import load
from rigmill.errors import UserError
from rigmill.pipeline.stage import Job
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.types import StoredFile
from tests.support.tiny_wan import save_tiny_wan
from tests.support.training import PAPER, Index, Lent, commit, jobs_of, lent, run_jobs
from train.clips import Clips
from train.components.places import Places, find
from train.hardware import hardware_of
from train.inputs import TrainingClip, TrainSettings
from train.recipes import ModelConfig, tiny_wan
from train.sampling import sampler
from train.sampling.sampler import Prompt, Sampling, generate
from train.stage import TrainStage
from train.weights import load_model

STAGES = ({**PAPER[1], "starts_from": ""}, PAPER[2])  # the base is Wan's


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_wan(tmp_path_factory.mktemp("weights") / "wan", tiny_wan(32))


@pytest.fixture(scope="module")
def jobs(rows: Index, settings: TrainSettings, root: Path) -> list[Job]:
    settings = replace(settings, recipe="tiny_wan", num_steps=3, num_frames=5, checkpoint_interval=2)
    return jobs_of(rows, settings, stages=STAGES, weights={"root": str(root)})


@pytest.fixture(scope="module")
def trained(
    jobs: list[Job], store: Store, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[dict[str, Any]], Lent]:
    work = lent(tmp_path_factory.mktemp("wan"), store)
    kept = run_jobs(jobs, work)
    commit(jobs, kept, Layout(work.output))
    return kept, work


def file(row: dict[str, Any], name: str, store: Store) -> bytes:
    (found,) = (StoredFile.from_row(stored) for stored in row["files"] if stored["name"] == name)
    return store.read(found)


def test_both_stages_are_trained_and_hold_their_own_tensors_alone(trained: tuple[Any, Lent]) -> None:
    kept, work = trained
    parts = [safetensors.torch.load(file(row, "model.safetensors", work.store)) for row in kept]
    assert {".".join(name.split(".")[:2]) for name in parts[0]} == {"denoiser.wan", "denoiser.modality"}
    assert all("lora_" in name for name in parts[0] if ".wan." in name)
    assert all(torch.equal(parts[1][name], tensor) for name, tensor in parts[0].items())
    assert set(parts[1]) > set(parts[0])
    about = json.loads(file(kept[1], "config.json", work.store))
    assert set(about["weights"]) == {"transformer", "vae", "text_encoder", "tokenizer"}
    assert about["settings"]["trains"] == "views" and about["pose_map"]["max_joints"] == 64


def test_other_weights_train_again_and_another_place_for_the_same_does_not(
    rows: Index, settings: TrainSettings, jobs: list[Job], root: Path, tmp_path: Path
) -> None:
    settings = replace(settings, recipe="tiny_wan", num_steps=3, num_frames=5, checkpoint_interval=2)
    moved = tmp_path / "moved"
    moved.symlink_to(root)
    assert [job.key for job in jobs_of(rows, settings, stages=STAGES, weights={"root": str(moved)})] == [
        job.key for job in jobs
    ]
    without = jobs_of(rows, settings, stages=STAGES, weights={"root": str(tmp_path / "none")})
    assert without[0].key != jobs[0].key


def test_a_run_says_what_is_missing_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIGMILL_WEIGHTS", raising=False)
    stage = TrainStage()
    with pytest.raises(UserError, match="recipe wan_joint needs weights") as caught:
        stage.prepare(stage.settings(load("paper").profile), print)
    assert caught.value.code == "E520"
    stage.prepare(stage.settings(load("demo").profile), print)


def test_it_samples_from_the_checkpoint_and_its_folders(
    trained: tuple[Any, Lent], root: Path, clips: list[TrainingClip], store: Store
) -> None:
    kept, work = trained
    about = json.loads(file(kept[1], "config.json", work.store))
    config = ModelConfig.from_dict(about["model"])
    drawn = Clips(clips, store=store, config=config)
    views = [drawn.view(0, view) for view in range(4)]
    prompt = Prompt(
        templates_rgb=np.stack([view.template_rgb for view in views]),
        templates_pose=np.stack([view.template_pose for view in views]),
        cameras=drawn.cameras(0),
        caption="a wheel turns",
    )
    folders = find(config, Places(root=str(root)), wanted=about["weights"])
    weights = file(kept[1], "model.safetensors", work.store)
    rgb, pose = generate(weights, config, prompt, Sampling(num_frames=5, seed=1, steps=2, guidance=3.0), folders)
    assert rgb.shape == pose.shape == (4, 5, 32, 32, 3) and not np.array_equal(rgb, pose)
    with pytest.raises(ValueError, match="4k"):
        generate(weights, config, prompt, Sampling(num_frames=6, seed=1, steps=2, guidance=3.0), folders)


@pytest.mark.slow  # a quarter of a minute
def test_a_frozen_base_in_half_precision_has_float32_adapters_and_samples(
    trained: tuple[Any, Lent], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path of a GPU, computed by the CPU."""
    here = replace(hardware_of("gpu"), device=torch.device("cpu"))
    monkeypatch.setattr(sampler, "hardware_of", lambda name: here)
    kept, work = trained
    config = ModelConfig.from_dict(json.loads(file(kept[1], "config.json", work.store))["model"])
    weights, folders = file(kept[1], "model.safetensors", work.store), find(config, Places(root=str(root)))
    model = load_model(weights, config, folders, dtype=torch.bfloat16)
    for name, weight in model.denoiser.named_parameters():
        ours = "lora_" in name or ".wan." not in f".{name}"
        assert weight.dtype == torch.float32 or not ours, name
    assert model.denoiser.wan.blocks[0].attn1.to_q.base_layer.weight.dtype == torch.bfloat16
    ring = camera_ring(
        bounds=np.array([[-1, -1, -1], [1, 1, 1.0]]),
        azimuths_deg=[0, 90],
        elevation_deg=0,
        width_px=32,
        height_px=32,
        field_of_view_deg=40,
        margin=0.05,
    )
    pictures = np.full((2, 32, 32, 3), 128, np.uint8)
    how = Sampling(num_frames=5, seed=1, steps=2, guidance=3.0, device="gpu")
    half = sampler.sample(model, Prompt(pictures, pictures, ring, "a fox"), how).rgb
    whole, _ = generate(weights, config, Prompt(pictures, pictures, ring, "a fox"), replace(how, device="cpu"), folders)
    assert half.shape == (2, 5, 32, 32, 3) and np.abs(half.astype(int) - whole).mean() < 4


def test_its_lora_in_the_stock_pipeline_is_what_the_model_says(
    trained: tuple[Any, Lent], root: Path, tmp_path: Path
) -> None:
    kept, work = trained
    target = tmp_path / "out.safetensors"
    options = ["--set", f"output={work.output}", "--set", f"train.weights.root={root}"]
    assert main(["checkpoints", "--lora", kept[1]["checkpoint_id"][:8], "--out", str(target), *options]) == 0
    config = ModelConfig.from_dict(json.loads(file(kept[1], "config.json", work.store))["model"])
    folders = find(config, Places(root=str(root)))
    ours = load_model(file(kept[1], "model.safetensors", work.store), config, folders).denoiser.wan
    pipe = WanPipeline.from_pretrained(root, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    given = {
        "hidden_states": torch.randn(1, 16, 3, 4, 4),
        "timestep": torch.tensor([321.5]),
        "encoder_hidden_states": torch.randn(1, 5, 32),
    }

    def video() -> np.ndarray:
        made = pipe(
            "a fox runs",
            height=32,
            width=32,
            num_frames=5,
            num_inference_steps=2,
            generator=torch.Generator().manual_seed(0),
            max_sequence_length=48,
            output_type="np",
        )
        return np.asarray(made.frames)

    with torch.no_grad():
        before, plain = video(), pipe.transformer(**given).sample
        pipe.load_lora_weights(str(target.parent), weight_name=target.name)
        after, with_lora = video(), pipe.transformer(**given).sample
        assert torch.equal(with_lora, ours(**given).sample) and not torch.equal(with_lora, plain)
    assert not np.array_equal(before, after)
