"""Training runs: what is drawn, that it learns, and that a killed run ends with the same bytes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import pytest
import safetensors.torch
import torch

from rigmill.clips.video import decode
from rigmill.storage.files import Store, canonical_json
from tests.support.paths import ROOT
from tests.support.training import batch_of
from train import starting
from train.hardware import hardware_of
from train.inputs import TrainingClip, TrainSettings
from train.loop import fit
from train.loop.checkpoints import checkpoints, damaged_checkpoints, last_checkpoint
from train.loop.fit import train
from train.loop.module import JointTraining
from train.model.joint import Pair
from train.objective import add_noise, noise_levels, prediction_loss, shift_sigma, velocity_of
from train.recipes import RECIPES, Checkpointing, ModelConfig, Prediction, tiny_joint
from train.starting import start_model
from train.watching.measured import COLUMNS, Curve, NotFinite, StepLoss
from train.weights import Model, save_model

Clips = list[TrainingClip]
Index = list[dict[str, Any]]
MakeShard = Callable[..., Index]


class Stopped(Exception):
    """Raised by a test inside a run."""


def begin(settings: TrainSettings) -> Model:
    """The model before the first step."""
    return start_model(settings, None, {})


@pytest.fixture(scope="module")
def undisturbed(
    clips: Clips, store: Store, settings: TrainSettings, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, list[float]]:
    trained = train(
        begin(settings),
        settings=settings,
        clips=clips,
        store_root=store.root,
        folder=tmp_path_factory.mktemp("straight"),
    )
    return save_model(trained.model), [item.loss for item in trained.losses]


def test_resume_after_a_stop_gives_the_bytes_of_an_undisturbed_run(
    undisturbed: tuple[bytes, list[float]], clips: Clips, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    seen: list[int] = []

    def stop_at_17(message: str, done: int, total: int) -> None:
        seen.append(done)
        if done == 17:
            raise Stopped

    with pytest.raises(Stopped):
        train(
            begin(settings), settings=settings, clips=clips, store_root=store.root, folder=tmp_path, report=stop_at_17
        )
    assert last_checkpoint(tmp_path)[1] == 10
    seen.clear()
    trained = train(
        begin(settings),
        settings=settings,
        clips=clips,
        store_root=store.root,
        folder=tmp_path,
        report=lambda message, done, total: seen.append(done),
    )
    assert seen == list(range(11, 31)), "a resumed run starts after its checkpoint"
    assert [item.loss for item in trained.losses] == undisturbed[1]
    assert save_model(trained.model) == undisturbed[0]


@pytest.mark.parametrize("num_damaged", [1, 2])
def test_a_damaged_checkpoint_is_not_gone_on_from(
    undisturbed: tuple[bytes, list[float]],
    clips: Clips,
    store: Store,
    settings: TrainSettings,
    tmp_path: Path,
    num_damaged: int,
) -> None:
    seen: list[int] = []

    def stop_at_27(message: str, done: int, total: int) -> None:
        if done == 27:
            raise Stopped

    def run(report: Callable[[str, int, int], None]) -> bytes:
        trained = train(
            begin(settings),
            settings=settings,
            clips=clips,
            store_root=store.root,
            folder=tmp_path / "key",
            report=report,
        )
        return save_model(trained.model)

    with pytest.raises(Stopped):
        run(stop_at_27)
    kept = checkpoints(tmp_path / "key")
    assert len(kept) == 2 and damaged_checkpoints(tmp_path) == []
    for path in kept[-num_damaged:]:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1  # in a tensor: it loads, and trains on
        path.write_bytes(data)
    assert damaged_checkpoints(tmp_path) == kept[-num_damaged:]
    assert run(lambda message, done, total: seen.append(done)) == undisturbed[0]
    assert seen[0] == {1: 11, 2: 1}[num_damaged], "it goes on from the one before, or begins again"


KILLED = """
import json, os, signal, sys
from pathlib import Path
from train.inputs import TrainingClip, TrainSettings
from train.loop.fit import train
from train.loop.module import JointTraining
from train.starting import start_model

order = json.load(sys.stdin)
def kill_at(message, done, total):
    if done == order["die_after"]:
        os.kill(os.getpid(), signal.Signals[order["by"]])
settings = TrainSettings(**order["settings"])
train(start_model(settings, None, {}), settings=settings, clips=[TrainingClip.from_row(row) for row in order["rows"]],
      store_root=Path(order["store"]), folder=Path(order["folder"]), report=kill_at)
"""


@pytest.mark.slow
@pytest.mark.parametrize("by", ["SIGKILL", "SIGTERM"])
def test_resume_after_the_end_of_another_process_gives_the_same_bytes(
    by: str,
    undisturbed: tuple[bytes, list[float]],
    rows: Index,
    clips: Clips,
    store: Store,
    settings: TrainSettings,
    tmp_path: Path,
) -> None:
    order = {
        "settings": settings.to_row(),
        "rows": rows,
        "store": str(store.root),
        "folder": str(tmp_path),
        "die_after": 23,
        "by": by,
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        input=canonical_json(order).encode(),
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONHASHSEED": "12345"},
    )
    assert done.returncode == {"SIGKILL": -signal.SIGKILL, "SIGTERM": 0}[by], done.stderr.decode()[-2000:]
    (tmp_path / ".tmp-checkpoint").write_bytes(b"torn")  # what a kill inside a save leaves
    assert last_checkpoint(tmp_path)[1] == {"SIGKILL": 20, "SIGTERM": 23}[by], "who is asked to end loses no step"
    trained = train(begin(settings), settings=settings, clips=clips, store_root=store.root, folder=tmp_path)
    assert save_model(trained.model) == undisturbed[0]


def test_a_run_killed_after_its_last_step_trains_nothing_again(
    undisturbed: tuple[bytes, list[float]], clips: Clips, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    train(begin(settings), settings=settings, clips=clips, store_root=store.root, folder=tmp_path)
    seen: list[int] = []
    again = train(
        begin(settings),
        settings=settings,
        clips=clips,
        store_root=store.root,
        folder=tmp_path,
        report=lambda message, done, total: seen.append(done),
    )
    assert not seen and save_model(again.model) == undisturbed[0] and len(again.losses) == 30


def test_loading_processes_change_no_byte(
    undisturbed: tuple[bytes, list[float]], clips: Clips, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    trained = train(
        begin(settings), settings=settings, clips=clips, store_root=store.root, folder=tmp_path, num_workers=1
    )
    assert save_model(trained.model) == undisturbed[0]


def test_another_seed_gives_another_model(
    undisturbed: tuple[bytes, list[float]], clips: Clips, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    settings = replace(settings, seed=8, num_steps=2)
    other = train(begin(settings), settings=settings, clips=clips, store_root=store.root, folder=tmp_path)
    assert [item.loss for item in other.losses] != undisturbed[1][:2]


def test_a_loss_that_leaves_the_numbers_ends_the_run_with_its_step_and_batch_saved(
    clips: Clips, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    settings = replace(settings, learning_rate=1e30)
    with pytest.raises(NotFinite) as caught:
        train(
            begin(settings),
            settings=settings,
            clips=clips,
            store_root=store.root,
            folder=tmp_path / "work",
            curves=tmp_path / "curves",
        )
    step, saved = caught.value.step, caught.value.saved
    assert 1 <= step <= 3 and saved == tmp_path / "curves" / f"not-finite-step-{step:08d}.safetensors"
    tensors, batch = safetensors.torch.load_file(saved), batch_of(clips, store, settings, step)
    assert torch.equal(tensors["videos_pose"], batch.videos.pose) and torch.equal(tensors["sigma"], batch.sigma)
    about = json.loads(saved.with_suffix(".json").read_text())
    assert about["captions"] == list(batch.captions) and about["measured"]["step"] == str(step)
    assert not all(np.isfinite(float(about["measured"][name])) for name in ("loss", "grad_norm"))
    lines = (tmp_path / "curves" / "joint.csv").read_text().splitlines()
    assert len(lines) == 1 + step, "the steps before it are in the curve"


class Poison(lightning.Callback):
    """A weight that is no number, from before the step with this number on."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step:
            with torch.no_grad():
                pl_module.model.denoiser.wan.proj_out.bias[0] = torch.nan


def test_nan_at_step_30_stops_there_with_the_batch_saved_and_a_message_that_names_it(
    clips: Clips, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    settings = replace(settings, num_steps=40, num_frames=5, num_views=1)

    def run(poison: Sequence[Poison]) -> Any:
        return train(
            begin(settings),
            settings=settings,
            clips=clips,
            store_root=store.root,
            folder=tmp_path / "work",
            curves=tmp_path / "curves",
            callbacks=poison,
        )

    with pytest.raises(NotFinite) as caught:
        run([Poison(30)])
    saved = tmp_path / "curves" / "not-finite-step-00000030.safetensors"
    assert str(caught.value) == f"the loss is not finite at step 30; its batch: {saved}"
    batch = batch_of(clips, store, settings, 30)
    assert torch.equal(safetensors.torch.load_file(saved)["videos_rgb"], batch.videos.rgb)
    assert json.loads(saved.with_suffix(".json").read_text())["clips"] == list(batch.clip_ids)
    assert len((tmp_path / "curves" / "joint.csv").read_text().splitlines()) == 1 + 30
    assert last_checkpoint(tmp_path / "work")[1] == 30, "of the steps before it"
    trained = run([])
    assert len(trained.losses) == 40 and all(np.isfinite(item.loss) for item in trained.losses)


def test_the_curve_has_losses_by_modality_their_running_means_the_rate_and_the_gradient(
    clips: Clips, store: Store, settings: TrainSettings, tmp_path: Path
) -> None:
    settings = replace(settings, num_steps=12, stage="one")

    def stop_at_11(message: str, done: int, total: int) -> None:
        if done == 11:
            raise Stopped

    def run(**more: Any) -> Any:
        return train(
            begin(settings),
            settings=settings,
            clips=clips,
            store_root=store.root,
            folder=tmp_path / "work",
            curves=tmp_path / "curves",
            **more,
        )

    with pytest.raises(Stopped):
        run(report=stop_at_11)
    trained = run()
    text = (tmp_path / "curves" / "one.csv").read_text()
    assert text == trained.curve.csv(), "a resumed run's file holds what was before, once"
    head, *lines = (line.split(",") for line in text.splitlines())
    assert tuple(head) == COLUMNS and [int(line[0]) for line in lines] == list(range(12))
    column = {name: np.array([float(line[place]) for line in lines]) for place, name in enumerate(head)}
    np.testing.assert_allclose(column["loss"], (column["rgb"] + column["pose"]) / 2, rtol=1e-6)
    whole, of_source = trained.drawn, {clip.source for clip in clips}
    assert whole.num_draws == 24 and set(whole.draws) == of_source
    mixture = list(csv.DictReader((tmp_path / "curves" / "one.mixture.csv").read_text().splitlines()))
    assert {(int(line["step"]), line["source"]) for line in mixture} == {
        (at, one) for at in (10, 12) for one in of_source
    }
    assert {line["source"]: int(line["draws"]) for line in mixture if line["step"] == "12"} == whole.draws
    weights = 0.98 ** np.arange(11, -1, -1)
    assert column["pose_smooth"][-1] == pytest.approx((column["pose"] * weights).sum() / weights.sum())
    assert column["learning_rate"][0] == settings.learning_rate, "one step of warm-up"
    assert (np.diff(column["learning_rate"][1:]) < 0).all() and (column["grad_norm"] > 0).all()


def test_the_running_mean_of_a_constant_is_that_constant_from_the_first_step_on() -> None:
    curve = Curve([StepLoss(step, 0.5, 0.25, 0.75) for step in range(3)])
    for line in curve.csv().splitlines()[1:]:
        assert [float(value) for value in line.split(",")[-3:]] == pytest.approx([0.5, 0.25, 0.75])


def test_a_batch_is_cut_from_the_clip_that_its_row_points_to(
    clips: Clips, store: Store, settings: TrainSettings
) -> None:
    """Pixels are compared with the mp4 decoded from the shard by hand."""
    settings = replace(settings, size_px=64, num_frames=11)  # no resize, one possible window
    batch = batch_of(clips, store, settings, 3)
    shard = store.path(clips[0].place.shard_file)
    with tarfile.open(shard) as archive:
        videos = {
            info.name: decode(archive.extractfile(info).read())  # type: ignore[union-attr]
            for info in archive
            if info.name.endswith(".mp4")
        }
    for place, caption in enumerate(batch.captions):
        clip = next(one.place.clip_id for one in clips if one.caption == caption)
        for modality, got in (("rgb", batch.videos.rgb), ("pose", batch.videos.pose)):
            truth = [videos[f"{clip}.{modality}.{view}.mp4"] for view in range(4)]
            found = [
                view
                for one in got[place]
                for view in range(4)
                if np.allclose(one.permute(1, 2, 3, 0).numpy(), truth[view] / 127.5 - 1, atol=1e-6)
            ]
            assert len(found) == 2 and found[0] < found[1]


def test_noise_levels_of_all_steps_are_those_of_the_flow_shift(settings: TrainSettings) -> None:
    drawn = [float(noise_levels(settings, tiny_joint(32), step=step, places=[0])[0]) for step in range(2000)]
    # u uniform and sigma = 3u / (1 + 2u): sigma < 0.75 exactly where u < 0.5
    assert abs(np.mean([level < 0.75 for level in drawn]) - 0.5) < 0.04
    both = noise_levels(settings, tiny_joint(32), step=7, places=[0, 1])
    assert torch.equal(both[1:], noise_levels(settings, tiny_joint(32), step=7, places=[1])), "whoever takes it"


def test_the_truth_has_no_loss_and_leads_from_noise_to_data_whatever_is_predicted() -> None:
    clean, noise = Pair(torch.randn(2, 1, 4), torch.randn(2, 1, 4)), Pair(torch.randn(2, 1, 4), torch.randn(2, 1, 4))
    sigma = torch.tensor([0.3, 0.9])
    noisy = Pair(add_noise(clean.rgb, noise.rgb, sigma), add_noise(clean.pose, noise.pose, sigma))
    for prediction, truth in (("velocity", Pair(noise.rgb - clean.rgb, noise.pose - clean.pose)), ("clean", clean)):
        loss = prediction_loss(truth, clean=clean, noise=noise, sigma=sigma, config=predicting(prediction))
        assert loss.rgb == 0 and loss.pose == 0, prediction
        velocity = velocity_of(truth, noisy=noisy, sigma=sigma, prediction=prediction)
        back = noisy.pose - sigma[:, None, None] * velocity.pose
        torch.testing.assert_close(back, clean.pose)
    assert shift_sigma(0.0, 3.0) == 0 and shift_sigma(1.0, 3.0) == 1


def test_the_loss_of_clean_latents_is_that_of_the_velocity_that_they_mean() -> None:
    """But below a sigma that the configuration names, where it would grow without bound; at 1 it is their own."""
    shape = (1, 1, 16, 3, 4, 4)
    clean, noise, wrong = (Pair(torch.randn(shape), torch.randn(shape)) for _ in range(3))
    for level, factor in ((0.5, 1.0), (0.15, 1.0), (0.05, 1 / 9)):
        sigma = torch.tensor([level])
        noisy = Pair(add_noise(clean.rgb, noise.rgb, sigma), add_noise(clean.pose, noise.pose, sigma))
        meant = velocity_of(wrong, noisy=noisy, sigma=sigma, prediction="clean")
        of_clean = prediction_loss(wrong, clean=clean, noise=noise, sigma=sigma, config=predicting("clean"))
        of_velocity = prediction_loss(meant, clean=clean, noise=noise, sigma=sigma, config=predicting("velocity"))
        torch.testing.assert_close(of_clean.rgb, of_velocity.rgb * factor, rtol=1e-4, atol=0)
        plain = replace(predicting("clean"), least_sigma=1.0)
        own = prediction_loss(wrong, clean=clean, noise=noise, sigma=sigma, config=plain)
        torch.testing.assert_close(own.rgb, (wrong.rgb - clean.rgb).square().mean())


def predicting(what: Prediction) -> ModelConfig:
    tiny = RECIPES["tiny_joint"](32)
    return replace(tiny, denoiser=replace(tiny.denoiser, prediction=what))


def test_each_modality_has_its_share_of_the_loss(settings: TrainSettings, tmp_path: Path) -> None:
    model = begin(settings)
    both, parts = replace(model.config, rgb_share=0.2), Pair(torch.tensor(10.0), torch.tensor(1.0))
    alone = replace(both, denoiser=replace(both.denoiser, modalities=("pose",)))
    for config, expected in ((both, 2.8), (alone, 1.0)):
        model.config = config
        assert JointTraining(model, settings, folder=tmp_path).mean_of(parts).item() == pytest.approx(expected)


@pytest.mark.slow  # over 10 s
def test_two_clips_are_learned_to_a_third_of_the_first_loss(
    tmp_path: Path, settings: TrainSettings, make_shard: MakeShard
) -> None:
    store = Store(tmp_path / "store")
    clips = [TrainingClip.from_row(row) for row in make_shard(store, num_clips=2, num_frames=5, num_views=2)]
    settings = replace(settings, num_steps=160, num_frames=5, condition_dropout=0.0, checkpoint_interval=160)
    trained = train(begin(settings), settings=settings, clips=clips, store_root=store.root, folder=tmp_path / "work")
    for modality in ("rgb", "pose"):
        losses = [getattr(item, modality) for item in trained.losses]
        assert np.mean(losses[-20:]) < np.mean(losses[:10]) / 3, modality


@pytest.mark.parametrize("checkpointing", ["none", "attention", "full"])
def test_activations_computed_again_give_the_same_gradients(
    settings: TrainSettings, checkpointing: Checkpointing
) -> None:
    model = begin(settings).denoiser
    torch.manual_seed(0)
    noisy = Pair(torch.randn(1, 2, 16, 3, 4, 4), torch.randn(1, 2, 16, 3, 4, 4))
    given = {
        "condition": noisy.map(lambda part: part[:, :, :, :1]),
        "timestep": torch.tensor([500.0]),
        "text": torch.randn(1, 5, 32),
        "rays": torch.randn(1, 2, 6, 4, 4),
    }
    weight = model.wan.blocks[0].attn1.to_q.weight
    (truth,) = torch.autograd.grad(model(noisy, **given).pose.square().sum(), weight)
    model.checkpointing = checkpointing
    (found,) = torch.autograd.grad(model(noisy, **given).pose.square().sum(), weight)
    assert torch.equal(found, truth)


@pytest.mark.slow  # half a minute
def test_half_precision_around_float32_adapters_learns_on_whatever_device(
    clips: Clips, store: Store, settings: TrainSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path of a GPU, computed by the CPU: bfloat16, activations computed again, no promise of repeated bits."""
    here = replace(hardware_of("gpu"), device=torch.device("cpu"), accelerator="cpu")
    for place in (fit, starting):
        monkeypatch.setattr(place, "hardware_of", lambda name, precision="float32": here)
    settings = replace(settings, num_steps=40, device="gpu", trains="all", condition_dropout=0.0)
    model = begin(settings)
    trained = train(model, settings=settings, clips=clips, store_root=store.root, folder=tmp_path)
    assert model.denoiser.checkpointing == "full" and model.denoiser.wan.proj_out.weight.dtype == torch.float32
    losses = [item.loss for item in trained.losses]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])
