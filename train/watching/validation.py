"""The loss on clips that are never trained on, with fixed noise at fixed levels: one function of the weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rigmill.storage.files import Store, write_atomic
from shards.loader.latents.cached import CachedLatents
from shards.loader.order import Share
from shards.mixture import keyed_generator
from train.data import Batch, loader_of, prepared
from train.feed import fed
from train.inputs import TrainingClip, TrainSettings
from train.model.joint import Pair
from train.watching.steps import EachStep

NUM_BINS = 8  # of noise levels from 0 to 1, one level in the middle of each
SEED = 0  # of noise, windows and views: the same in all trainings, so that these can be compared
HEADER = ("step", "clips", "modality", "bin", "sigma", "loss")
ALL = "all"  # what stands for the mean over modalities, and over bins


def sigma_of(place: int) -> float:
    """The noise level of a bin."""
    return (place + 0.5) / NUM_BINS


@dataclass(frozen=True, slots=True)
class Measured:
    """The losses after so many steps, by modality and bin: means over the clips."""

    step: int
    losses: Mapping[str, Sequence[float]]

    @property
    def mean(self) -> float:
        """Over modalities and bins; by this a checkpoint is the best."""
        return float(np.mean([list(of_bins) for of_bins in self.losses.values()]))

    def lines(self, num_clips: int) -> Iterator[str]:
        """Of the CSV: each bin, their mean, and the mean of all."""
        for modality, of_bins in self.losses.items():
            for place, loss in enumerate(of_bins):
                yield f"{self.step},{num_clips},{modality},{place},{sigma_of(place)},{loss!r}"
            yield f"{self.step},{num_clips},{modality},{ALL},,{float(np.mean(of_bins))!r}"
        yield f"{self.step},{num_clips},{ALL},{ALL},,{self.mean!r}"


class Validation(EachStep):
    """Measures before the first step, every `interval` steps and after the last one, with the weights that a checkpoint
    of then would hold. Nothing that is learned depends on it; what it found travels in checkpoints.
    """

    def __init__(
        self,
        path: Path,
        *,
        clips: Sequence[TrainingClip],
        settings: TrainSettings,
        store_root: Path,
        interval: int,
        latents: CachedLatents | None = None,
    ) -> None:
        self.path, self.clips, self.store_root, self.latents = path, clips, store_root, latents
        self.interval, self.num_steps = interval, settings.num_steps
        self.settings = replace(
            settings, seed=SEED, batch_size=1, mixture={}, may_lack=(), condition_dropout=0.0, caption_dropout=0.0
        )
        self.measured: list[Measured] = []
        self._batches: list[Batch] = []  # encoded, on the CPU
        self._writes = True

    @property
    def best_step(self) -> int | None:
        """The step after which it was lowest, of those that a checkpoint can have."""
        found = [one for one in self.measured if one.step and math.isfinite(one.mean)]
        return min(found, key=lambda one: (one.mean, one.step)).step if found else None

    def state_dict(self) -> dict[str, Any]:
        return {
            "measured": [[one.step, {name: list(row) for name, row in one.losses.items()}] for one in self.measured]
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.measured = [Measured(step, losses) for step, losses in state_dict["measured"]]

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self._writes = trainer.is_global_zero
        if self.measured or trainer.global_step:
            self._write()
        else:
            self.after_step(trainer, pl_module, 0)

    def after_step(self, trainer: Any, pl_module: Any, step: int) -> None:
        if step % self.interval and step != self.num_steps:
            return
        with pl_module.as_kept(), torch.no_grad(), trainer.precision_plugin.forward_context():
            self.measured.append(Measured(step, self._losses(pl_module)))
        self._write()

    def _write(self) -> None:
        if not self._writes:
            return
        lines = [",".join(HEADER), *(line for one in self.measured for line in one.lines(len(self.clips)))]
        write_atomic(self.path, ("\n".join(lines) + "\n").encode(), durable=False)

    def _losses(self, module: Any) -> dict[str, list[float]]:
        """By modality and bin, of the weights as they are."""
        self._batches = self._batches or [self._encoded(module, index) for index in range(len(self.clips))]
        names = module.model.config.denoiser.modalities
        found = {name: np.zeros(NUM_BINS) for name in names}
        for kept in self._batches:
            batch = _on(kept, module.device)
            clean, condition = module.encoded(batch)
            for place in range(NUM_BINS):
                sigma = torch.full((1,), sigma_of(place), device=module.device)
                noise = fixed_noise(tuple(clean.rgb.shape), clip_id=batch.clip_ids[0], place=place)
                noise = noise.map(lambda part: part.to(module.device))
                parts = module.errors(replace(batch, sigma=sigma), clean, condition, noise)
                for name in names:
                    found[name][place] += getattr(parts, name).item() / len(self._batches)
        return {name: [float(loss) for loss in losses] for name, losses in found.items()}

    def _encoded(self, module: Any, index: int) -> Batch:
        """A held-out clip with a window, views and condition that are a function of its place alone, encoded once."""
        config = module.model.config
        loader = loader_of(
            [self.clips[index]], config=config, settings=self.settings, store_root=self.store_root, latents=self.latents
        )
        own = fed(loader[[index]], Share(1)).to(module.device)
        batch = prepared(own, config=config, settings=self.settings)
        clean, condition = module.encoded(batch)
        text = module.model.text(batch.captions) if batch.text is None else batch.text
        return _on(replace(batch, videos=clean, conditions=condition, text=text), torch.device("cpu"))


def validation_of(
    wanted: Mapping[str, Any], *, settings: TrainSettings, store: Store, folder: Path, latents: CachedLatents | None
) -> list[Validation]:
    """The callback, as a job's hints say; none where they say nothing."""
    if not wanted:
        return []
    return [
        Validation(
            folder / f"{settings.stage}.validation.csv",
            clips=[TrainingClip.from_row(row) for row in wanted["rows"]],
            settings=settings,
            store_root=store.root,
            interval=wanted["interval"],
            latents=latents,
        )
    ]


def fixed_noise(shape: tuple[int, ...], *, clip_id: str, place: int) -> Pair:
    """Unit noise of a clip in a bin, whatever else is validated, and however often."""
    return Pair(
        *(
            torch.from_numpy(
                keyed_generator(SEED, "validation", clip_id, place, modality).standard_normal(shape, dtype=np.float32)
            )
            for modality in ("rgb", "pose")
        )
    )


def _on(batch: Batch, device: torch.device) -> Batch:
    """An encoded batch on a device."""
    assert batch.text is not None
    return replace(
        batch,
        videos=batch.videos.map(lambda part: part.to(device)),
        conditions=batch.conditions.map(lambda part: part.to(device)),
        dropped=batch.dropped.to(device),
        sigma=batch.sigma.to(device),
        rays=batch.rays.to(device),
        text=batch.text.to(device),
    )
