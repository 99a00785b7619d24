"""What a model generates while it trains, as pictures, videos and figures: every so many steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields, replace
from pathlib import Path
from typing import Any

import cv2
import lightning.pytorch as lightning
import numpy as np

from rigmill.clips.pictures import image_bytes
from rigmill.clips.video import encode
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.storage.files import write_atomic
from rigmill.types import Bytes
from train.clips import Pictures
from train.inputs import TrainSettings
from train.sampling.sampler import Prompt, Sampling, sample
from train.watching.readability import Reading, read_drawn
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
    """Samples the first and the last training clip, and a held-out one where there is any.

    STAGE-STEP.png has strips of all, STAGE-STEP.mp4 what was generated beside what was recorded, and STAGE.samples.csv
    what the project's own reconstruction reads from the generated pose maps. What was read travels in checkpoints.
    """

    def __init__(
        self,
        folder: Path,
        *,
        pictures: Pictures,
        held_out: Pictures | None,
        settings: TrainSettings,
        sampling: Sampling,
        interval: int,
    ) -> None:
        super().__init__(interval=interval, num_steps=settings.num_steps)
        self.folder, self.settings, self.sampling = folder, settings, sampling
        self.shown = [("trained", pictures, index) for index in sorted({0, len(pictures.clips) - 1})]
        if held_out is not None and len(held_out.clips):
            self.shown.append(("held out", held_out, 0))
        self.lines: list[str] = []

    def state_dict(self) -> dict[str, Any]:
        return {"lines": list(self.lines)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.lines = list(state_dict["lines"])

    def look(self, model: Model, step: int) -> None:
        strips, films = [], []
        for kind, pictures, index in self.shown:
            found = sample(model, prompt_of(pictures, index), replace(self.sampling, seed=index))
            rgb, pose = found.rgb, found.pose
            strips.append(strip_of(pictures, index, rgb, pose))
            films.append(film_of(pictures, index, rgb, pose, stride=model.config.frame_stride))
            reading = self._read(model, pictures, index, rgb, pose)
            self.lines.append(f"{step},{kind},{pictures.clips[index].place.clip_id},{_cells(reading)}")
        name, fps = f"{self.settings.stage}-{step:07d}", pictures.geometry(index).motion.fps / model.config.frame_stride
        write_strips(self.folder / f"{name}.png", strips)
        write_atomic(self.folder / f"{name}.mp4", film_bytes(films, fps=fps), durable=False)
        lines = "\n".join([",".join(HEADER), *self.lines]) + "\n"
        write_atomic(self.folder / f"{self.settings.stage}.samples.csv", lines.encode(), durable=False)

    def _read(self, model: Model, pictures: Pictures, index: int, rgb: Bytes, pose: Bytes) -> Reading | None:
        """None: the model draws no pose maps, or nobody has said what they mean."""
        row = self.settings.pose_map
        definition = model.config.pose_map or (None if row is None else PoseMapDefinition.from_row(row))
        if definition is None or "pose" not in model.config.denoiser.modalities:
            return None
        return read_drawn(rgb, pose, pictures.geometry(index), model.config, definition=definition).reading


HEADER = ("step", "kind", "clip_id", *(field.name for field in fields(Reading)))


def _cells(reading: Reading | None) -> str:
    values = [None] * len(fields(Reading)) if reading is None else astuple(reading)
    return ",".join("" if value is None else f"{value:.6g}" for value in values)


def strips_of(
    wanted: Mapping[str, Any],
    *,
    settings: TrainSettings,
    pictures: Pictures,
    folder: Path,
    held_out: Pictures | None = None,
) -> list[lightning.Callback]:
    """The callback that makes strips as `train.inputs.settings_of` says; none where it says nothing."""
    if not wanted:
        return []
    how = {name: value for name, value in wanted.items() if name != "interval"}
    sampling = Sampling(settings.num_frames, seed=0, device=settings.device, **how)
    return [
        Strips(
            folder,
            pictures=pictures,
            held_out=held_out,
            settings=settings,
            sampling=sampling,
            interval=wanted["interval"],
        )
    ]


def film_of(pictures: Pictures, index: int, rgb: Bytes, pose: Bytes, *, stride: int) -> Bytes:
    """One clip (T, H, W, 3), a row a view: generated RGB and pose map, recorded RGB and pose map.

    A recording that is shorter stands still at its end.
    """
    rows = []
    for view in range(min(SHOWN_VIEWS, len(rgb))):
        recorded = pictures.view(index, view)
        frames = np.minimum(np.arange(rgb.shape[1]) * stride, len(recorded.rgb) - 1)
        rows.append(np.concatenate([rgb[view], pose[view], recorded.rgb[frames], recorded.pose[frames]], axis=2))
    film = np.concatenate(rows, axis=1)
    times = max(1, _LEAST_PX // rgb.shape[2])
    return np.asarray(film.repeat(times, axis=1).repeat(times, axis=2), dtype=np.uint8)


def film_bytes(films: Sequence[Bytes], *, fps: float) -> bytes:
    """Films under each other, as one mp4."""
    width = max(film.shape[2] for film in films)
    padded = [np.pad(film, ((0, 0), (0, 0), (0, width - film.shape[2]), (0, 0))) for film in films]
    return encode(np.concatenate(padded, axis=1), fps=fps, crf=14, pixel_format="yuv420p", keyframe_interval=8)


def prompt_of(pictures: Pictures, index: int, *, caption: str | None = None) -> Prompt:
    """A clip's rest pose and its caption, or another one."""
    clip = pictures.clips[index]
    views = [pictures.view(index, view) for view in range(clip.num_views)]
    return Prompt(
        templates_rgb=np.stack([view.template_rgb for view in views]),
        templates_pose=np.stack([view.template_pose for view in views]),
        cameras=pictures.cameras(index),
        caption=clip.caption if caption is None else caption,
        geometry=pictures.geometry(index),
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
    width = max(strip.shape[1] for strip in strips)
    padded = [np.pad(strip, ((0, 0), (0, width - strip.shape[1]), (0, 0))) for strip in strips]
    write_atomic(path, image_bytes(".png", np.concatenate(padded)), durable=False)
