"""What a training step is: the loss of a batch, and of which weights it moves. Under Lightning, on any device.

Nothing in a step depends on what ran before but weights, optimiser and schedule, which a checkpoint holds.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import lightning.pytorch as lightning
import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from torch import Tensor

from rigmill.storage.files import canonical_json, write_atomic
from train.codec import VideoCodec
from train.data import Batch, prepared
from train.feed import FedBatch
from train.inputs import Compute, TrainSettings
from train.model.attention import use_plain_attention
from train.model.joint import MODALITIES, Pair
from train.model.kernels import Kernels, kernels_for
from train.objective import add_noise, draw_noise, prediction_loss
from train.parallel.group import Ranks
from train.parallel.sharding import is_sharded, shard, share_again, shared_like, unshard, unshared_gradients, whole
from train.parallel.views import share_views, with_all_views
from train.watching.measured import NotFinite, StepLoss, batch_path, save_batch
from train.weights import Model

_log = logging.getLogger(__name__)


def adamw(weights: Sequence[torch.nn.Parameter], *, learning_rate: float, fused: bool) -> torch.optim.AdamW:
    """The optimiser. Fused, one kernel moves all weights, and rounds otherwise: for GPUs, whose bits do not repeat."""
    optimiser = torch.optim.AdamW(weights, lr=learning_rate, betas=(0.9, 0.999), weight_decay=0.01, fused=fused or None)
    # It could take scaled gradients, and Lightning refuses to clip those; in bfloat16 nobody scales any.
    optimiser._step_supports_amp_scaling = False
    return optimiser


class JointTraining(lightning.LightningModule):
    """Flow matching on the modalities of a model; of its weights those train that the stage says, never the text's.

    A resumable checkpoint holds what trains: all else is what the run began with, which is made again.
    """

    strict_loading = False

    def __init__(
        self,
        model: Model,
        settings: TrainSettings,
        *,
        folder: Path,
        ranks: Ranks | None = None,
        accumulate: int = 1,
        compute: Compute | None = None,
    ) -> None:
        """`accumulate`: a step's batch passes through the model in so many parts, one after the other."""
        super().__init__()
        self.model, self.settings, self.folder = model, settings, folder
        self.ranks, self.accumulate = ranks or Ranks(), accumulate
        self.end_is_wanted = self.asked_to_end = False  # of this rank; of any, which all know at the same step
        self.compute, self.kernels = compute or Compute(), Kernels()
        self.trained = model.denoiser.trained_by(settings.trains)
        model.denoiser.checkpointing = self.compute.kept(settings.device)
        if settings.device == "cpu" and settings.precision == "bfloat16":
            use_plain_attention(model.denoiser)
        if settings.compile:
            model.denoiser.compile_blocks()
        self.means = [weight.detach().clone() for weight in self.trained] if settings.ema else []
        self.batch: Batch | None = None
        self.latest: StepLoss | None = None

    def configure_model(self) -> None:
        """Share the views of clips among ranks, and the weights where the strategy wants that."""
        share_views(self.model.denoiser, self.ranks)
        if self.device_mesh is not None and not is_sharded(self.trained):
            shard(self.model.denoiser, self.device_mesh)
            self.trained = [weight for weight in self.model.denoiser.parameters() if weight.requires_grad]
            self.means = [weight.detach().clone() for weight in self.trained] if self.settings.ema else []

    def on_fit_start(self) -> None:
        self.model.codec.to(self.device)
        self.model.pose_codec.to(self.device)
        self.means = [mean.to(self.device) for mean in self.means]
        self.kernels = kernels_for(self.device, self.compute.attention)
        how = self.how_computed()
        _log.info("%s: %s", self.settings.stage, ", ".join(f"{name} {value}" for name, value in how.items()))
        path = self.folder / f"{self.settings.stage}.compute.json"
        write_atomic(path, (canonical_json(how) + "\n").encode(), durable=False)

    def how_computed(self) -> dict[str, Any]:
        """What a reader of its speed has to know: device, kernel of attention, what is kept, compiled, fused."""
        denoiser, device = self.model.denoiser, self.device
        plain = device.type == "cpu" and self.settings.precision == "bfloat16"
        kernel = self.kernels.used(device, head_dim=denoiser.config.attention_head_dim)
        return {
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
            "attention": "written out" if plain else kernel,
            "checkpointing": denoiser.checkpointing,
            "compiled_blocks": self.settings.compile,
            "fused_adamw": device.type == "cuda",
        }

    def backward(self, loss: Tensor, *arguments: Any, **named: Any) -> None:
        """Blocks that are computed again attend by the kernel of the forward pass: it says what they saved."""
        with self.kernels.attending():
            loss.backward(*arguments, **named)

    def training_step(self, fed: FedBatch, _: int) -> Tensor:
        """The loss of the batch of the current step, its last part's where it passes in several.

        Gradients of the others are there by then. What ranks learn of each other is one message.
        """
        self.trainer.datamodule.trained(fed)
        *earlier, last = fed.parts(self.accumulate)
        if earlier:
            self.trainer.optimizers[0].zero_grad()
        measured, bad = torch.zeros(4, dtype=torch.float64), None
        for part in earlier:
            loss, numbers, batch = self.loss_of(part)
            bad = bad or (None if numbers.isfinite().all() else batch)
            measured[:3] += numbers
            with unshared_gradients(self.model.denoiser):
                self.trainer.strategy.backward(loss / self.accumulate, None)
        loss, numbers, batch = self.loss_of(last)
        bad = bad or (None if numbers.isfinite().all() else batch)
        measured[:3] += numbers
        measured[:3] /= self.accumulate
        measured[3] = float(self.end_is_wanted)
        loss_mean, rgb, pose, asked = self.ranks.mean(measured.to(self.device)).tolist()
        self.asked_to_end = asked > 0
        self.batch = bad or batch
        self.latest = StepLoss(
            batch.step, loss_mean, rgb, pose, learning_rate=self.trainer.optimizers[0].param_groups[0]["lr"]
        )
        self.stop_unless_finite(is_here=bad is not None)
        return loss / self.accumulate

    def optimizer_zero_grad(self, epoch: int, batch_idx: int, optimizer: Any) -> None:
        """Between a loss and its gradients; those of a batch's earlier parts stay."""
        if self.accumulate == 1:
            optimizer.zero_grad()

    def loss_of(self, fed: FedBatch) -> tuple[Tensor, Tensor, Batch]:
        """The loss of a batch or of a part of it; the loss and its modalities as numbers; what the model was given."""
        batch = prepared(fed, config=self.model.config, settings=self.settings)
        if batch.step != self.global_step:
            raise AssertionError(f"step {self.global_step} was given the batch of step {batch.step}")
        clean, condition = self.encoded(batch)
        shape, seed = tuple(clean.rgb.shape), self.settings.seed
        noise = draw_noise(
            shape,
            seed=seed,
            step=batch.step,
            places=batch.places,
            views=batch.views,
            modalities=self.model.config.denoiser.modalities,
        )
        parts = self.errors(batch, clean, condition, noise.map(lambda part: part.to(self.device)))
        loss = self.mean_of(parts)
        return loss, torch.stack([loss, parts.rgb, parts.pose]).detach().double().cpu(), batch

    def encoded(self, batch: Batch) -> tuple[Pair, Pair]:
        """Clean latents of a batch, and its conditions', zeros where they are left out."""
        keep = (~batch.dropped).float().view(-1, 1, 1, 1, 1, 1)
        clean, condition = batch.videos, batch.conditions
        if batch.text is None:
            clean, condition = self.encode(clean), self.encode(condition)
        return clean, condition.map(lambda latents: latents * keep)

    def errors(self, batch: Batch, clean: Pair, condition: Pair, noise: Pair) -> Pair:
        """What the model gets wrong of a batch with this noise, one number per modality."""
        text = self.model.text(batch.captions) if batch.text is None else batch.text
        with self.kernels.attending():
            predicted = self.model.denoiser(
                Pair(add_noise(clean.rgb, noise.rgb, batch.sigma), add_noise(clean.pose, noise.pose, batch.sigma)),
                condition=condition,
                timestep=batch.sigma * 1000,
                text=text,
                rays=batch.rays,
                frames=batch.frames,
            )
        return prediction_loss(predicted, clean=clean, noise=noise, sigma=batch.sigma, config=self.model.config)

    def mean_of(self, parts: Pair) -> Tensor:
        """Over the modalities that the model has, each with its share."""
        config = self.model.config
        if config.denoiser.modalities != MODALITIES:
            (name,) = config.denoiser.modalities
            return cast(Tensor, getattr(parts, name))
        return config.rgb_share * parts.rgb + (1 - config.rgb_share) * parts.pose

    def on_before_optimizer_step(self, optimizer: Any) -> None:
        """Measure the gradient before it is clipped."""
        assert self.latest is not None
        norms = [whole(weight.grad.norm()) for weight in self.trained if weight.grad is not None]
        self.latest = replace(self.latest, grad_norm=torch.stack(norms).norm().item())
        self.stop_unless_finite(is_here=False)

    def stop_unless_finite(self, *, is_here: bool) -> None:
        """End the run at the first number that is none, its batch saved. All ranks see it at the same step.

        `is_here`: whether it came up on this rank. Where that is so on none, the first one's batch is kept.
        """
        assert self.latest is not None and self.batch is not None
        if self.latest.is_finite:
            return
        saved = batch_path(self.folder, self.batch.step)
        if self.ranks.rank == self.ranks.first_with(is_here, device=self.device):
            save_batch(self.folder, self.batch, self.latest)
        raise NotFinite(self.latest.step, saved)

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
            with with_all_views(self.model.denoiser):
                yield self.model
        finally:
            share_again(self.model.denoiser)
            self._set(own)
            for module, mode in modes:
                module.training = mode

    @torch.no_grad()
    def _set(self, values: Sequence[Tensor]) -> None:
        for weight, value in zip(self.trained, values):
            weight.copy_(value)

    def settle(self) -> Model:
        """The model as it is kept, whole on every rank: its weights are their running means from here on."""
        self._set(self.means)
        unshard(self.model.denoiser)
        self.trained = [weight for weight in self.model.denoiser.parameters() if weight.requires_grad]  # whole now
        return self.model.eval()

    def take(self, path: Path) -> Model:
        """The model as a checkpoint of this training keeps it. For a model on the CPU, after its training."""
        kept = TorchCheckpointIO().load_checkpoint(path, weights_only=True)
        weights = dict(self.named_parameters())
        with torch.no_grad():  # not by load_state_dict: on weights that were in shares it leaves something behind
            for name, value in kept["state_dict"].items():
                weights[name].copy_(value)
        self.means = list(kept["means"])
        return self.settle()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.means = [shared_like(mean, weight) for mean, weight in zip(checkpoint["means"], self.trained)]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["means"] = [whole(mean) for mean in self.means]
        training = {name for name, weight in self.named_parameters() if weight.requires_grad}
        checkpoint["state_dict"] = {k: v for k, v in checkpoint["state_dict"].items() if k in training}

    def encode(self, videos: Pair) -> Pair:
        """Latents (B, V, C, f, h, w) of videos (B, V, 3, F, H, W); zeros of a modality that the model does not have."""

        def by(codec: VideoCodec, part: Tensor) -> Tensor:
            latents: Tensor = codec.encode(part.flatten(0, 1)).unflatten(0, part.shape[:2])
            return latents

        codecs = {"rgb": self.model.codec, "pose": self.model.pose_codec}
        found: dict[str, Tensor] = {
            name: by(codecs[name], getattr(videos, name)) for name in self.model.config.denoiser.modalities
        }
        nothing = torch.zeros(()).to(self.device).expand(next(iter(found.values())).shape)
        return Pair(*(found.get(name, nothing) for name in MODALITIES))

    def configure_optimizers(self) -> Any:
        optimiser = adamw(self.trained, learning_rate=self.settings.learning_rate, fused=self.device.type == "cuda")
        num_steps = self.settings.num_steps
        warm_up = max(1, min(2000, num_steps // 10))

        def rate(step: int) -> float:
            """Linear warm-up, then half a cosine down to a twentieth."""
            rest = min(1.0, max(0, step - warm_up) / max(1, num_steps - warm_up))
            return min(1.0, (step + 1) / warm_up) * (0.05 + 0.95 * (1 + math.cos(math.pi * rest)) / 2)

        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
