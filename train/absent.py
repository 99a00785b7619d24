"""In the places of encoders that a training does not read: its latents were encoded before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from train.recipes import CodecConfig, TextConfig


class NotLoaded(Exception):
    """Something wanted to encode or decode in a training that was built without encoders: a fault of ours."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} was not loaded: this training reads latents that were encoded before")


class AbsentText(nn.Module):
    """No text encoder. It has no weights."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.num_tokens = config.num_tokens

    def forward(self, captions: Sequence[str]) -> Tensor:
        raise NotLoaded("text encoder")

    def unpadded(self, caption: str) -> Tensor:
        raise NotLoaded("text encoder")


class AbsentCodec:
    """No codec, of the shape of one."""

    def __init__(self, config: CodecConfig) -> None:
        self.z_dim, self.spatial_factor, self.temporal_factor = (
            config.z_dim,
            config.spatial_factor,
            config.temporal_factor,
        )

    def to(self, device: torch.device) -> AbsentCodec:
        return self

    def encode(self, videos: Any) -> Tensor:
        raise NotLoaded("codec")

    def decode(self, latents: Any) -> Tensor:
        raise NotLoaded("codec")
