"""Training with Lightning on one process, killable at any moment: the rerun ends with the same bytes.

Nothing in a step depends on what ran before but weights, optimiser and schedule, which a checkpoint holds; the
losses so far travel in it too. A checkpoint is written aside, flushed and renamed, so it is whole or absent.
"""

from __future__ import annotations

import logging
import math
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.plugins.environments import LightningEnvironment
from torch import Tensor

from rigmill.storage.files import fsync_folder, sha256_file
from train.checkpoints import checkpoint_name, checkpoints, last_checkpoint
from train.data import Batch, Batches
from train.determinism import deterministic_cpu
from train.inputs import TrainingClip, TrainSettings
from train.model.joint import Pair
from train.objective import add_noise, draw_noise, prediction_loss
from train.recipes import ModelConfig
from train.weights import Model, new_model

Report = Callable[[str, int, int], None]


class NotFinite(Exception):
    """The loss left the numbers; `step` is where."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the loss is not finite at step {step}")
        self.step = step


@dataclass(frozen=True, slots=True)
class StepLoss:
    """What one step measured, before its update. What the model does not generate, is not in `loss`."""

    step: int
    loss: float
    rgb: float
    pose: float


@dataclass(frozen=True, slots=True)
class Trained:
    """The end of a training run."""

    model: Model
    losses: tuple[StepLoss, ...]


class JointTraining(lightning.LightningModule):
    """Flow matching on both modalities; all weights train but the text encoder's."""

    def __init__(self, model: Model, settings: TrainSettings) -> None:
        super().__init__()
        self.model, self.settings = model, settings
        self.latest: StepLoss | None = None

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The loss of the batch of the current step."""
        if batch.step != self.global_step:
            raise AssertionError(f"step {self.global_step} was given the batch of step {batch.step}")
        clean = Pair(self.encode(batch.videos.rgb), self.encode(batch.videos.pose))
        keep = (~batch.dropped).float().view(-1, 1, 1, 1, 1, 1)
        condition = Pair(self.encode(batch.conditions.rgb) * keep, self.encode(batch.conditions.pose) * keep)
        noise = draw_noise(tuple(clean.rgb.shape), seed=self.settings.seed, step=batch.step)
        noise = Pair(noise.rgb.to(self.device), noise.pose.to(self.device))
        predicted = self.model.denoiser(
            Pair(add_noise(clean.rgb, noise.rgb, batch.sigma), add_noise(clean.pose, noise.pose, batch.sigma)),
            condition=condition,
            timestep=batch.sigma * 1000,
            text=self.model.text(batch.captions),
            rays=batch.rays,
        )
        denoiser = self.model.config.denoiser
        parts = prediction_loss(predicted, clean=clean, noise=noise, sigma=batch.sigma, prediction=denoiser.prediction)
        loss = torch.stack([getattr(parts, name) for name in denoiser.modalities]).mean()
        self.latest = StepLoss(batch.step, loss.item(), parts.rgb.item(), parts.pose.item())
        if not math.isfinite(self.latest.loss):
            raise NotFinite(batch.step)
        return loss

    def encode(self, videos: Tensor) -> Tensor:
        """Latents (B, V, C, f, h, w) of videos (B, V, 3, F, H, W)."""
        latents: Tensor = self.model.codec.encode(videos.flatten(0, 1)).unflatten(0, videos.shape[:2])
        return latents

    def configure_optimizers(self) -> Any:
        weights = [weight for weight in self.parameters() if weight.requires_grad]
        optimiser = torch.optim.AdamW(weights, lr=self.settings.learning_rate, betas=(0.9, 0.999), weight_decay=0.01)
        num_steps = self.settings.num_steps
        warm_up = max(1, min(2000, num_steps // 10))

        def rate(step: int) -> float:
            """Linear warm-up, then half a cosine down to a twentieth."""
            rest = min(1.0, max(0, step - warm_up) / max(1, num_steps - warm_up))
            return min(1.0, (step + 1) / warm_up) * (0.05 + 0.95 * (1 + math.cos(math.pi * rest)) / 2)

        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class KeepGoing(lightning.Callback):
    """Collects losses, reports, and leaves a checkpoint every `checkpoint_interval` steps and after the last.

    The one before it stays, for the case that the last is damaged when it is wanted.
    """

    def __init__(self, folder: Path, *, settings: TrainSettings, report: Report) -> None:
        self.folder, self.settings, self.report = folder, settings, report
        self.losses: list[StepLoss] = []

    def state_dict(self) -> dict[str, Any]:
        return {"losses": [[item.step, item.loss, item.rgb, item.pose] for item in self.losses]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.losses = [StepLoss(*item) for item in state_dict["losses"]]

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        done, total = trainer.global_step, self.settings.num_steps
        self.losses.append(pl_module.latest)
        self.report(f"loss {pl_module.latest.loss:.3f}", done, total)
        if done % self.settings.checkpoint_interval == 0 or done == total:
            self.save(trainer, done)

    def save(self, trainer: Any, step: int) -> None:
        aside = self.folder / ".tmp-checkpoint"
        for path in checkpoints(self.folder)[:-1]:  # before, so that there are never three
            path.unlink()
        trainer.save_checkpoint(aside)
        with aside.open("rb") as stream:
            os.fsync(stream.fileno())
        aside.replace(self.folder / checkpoint_name(step, sha256_file(aside)))
        fsync_folder(self.folder)


def train(
    config: ModelConfig,
    *,
    settings: TrainSettings,
    clips: Sequence[TrainingClip],
    store_root: Path,
    folder: Path,
    report: Report = lambda message, done, total: None,
) -> Trained:
    """The model after `num_steps`, going on from the last checkpoint in `folder` where there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    with deterministic_cpu(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        batches = Batches(clips, config=config, settings=settings, store_root=store_root)
        checkpoint, batches.start = last_checkpoint(folder)
        training = JointTraining(new_model(config, seed=settings.seed), settings)
        keeper = KeepGoing(folder, settings=settings, report=report)
        trainer = lightning.Trainer(
            accelerator="cpu",
            devices=1,
            plugins=[LightningEnvironment()],
            max_steps=settings.num_steps,
            max_epochs=1,
            gradient_clip_val=1.0,
            deterministic=True,
            callbacks=[keeper],
            default_root_dir=folder,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(training, train_dataloaders=batches, ckpt_path=checkpoint, weights_only=True)
    return Trained(model=training.model.eval(), losses=tuple(keeper.losses))
