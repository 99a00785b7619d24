"""What a training step is: the loss of a batch, and of which weights it moves. Under Lightning, on any device.

Nothing in a step depends on what ran before but weights, optimiser and schedule, which a checkpoint holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from torch import Tensor

from train.data import Batch, prepared
from train.feed import FedBatch
from train.inputs import TrainSettings
from train.model.attention import use_plain_attention
from train.model.joint import Pair
from train.objective import add_noise, draw_noise, prediction_loss
from train.watching.measured import NotFinite, StepLoss, save_batch
from train.weights import Model


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
        clean, condition = self.encoded(batch)
        noise = draw_noise(tuple(clean.rgb.shape), seed=self.settings.seed, step=batch.step)
        parts = self.errors(batch, clean, condition, noise.map(lambda part: part.to(self.device)))
        loss = self.mean_of(parts)
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

    def encoded(self, batch: Batch) -> tuple[Pair, Pair]:
        """Clean latents of a batch, and its conditions', zeros where they are left out."""
        encode: Callable[[Tensor], Tensor] = self.encode if batch.text is None else lambda latents: latents
        keep = (~batch.dropped).float().view(-1, 1, 1, 1, 1, 1)
        return batch.videos.map(encode), batch.conditions.map(lambda videos: encode(videos) * keep)

    def errors(self, batch: Batch, clean: Pair, condition: Pair, noise: Pair) -> Pair:
        """What the model gets wrong of a batch with this noise, one number per modality."""
        predicted = self.model.denoiser(
            Pair(add_noise(clean.rgb, noise.rgb, batch.sigma), add_noise(clean.pose, noise.pose, batch.sigma)),
            condition=condition,
            timestep=batch.sigma * 1000,
            text=self.model.text(batch.captions) if batch.text is None else batch.text,
            rays=batch.rays,
            frames=batch.frames,
        )
        prediction = self.model.config.denoiser.prediction
        return prediction_loss(predicted, clean=clean, noise=noise, sigma=batch.sigma, prediction=prediction)

    def mean_of(self, parts: Pair) -> Tensor:
        """The mean over the modalities that the model has."""
        return torch.stack([getattr(parts, name) for name in self.model.config.denoiser.modalities]).mean()

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

    def take(self, path: Path) -> Model:
        """The model as a checkpoint of this training keeps it. For a model on the CPU, after its training."""
        kept = TorchCheckpointIO().load_checkpoint(path, weights_only=True)
        self.load_state_dict(kept["state_dict"], strict=False)
        self.means = list(kept["means"])
        return self.settle()

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
