"""Training batches: which clips a step draws, cut to a window, with their condition, noise level and rays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rigmill.errors import UserError
from rigmill.storage.files import Store
from shards.loader.mixing import present_weights
from shards.mixture import Mixture, rank_positions
from train.clips import Clips, Pictures, ray_maps, to_unit
from train.inputs import TrainingClip, TrainSettings
from train.model.joint import Pair
from train.objective import choose, choose_frames
from train.recipes import ModelConfig


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step trains on. Pictures are float32 in [-1, 1]."""

    step: int
    videos: Pair  # (B, V, 3, F, H, W)
    conditions: Pair  # (B, V, 3, 1, H, W)
    dropped: Tensor  # (B,) bool: the condition is left out
    sigma: Tensor  # (B,)
    rays: Tensor  # (B, V, 6, h, w)
    captions: tuple[str, ...]
    clip_ids: tuple[str, ...]
    frames: tuple[int, ...] | None = None  # F of them, which of the window's frames these are; None: all

    def to(self, device: torch.device, **_: Any) -> Batch:
        """The batch on another device; the trainer calls this."""

        def move(pair: Pair) -> Pair:
            return Pair(pair.rgb.to(device), pair.pose.to(device))

        return replace(
            self,
            videos=move(self.videos),
            conditions=move(self.conditions),
            dropped=self.dropped.to(device),
            sigma=self.sigma.to(device),
            rays=self.rays.to(device),
        )


@dataclass(frozen=True, slots=True)
class _Sample:
    """One clip's share of a batch: the fields of `Batch` without B."""

    videos: Pair
    conditions: Pair
    dropped: bool
    sigma: float
    rays: Tensor
    clip: TrainingClip
    caption: str


def _stack(pairs: Sequence[Pair]) -> Pair:
    return Pair(torch.stack([pair.rgb for pair in pairs]), torch.stack([pair.pose for pair in pairs]))


class Batches:
    """Batch after batch from step `start` on; the batch of a step is a function of (clips, settings, step).

    Clips lie in shards of the store, or are cut out and decoded already: then nothing is read of the store.
    """

    def __init__(
        self,
        clips: Sequence[TrainingClip] | Pictures,
        *,
        config: ModelConfig,
        settings: TrainSettings,
        store_root: Path,
    ) -> None:
        if settings.drawn_frames and config.codec.temporal_factor > 1:
            raise UserError(
                f"train.stages: {settings.stage} has drawn_frames {settings.drawn_frames}",
                why=f"the codec of recipe {settings.recipe} makes one latent frame of "
                f"{config.codec.temporal_factor}, which must follow each other",
                fix="drawn_frames: 0",
                code="E501",
            )
        self.config, self.settings, self.start = config, settings, 0
        self.clips: Pictures
        if isinstance(clips, Sequence):
            self.clips = Clips(clips, store=Store(store_root), config=config)
        else:
            self.clips = clips
        self.of_source: dict[str, list[int]] = {}
        for index, clip in enumerate(self.clips.clips):
            self.of_source.setdefault(clip.source, []).append(index)
        self.mixture = Mixture(
            {source: len(indices) for source, indices in self.of_source.items()},
            weights=present_weights(settings.mixture, set(self.of_source), may_lack=settings.mixture),
            seed=settings.seed,
        )

    def __iter__(self) -> Iterator[Batch]:
        for step in range(self.start, self.settings.num_steps):
            yield self.batch(step)

    def batch(self, step: int) -> Batch:
        """The batch of one step."""
        size = self.settings.batch_size
        frames = choose_frames(self.settings, step=step)
        draws = [self.mixture.draw(position) for position in rank_positions(step, batch_size=size)]
        samples = [
            self._sample(self.of_source[draw.source][draw.item], step=step, place=place, frames=frames)
            for place, draw in enumerate(draws)
        ]
        return Batch(
            step=step,
            videos=_stack([sample.videos for sample in samples]),
            conditions=_stack([sample.conditions for sample in samples]),
            dropped=torch.tensor([sample.dropped for sample in samples]),
            sigma=torch.tensor([sample.sigma for sample in samples], dtype=torch.float32),
            rays=torch.stack([sample.rays for sample in samples]),
            captions=tuple(sample.caption for sample in samples),
            clip_ids=tuple(sample.clip.place.clip_id for sample in samples),
            frames=frames,
        )

    def _sample(self, index: int, *, step: int, place: int, frames: tuple[int, ...] | None) -> _Sample:
        clip, num_frames = self.clips.clips[index], self.settings.num_frames
        choice = choose(self.settings, self.config, clip, step=step, place=place)
        views = [self.clips.view(index, view) for view in choice.seen.views]
        stride = self.config.frame_stride
        window = choice.seen.start + stride * np.asarray(range(num_frames) if frames is None else frames)
        at = choice.seen.start + choice.seen.condition_frame * stride
        if choice.seen.from_template:
            conditions = [(view.template_rgb, view.template_pose) for view in views]
        else:
            conditions = [(view.rgb[at], view.pose[at]) for view in views]
        cameras = self.clips.cameras(index)
        return _Sample(
            videos=Pair(
                to_unit(np.stack([view.rgb[window] for view in views])),
                to_unit(np.stack([view.pose[window] for view in views])),
            ),
            conditions=Pair(
                to_unit(np.stack([rgb[None] for rgb, _ in conditions])),
                to_unit(np.stack([pose[None] for _, pose in conditions])),
            ),
            dropped=choice.seen.drop_condition,
            sigma=choice.sigma,
            clip=clip,
            caption=choice.caption,
            rays=ray_maps([cameras[view] for view in choice.seen.views], factor=self.config.codec.spatial_factor),
        )
