"""How readable a model's pose maps are while it trains: a line of a CSV and a strip of pictures every so often."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from train.clips import Pictures
from train.sampling.sampler import Sampling
from train.watching.readability import Generated, Reading, generated, mean_reading
from train.watching.strips import Looking, prompt_of, strip_of, write_strips
from train.weights import Model

# How the small model is sampled where nothing else is said: chosen by measurement (docs/small-model.md).
STEPS, GUIDANCE, TEXT_GUIDANCE = 10, 1.0, 1.4
_HEADER = ("step", "seconds", "clips", *(field.name for field in fields(Reading)))


class Watching(Looking):
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
        super().__init__(interval=interval, num_steps=num_steps)
        self.folder, self.num_frames = folder, num_frames
        self.sets = {"trained": trained} | ({"held out": held_out} if held_out else {})
        self.started = time.monotonic()

    def look(self, model: Model, step: int) -> None:
        """Sample, read, and write what was found."""
        for name, (pictures, chosen) in self.sets.items():
            found = [self._one(model, pictures, index) for index in chosen]
            mean = mean_reading([each.reading for each in found])
            self._write(step, name, mean)
            strips = [strip_of(pictures, index, each.rgb, each.pose) for index, each in zip(chosen, found[:4])]
            write_strips(self.folder / f"{name.replace(' ', '-')}-{step:07d}.png", strips)

    def _one(self, model: Model, pictures: Pictures, index: int) -> Generated:
        sampling = Sampling(self.num_frames, seed=index, steps=STEPS, guidance=GUIDANCE, text_guidance=TEXT_GUIDANCE)
        return generated(model, prompt_of(pictures, index), pictures.geometry(index), sampling)

    def _write(self, step: int, name: str, mean: Reading) -> None:
        path = self.folder / "readability.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(",".join(_HEADER) + "\n")
        numbers = ["" if value is None else f"{value:.4f}" for value in astuple(mean)]
        with path.open("a") as stream:
            stream.write(",".join([str(step), f"{time.monotonic() - self.started:.0f}", name, *numbers]) + "\n")
