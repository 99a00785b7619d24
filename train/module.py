"""Training with Lightning on one process, killable at any moment: the rerun ends with the same bytes.

Nothing in a step depends on what ran before but weights, optimiser and schedule, which a checkpoint holds; the
losses so far travel in it too. A checkpoint is written aside, flushed and renamed, so it is whole or absent.
"""

from __future__ import annotations

import logging
import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.plugins.environments import LightningEnvironment
from torch import Tensor

from rigmill.storage.files import fsync_folder, sha256_file
from shards.loader.latents.cached import CachedLatents
from shards.loader.mixing import Realised
from train.checkpoints import checkpoint_name, checkpoints, last_checkpoint
from train.clips import Pictures
from train.data import Batch, loader_of, prepared
from train.determinism import deterministic_cpu
from train.feed import FedBatch, ShardFeed
from train.hardware import hardware_of
from train.inputs import TrainingClip, TrainSettings
from train.model.attention import use_plain_attention
from train.model.joint import Pair
from train.objective import add_noise, draw_noise, prediction_loss
from train.watching.measured import Curve, CurveFile, NotFinite, StepLoss, save_batch
from train.watching.mixture import MixtureFile
from train.watching.tensorboard import TensorBoard
from train.weights import Model

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """The end of a training run."""

    model: Model
    curve: Curve
    drawn: Realised  # of every source

    @property
    def losses(self) -> tuple[StepLoss, ...]:
        return tuple(self.curve.losses)


class JointTraining(lightning.LightningModule):
    """Flow matching on the modalities of a model; of its weights those train that the stage says, never the text's.

    A resumable checkpoint holds what trains: all else is what the run began with, which is made again.
    """

    strict_loading = False

    def __init__(self, model: Model, settings: TrainSettings, *, folder: Path) -> None:
        super().__init__()
        self.model, self.settings, self.folder = model, settings, folder
        self.trained = model.denoiser.trained_by(settings.trains)
        model.denoiser.checkpointing = settings.device == "gpu"
        if settings.device == "cpu" and settings.precision == "bfloat16":
            use_plain_attention(model.denoiser)
        if settings.compile:
            model.denoiser.compile_blocks()
        self.means = [weight.detach().clone() for weight in self.trained] if settings.ema else []
        self.batch: Batch | None = None
        self.latest: StepLoss | None = None

    def on_fit_start(self) -> None:
        self.model.codec.to(self.device)
        self.means = [mean.to(self.device) for mean in self.means]

    def training_step(self, fed: FedBatch, _: int) -> Tensor:
        """The loss of the batch of the current step."""
        self.trainer.datamodule.trained(fed)
        batch = prepared(fed, config=self.model.config, settings=self.settings)
        if batch.step != self.global_step:
            raise AssertionError(f"step {self.global_step} was given the batch of step {batch.step}")
        encode: Callable[[Tensor], Tensor] = self.encode if batch.text is None else lambda latents: latents
        clean = batch.videos.map(encode)
        keep = (~batch.dropped).float().view(-1, 1, 1, 1, 1, 1)
        condition = batch.conditions.map(lambda videos: encode(videos) * keep)
        noise = draw_noise(tuple(clean.rgb.shape), seed=self.settings.seed, step=batch.step)
        noise = noise.map(lambda part: part.to(self.device))
        predicted = self.model.denoiser(
            Pair(add_noise(clean.rgb, noise.rgb, batch.sigma), add_noise(clean.pose, noise.pose, batch.sigma)),
            condition=condition,
            timestep=batch.sigma * 1000,
            text=self.model.text(batch.captions) if batch.text is None else batch.text,
            rays=batch.rays,
            frames=batch.frames,
        )
        denoiser = self.model.config.denoiser
        parts = prediction_loss(predicted, clean=clean, noise=noise, sigma=batch.sigma, prediction=denoiser.prediction)
        loss = torch.stack([getattr(parts, name) for name in denoiser.modalities]).mean()
        self.batch = batch
        self.latest = StepLoss(
            batch.step,
            loss.item(),
            parts.rgb.item(),
            parts.pose.item(),
            learning_rate=self.trainer.optimizers[0].param_groups[0]["lr"],
        )
        self.stop_unless_finite()
        return loss

    def on_before_optimizer_step(self, optimizer: Any) -> None:
        """Measure the gradient before it is clipped."""
        assert self.latest is not None
        norms = [weight.grad.norm() for weight in self.trained if weight.grad is not None]
        self.latest = replace(self.latest, grad_norm=torch.stack(norms).norm().item())
        self.stop_unless_finite()

    def stop_unless_finite(self) -> None:
        """End the run at the first number that is none, its batch saved."""
        assert self.latest is not None and self.batch is not None
        if not self.latest.is_finite:
            raise NotFinite(self.latest.step, save_batch(self.folder, self.batch, self.latest))

    @torch.no_grad()
    def update_means(self, step: int) -> None:
        """Take the weights after `step` steps into their running mean; early on it forgets faster."""
        keep = min(self.settings.ema, step / (step + 9))
        for mean, weight in zip(self.means, self.trained):
            mean.mul_(keep).add_(weight, alpha=1 - keep)

    @contextmanager
    def as_kept(self) -> Iterator[Model]:
        """The model as a checkpoint of now would hold it, ready to sample; afterwards it is what it was."""
        own = [weight.detach().clone() for weight in self.trained]
        modes = [(module, module.training) for module in self.model.modules()]
        self._set(self.means)
        self.model.eval()
        try:
            yield self.model
        finally:
            self._set(own)
            for module, mode in modes:
                module.training = mode

    @torch.no_grad()
    def _set(self, values: Sequence[Tensor]) -> None:
        for weight, value in zip(self.trained, values):
            weight.copy_(value)

    def settle(self) -> Model:
        """The model as it is kept: its weights are their running means from here on."""
        self._set(self.means)
        return self.model.eval()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.means = list(checkpoint["means"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["means"] = self.means
        training = {name for name, weight in self.named_parameters() if weight.requires_grad}
        checkpoint["state_dict"] = {k: v for k, v in checkpoint["state_dict"].items() if k in training}

    def encode(self, videos: Tensor) -> Tensor:
        """Latents (B, V, C, f, h, w) of videos (B, V, 3, F, H, W)."""
        latents: Tensor = self.model.codec.encode(videos.flatten(0, 1)).unflatten(0, videos.shape[:2])
        return latents

    def configure_optimizers(self) -> Any:
        optimiser = torch.optim.AdamW(
            self.trained, lr=self.settings.learning_rate, betas=(0.9, 0.999), weight_decay=0.01
        )
        num_steps = self.settings.num_steps
        warm_up = max(1, min(2000, num_steps // 10))

        def rate(step: int) -> float:
            """Linear warm-up, then half a cosine down to a twentieth."""
            rest = min(1.0, max(0, step - warm_up) / max(1, num_steps - warm_up))
            return min(1.0, (step + 1) / warm_up) * (0.05 + 0.95 * (1 + math.cos(math.pi * rest)) / 2)

        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class KeepGoing(lightning.Callback):
    """Collects losses, reports, and leaves a checkpoint every `checkpoint_interval` steps, after the last, and when a
    SIGTERM asks the process to end.

    The one before it stays, for the case that the last is damaged when it is wanted.
    """

    def __init__(self, folder: Path, *, settings: TrainSettings, report: Report, curve: Path) -> None:
        self.folder, self.settings, self.report = folder, settings, report
        self.curve = CurveFile(curve, Curve())
        self.board = TensorBoard(curve.parent / "tensorboard" / settings.stage)

    def state_dict(self) -> dict[str, Any]:
        return {"losses": [list(astuple(item)) for item in self.curve.curve.losses]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.curve.curve = Curve([StepLoss(*item) for item in state_dict["losses"]])

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self.curve.begin()
        self.board.begin(self.curve.curve.rows)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self.board.close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        self.board.close()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        done, total = trainer.global_step, self.settings.num_steps
        self.board.add(self.curve.add(pl_module.latest))
        pl_module.update_means(done)
        self.report(f"loss {pl_module.latest.loss:.3f}", done, total)
        asked_to_end = trainer.received_sigterm  # the trainer ends after this step
        if done % self.settings.checkpoint_interval == 0 or done == total or asked_to_end:
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
    model: Model,
    *,
    settings: TrainSettings,
    clips: Sequence[TrainingClip] | Pictures,
    store_root: Path,
    folder: Path,
    report: Report = lambda message, done, total: None,
    curves: Path | None = None,
    callbacks: Sequence[lightning.Callback] = (),
    num_workers: int = 0,
    latents: CachedLatents | None = None,
) -> Trained:
    """The model after `num_steps` more, going on from the last checkpoint in `folder` where there is one.

    The model is what the stage begins with, and is changed. `curves`: where the CSV of losses grows, what TensorBoard
    shows, and where the batch is put that ended a run; None: in `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    curves = curves or folder
    hardware = hardware_of(settings.device, settings.precision)
    with deterministic_cpu() if hardware.repeats else nullcontext(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        warnings.filterwarnings("ignore", message="Mismatch dtype between input and weight")  # slower, and as good
        loader = loader_of(clips, config=model.config, settings=settings, store_root=store_root, latents=latents)
        whole = settings.num_steps * settings.batch_size  # a stage is one epoch
        feed = ShardFeed(loader, draws_per_step=settings.batch_size, draws_per_epoch=whole, num_workers=num_workers)
        training = JointTraining(model, settings, folder=curves)
        mixture = MixtureFile(
            curves / f"{settings.stage}.mixture.csv",
            feed=feed,
            interval=settings.checkpoint_interval,
            num_steps=settings.num_steps,
        )
        keeper = KeepGoing(folder, settings=settings, report=report, curve=curves / f"{settings.stage}.csv")
        trainer = lightning.Trainer(
            accelerator=hardware.accelerator,
            precision=hardware.precision,
            devices=1,
            plugins=[LightningEnvironment()],
            max_steps=settings.num_steps,
            max_epochs=1,
            gradient_clip_val=1.0,
            deterministic=hardware.repeats,
            callbacks=[keeper, mixture, *callbacks],
            default_root_dir=folder,
            logger=False,
            enable_checkpointing=False,
            use_distributed_sampler=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(training, datamodule=feed, ckpt_path=last_checkpoint(folder)[0], weights_only=True)
        drawn = loader.plan.realised(whole)
    return Trained(model=training.settle().on(torch.device("cpu")), curve=keeper.curve.curve, drawn=drawn)
