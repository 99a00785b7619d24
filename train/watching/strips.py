"""What a model generates while it trains, as strips of pictures: a row a view, every so many steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import lightning.pytorch as lightning
import numpy as np

from rigmill.clips.pictures import image_bytes
from rigmill.storage.files import write_atomic
from rigmill.types import Bytes
from train.clips import Pictures
from train.inputs import TrainSettings
from train.sampler import Prompt, Sampling, sample
from train.watching.steps import EachStep
from train.weights import Model

SHOWN_VIEWS = 2
_LEAST_PX = 128  # of a picture's height, as far as whole pixels go: smaller ones are hard to look at


class Looking(EachStep):
    """Looks at the model every `interval` steps and after the last one, as a checkpoint of then would keep it."""

    def __init__(self, *, interval: int, num_steps: int) -> None:
        self.interval, self.num_steps = interval, num_steps

    def after_step(self, trainer: Any, pl_module: Any, step: int) -> None:
        if step % self.interval == 0 or step == self.num_steps:
            with pl_module.as_kept() as model:
                self.look(model, step)

    def look(self, model: Model, step: int) -> None:
        """What is done with the model after `step` steps."""
        raise NotImplementedError


class Strips(Looking):
    """Samples the first and the last training clip, and writes one picture of both, STAGE-STEP.png."""

    def __init__(
        self, folder: Path, *, pictures: Pictures, settings: TrainSettings, sampling: Sampling, interval: int
    ) -> None:
        super().__init__(interval=interval, num_steps=settings.num_steps)
        self.folder, self.pictures, self.stage, self.sampling = folder, pictures, settings.stage, sampling

    def look(self, model: Model, step: int) -> None:
        strips = []
        for index in sorted({0, len(self.pictures.clips) - 1}):
            rgb, pose = sample(model, prompt_of(self.pictures, index), replace(self.sampling, seed=index))
            strips.append(strip_of(self.pictures, index, rgb, pose))
        write_strips(self.folder / f"{self.stage}-{step:07d}.png", strips)


def strips_of(
    wanted: Mapping[str, Any], *, settings: TrainSettings, pictures: Pictures, folder: Path
) -> list[lightning.Callback]:
    """The callback that makes strips as `train.inputs.settings_of` says; none where it says nothing."""
    if not wanted:
        return []
    how = {name: value for name, value in wanted.items() if name != "interval"}
    sampling = Sampling(settings.num_frames, seed=0, device=settings.device, **how)
    return [Strips(folder, pictures=pictures, settings=settings, sampling=sampling, interval=wanted["interval"])]


def prompt_of(pictures: Pictures, index: int, *, caption: str | None = None) -> Prompt:
    """A clip's rest pose and its caption, or another one."""
    clip = pictures.clips[index]
    views = [pictures.view(index, view) for view in range(clip.num_views)]
    return Prompt(
        templates_rgb=np.stack([view.template_rgb for view in views]),
        templates_pose=np.stack([view.template_pose for view in views]),
        cameras=pictures.cameras(index),
        caption=clip.caption if caption is None else caption,
    )


def strip_of(pictures: Pictures, index: int, rgb: Bytes, pose: Bytes) -> Bytes:
    """One clip: rest pose, first, middle and last generated frames, their maps, and a recorded map; a row a view.

    Arguments:
      rgb, pose (Bytes): What was generated from the clip's rest pose, (V, F, H, W, 3).
    """
    last = rgb.shape[1] - 1
    shown = [0, last // 2, last]
    rows = []
    for view in range(min(SHOWN_VIEWS, len(rgb))):
        recorded = pictures.view(index, view)
        tiles = [recorded.template_rgb, *rgb[view, shown], *pose[view, shown], recorded.pose[len(recorded.pose) // 2]]
        rows.append(np.concatenate(tiles, axis=1))
    times = max(1, _LEAST_PX // rgb.shape[2])
    strip = cv2.resize(np.concatenate(rows), None, fx=times, fy=times, interpolation=cv2.INTER_NEAREST)
    return np.asarray(strip, dtype=np.uint8)


def write_strips(path: Path, strips: Sequence[Bytes]) -> None:
    """Strips under each other, as one PNG."""
    write_atomic(path, image_bytes(".png", np.concatenate(strips)), durable=False)
