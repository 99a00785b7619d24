"""How readable a model's pose maps are while it trains: a line of a CSV and a strip of pictures every so often."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import cv2
import lightning.pytorch as lightning
import numpy as np

from rigmill.clips.pictures import image_bytes
from rigmill.storage.files import write_atomic
from rigmill.types import Bytes
from train.clips import Pictures
from train.sampler import Sampling
from train.small.readability import Generated, Reading, generated, mean_reading, prompt_of
from train.weights import Model

STEPS, GUIDANCE = 10, 1.5  # more of either changes nothing that was measured
_HEADER = ("step", "seconds", "clips", *(field.name for field in fields(Reading)))


class Watching(lightning.Callback):
    """Samples a few trained and a few held-out clips every `interval` steps, and after the last one."""

    def __init__(
        self,
        folder: Path,
        *,
        trained: tuple[Pictures, Sequence[int]],
        held_out: tuple[Pictures, Sequence[int]] | None,
        num_frames: int,
        interval: int,
        num_steps: int,
    ) -> None:
        self.folder, self.num_frames, self.interval, self.num_steps = folder, num_frames, interval, num_steps
        self.sets = {"trained": trained} | ({"held out": held_out} if held_out else {})
        self.started = time.monotonic()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        step = trainer.global_step
        if step % self.interval and step != self.num_steps:
            return
        with pl_module.with_means():
            was_training = pl_module.model.training
            pl_module.model.eval()
            self.look(pl_module.model, step)
            pl_module.model.train(was_training)

    def look(self, model: Model, step: int) -> None:
        """Sample, read, and write what was found."""
        for name, (pictures, chosen) in self.sets.items():
            found = [self._one(model, pictures, index) for index in chosen]
            mean = mean_reading([each.reading for each in found])
            self._write(step, name, mean)
            strip = np.concatenate([strip_of(pictures, index, each) for index, each in zip(chosen, found[:4])])
            path = self.folder / f"{name.replace(' ', '-')}-{step:07d}.png"
            write_atomic(path, image_bytes(".png", strip), durable=False)

    def _one(self, model: Model, pictures: Pictures, index: int) -> Generated:
        sampling = Sampling(self.num_frames, seed=index, steps=STEPS, guidance=GUIDANCE)
        return generated(model, prompt_of(pictures, index), pictures.geometry(index), sampling)

    def _write(self, step: int, name: str, mean: Reading) -> None:
        path = self.folder / "readability.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(",".join(_HEADER) + "\n")
        numbers = ["" if value is None else f"{value:.4f}" for value in astuple(mean)]
        with path.open("a") as stream:
            stream.write(",".join([str(step), f"{time.monotonic() - self.started:.0f}", name, *numbers]) + "\n")


def strip_of(pictures: Pictures, index: int, found: Generated) -> Bytes:
    """One clip: rest pose, first, middle and last generated frames, their maps, and a recorded map; a row a view."""
    last = found.rgb.shape[1] - 1
    shown = (0, last // 2, last)
    rows = []
    for view in range(min(2, len(found.rgb))):
        recorded = pictures.view(index, view)
        tiles = [
            recorded.template_rgb,
            *(found.rgb[view, frame] for frame in shown),
            *(found.pose[view, frame] for frame in shown),
            recorded.pose[len(recorded.pose) // 2],
        ]
        rows.append(np.concatenate(tiles, axis=1))
    small = np.concatenate(rows)
    return np.asarray(cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
