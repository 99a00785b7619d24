"""What is looked at before a training spends hours: what trains, the first batch, and whether a step fits at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from torch import Tensor

from rigmill.errors import UserError
from rigmill.storage.files import write_atomic
from shards.loader.plan import Plan
from train.data import Batch, prepared
from train.inputs import TrainSettings
from train.watching.first_batch import first_batch_png
from train.watching.notes import Notes
from train.watching.parameters import csv_of, groups_of, words_of


class StartingChecks(lightning.Callback):
    """At the start of every process of a training. Changes no byte of what is learned.

    The dry step is a forward and a backward pass over the first batch, made as long as any step's can be: what does not
    fit, or does not fit together, ends the training in its first seconds.
    """

    def __init__(self, folder: Path, *, settings: TrainSettings, notes: Notes) -> None:
        self.folder, self.settings, self.notes = folder, settings, notes
        self._checked = False

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self._checked = False
        groups = groups_of(pl_module.model)
        if trainer.is_global_zero:
            self._write("parameters.csv", csv_of(groups).encode())
            self.notes.say(f"{self.settings.stage}: {words_of(groups)}")

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        if self._checked:
            return
        self._checked = True
        first = prepared(batch.parts(pl_module.accumulate)[0], config=pl_module.model.config, settings=self.settings)
        if trainer.is_global_zero:
            png = first_batch_png(pl_module.model, first)
            if png is None:
                self.notes.say("the first batch is of cached latents, and no codec is loaded to look at them")
            else:
                self._write("first-batch.png", png)
        frames = longest_window(trainer.datamodule.loader.plan)
        dry_step(trainer, pl_module, first, frames)
        if trainer.is_global_zero:
            self.notes.say(f"a dry step of {_shape(first, frames)} went through")

    def _write(self, name: str, data: bytes) -> None:
        write_atomic(self.folder / f"{self.settings.stage}.{name}", data, durable=False)


def longest_window(plan: Plan) -> int:
    """Frames of the longest window that a step can have: that of the longest clip."""
    longest = int(plan.catalogue.num_frames.max())
    return max(count for count in plan.counts if plan.drawing.span(count) <= longest)


def dry_step(trainer: Any, module: Any, batch: Batch, frames: int) -> None:
    """Forward and backward over a batch of so many frames, and nothing kept. A UserError where that does not go."""
    try:
        batch = lengthened(batch, frames, module.model.config.codec.temporal_factor)
        with trainer.precision_plugin.forward_context():
            clean, condition = module.encoded(batch)
            noise = clean.map(torch.zeros_like)
            loss = module.mean_of(module.errors(batch, clean, condition, noise))
        loss.backward()
    except (RuntimeError, MemoryError, ValueError) as error:
        raise _refusal(error, batch, frames, module.settings) from error
    finally:
        module.zero_grad(set_to_none=True)


def lengthened(batch: Batch, frames: int, temporal_factor: int) -> Batch:
    """The batch with so many frames, its last one repeated; drawn frames are as many in every step."""
    if batch.frames is not None:
        return batch
    wanted = frames if batch.text is None else (frames - 1) // temporal_factor + 1

    def longer(video: Tensor) -> Tensor:
        missing = wanted - video.shape[3]
        if missing <= 0:
            return video
        return torch.cat([video, video[:, :, :, -1:].expand(-1, -1, -1, missing, -1, -1)], dim=3)

    return replace(batch, videos=batch.videos.map(longer))


_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")


def _refusal(error: Exception, batch: Batch, frames: int, settings: TrainSettings) -> UserError:
    text = " ".join(str(error).split())
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(words in text.lower() for words in _NO_MEMORY):
        return UserError(
            f"stage {settings.stage}: a step of {_shape(batch, frames)} does not fit into the memory of this "
            f"{settings.device}",
            why=text[:200] or "there is no memory left",
            fix="fewer clips at once (train.batch_size, or more devices), fewer frames (train.num_frames), smaller "
            "pictures (train.size_px); cached latents (latents.enabled); what takes how much: {command}",
            code="E526",
            command=("plan", "train"),
        )
    return UserError(
        f"stage {settings.stage}: a step of {_shape(batch, frames)} cannot be computed",
        why=text[:300],
        fix="the clips' sizes, numbers of views and frames must be those of the recipe: look at train.recipe, "
        "train.size_px, train.num_frames and the stage's num_views",
        code="E526",
    )


def _shape(batch: Batch, frames: int) -> str:
    clips, views, _, drawn, rows, columns = batch.videos.rgb.shape
    size = f"{columns}x{rows} {'pixels' if batch.text is None else 'latents'}"
    return f"{clips} clips x {views} views x {drawn if batch.frames is not None else frames} frames of {size}"
