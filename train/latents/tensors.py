"""What was read of cached latents as a training step takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from shards.loader.latents.cached import LatentBatch, Latents
from train.clips import ray_maps
from train.model.joint import Pair
from train.recipes import ModelConfig


@dataclass(frozen=True, slots=True)
class EncodedBatch:
    """B draws of V views. Latents and text are in the type in which they were stored, until they are on a device."""

    videos: Pair  # (B, V, C, f, h, w)
    conditions: Pair  # (B, V, C, 1, h, w)
    text: Tensor  # (B, X, E), zeros after a caption's end
    rays: Tensor  # (B, V, 6, h, w)

    @classmethod
    def of(cls, batch: LatentBatch, config: ModelConfig) -> EncodedBatch:
        """Latents without a copy: they keep the memory of the batch, until they go to another device or type."""
        factor, num_tokens = config.codec.spatial_factor, config.text.num_tokens
        text = [torch.from_numpy(tokens) for tokens in batch.text]
        return cls(
            videos=_pair(batch.rgb, batch.pose, "video"),
            conditions=_pair(batch.rgb, batch.pose, "condition"),
            text=torch.stack([nn.functional.pad(one, (0, 0, 0, num_tokens - len(one))) for one in text]),
            rays=torch.stack([ray_maps(cameras, factor=factor) for cameras in batch.cameras]),
        )

    def to(self, device: torch.device, **_: Any) -> EncodedBatch:
        """On a device, in float32; the trainer calls this."""
        return EncodedBatch(
            self.videos.map(lambda part: part.to(device).float()),
            self.conditions.map(lambda part: part.to(device).float()),
            self.text.to(device).float(),
            self.rays.to(device),
        )


def _pair(rgb: Latents, pose: Latents, name: str) -> Pair:
    return Pair(torch.from_numpy(getattr(rgb, name)), torch.from_numpy(getattr(pose, name)))
