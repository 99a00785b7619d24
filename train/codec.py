"""Pictures to latents and back. The denoiser sees only `VideoCodec`, so the Wan VAE fits in the same place."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from train.recipes import CodecConfig


class VideoCodec(Protocol):
    """Videos (B, 3, F, H, W) in [-1, 1] to latents (B, z_dim, f, h, w) of about unit size, and back.

    The first frame is always a latent frame of its own, so an image is a video of one frame.
    """

    z_dim: int
    spatial_factor: int
    temporal_factor: int

    def encode(self, videos: Tensor) -> Tensor: ...

    def decode(self, latents: Tensor) -> Tensor: ...

    def to(self, device: torch.device) -> VideoCodec: ...


def num_latent_frames(codec: VideoCodec, num_frames: int) -> int:
    """Latent frames of a video; refuses lengths whose last frames a causal codec would drop silently."""
    extra = (num_frames - 1) % codec.temporal_factor
    if num_frames < 1 or extra:
        raise ValueError(f"{num_frames} frames: the codec needs {codec.temporal_factor}k+1")
    return 1 + (num_frames - 1) // codec.temporal_factor


class DctCodec:
    """A fixed block DCT: the `z_dim` lowest frequencies of each block, luma before chroma. Nothing to train or load.

    `even` keeps as many of every colour. The basis is orthonormal (over colour, rows and columns), so
    decode(encode(x)) is the projection of x on what is kept, and the latents are the coefficients times a fixed gain.
    Groups of `temporal_factor` frames are averaged.
    """

    def __init__(self, config: CodecConfig) -> None:
        self.z_dim, self.spatial_factor, self.temporal_factor = (
            config.z_dim,
            config.spatial_factor,
            config.temporal_factor,
        )
        size = self.spatial_factor
        waves = _dct_basis(size)
        colours = torch.eye(3, dtype=torch.float64) if config.even else _dct_basis(3)
        kept = sorted(
            (_even_cost(row, column) if config.even else _cost(colour, row, column), colour, row, column)
            for colour in range(3)
            for row in range(size)
            for column in range(size)
        )[: self.z_dim]
        self.basis = torch.stack(
            [torch.einsum("c,y,x->cyx", colours[colour], waves[row], waves[column]) for _, colour, row, column in kept]
        ).float()  # (z_dim, 3, size, size)
        gains = [1.0] * self.z_dim
        if not config.even:
            gains = [_GAINS[min(cost, len(_GAINS) - 1)] for cost, *_ in kept]
            gains[0] /= size * math.sqrt(3)  # the coefficient of a picture that is 1 everywhere
        lift = torch.tensor(config.lift) if config.lift else torch.ones(self.z_dim)
        self.gains = (torch.tensor(gains) * lift)[:, None, None]

    def to(self, device: torch.device) -> DctCodec:
        """On another device."""
        self.basis, self.gains = self.basis.to(device), self.gains.to(device)
        return self

    def encode(self, videos: Tensor) -> Tensor:
        """Videos (B, 3, F, H, W) in [-1, 1] to latents (B, z_dim, f, h, w)."""
        num_latent = num_latent_frames(self, videos.shape[2])
        if self.temporal_factor > 1:
            groups = videos[:, :, 1:].unflatten(2, (num_latent - 1, self.temporal_factor)).mean(dim=3)
            videos = torch.cat([videos[:, :, :1], groups], dim=2)
        frames = videos.transpose(1, 2).flatten(0, 1)
        latents = functional.conv2d(frames, self.basis, stride=self.spatial_factor) * self.gains
        return _by_time(latents, num_latent)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (B, z_dim, f, h, w) to videos (B, 3, F, H, W), clamped to [-1, 1]."""
        num_latent = latents.shape[2]
        frames = latents.transpose(1, 2).flatten(0, 1) / self.gains
        frames = functional.conv_transpose2d(frames, self.basis, stride=self.spatial_factor).clamp(-1, 1)
        videos = _by_time(frames, num_latent)
        if self.temporal_factor > 1:
            later = videos[:, :, 1:].repeat_interleave(self.temporal_factor, dim=2)
            videos = torch.cat([videos[:, :, :1], later], dim=2)
        return videos


def _by_time(frames: Tensor, num_frames: int) -> Tensor:
    """Frames (B*F, C, H, W) as videos (B, C, F, H, W)."""
    videos: Tensor = frames.unflatten(0, (-1, num_frames)).transpose(1, 2)
    return videos


# Per step of frequency. White is 2 and black -2 in the first latent, so that little of the noise left at the end of
# sampling is seen as blocks; pictures fade with frequency, so later ones are lifted.
_GAINS = (2.0, 0.5, 0.7, 0.9)


def _cost(colour: int, row: int, column: int) -> int:
    """Chroma costs two steps of frequency: the eye and our pictures have less detail there."""
    return row + column + (2 if colour else 0)


def _even_cost(row: int, column: int) -> int:
    """Colours cost nothing, and squares of waves are kept: 48 of 8 x 8 pixels are 4 x 4 of each colour."""
    return max(row, column)


def _dct_basis(size: int) -> Tensor:
    """Rows are the orthonormal DCT-II vectors, (size, size), float64."""
    angle = torch.outer(torch.arange(size, dtype=torch.float64), torch.arange(size, dtype=torch.float64) + 0.5)
    basis = torch.cos(angle * math.pi / size) * math.sqrt(2 / size)
    basis[0] /= math.sqrt(2)
    return basis
