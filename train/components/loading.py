"""Components out of their folders, by the libraries' own readers, which are never let near the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import Tensor
from transformers import AutoTokenizer, UMT5EncoderModel

from rigmill.errors import UserError
from train.codec import num_latent_frames
from train.recipes import CodecConfig


def load_transformer(folder: Path, *, dtype: torch.dtype = torch.float32) -> WanTransformer3DModel:
    """Wan's transformer. Its time embedder, norms and modulation tables stay float32, as diffusers says."""
    return _read(
        "transformer",
        folder,
        lambda: WanTransformer3DModel.from_pretrained(folder, local_files_only=True, torch_dtype=dtype),
    )


def load_text_encoder(folder: Path, *, dtype: torch.dtype = torch.float32) -> Any:
    """The UMT5 encoder."""
    return _read(
        "text_encoder", folder, lambda: UMT5EncoderModel.from_pretrained(folder, local_files_only=True, dtype=dtype)
    )


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer beside it."""
    return _read("tokenizer", folder, lambda: AutoTokenizer.from_pretrained(folder, local_files_only=True))


def load_codec(folder: Path, config: CodecConfig) -> WanCodec:
    """Wan's video codec."""
    vae = _read("vae", folder, lambda: AutoencoderKLWan.from_pretrained(folder, local_files_only=True))
    return WanCodec(vae, config)


def _read(component: str, folder: Path, read: Any) -> Any:
    """What the reader gives; a UserError where the files are not what their names say."""
    try:
        return read()
    except Exception as error:  # the libraries answer the same mistake with OSError, ValueError, SafetensorError, ...
        raise UserError(
            f"the {component} in {folder} cannot be read",
            why=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
            fix="fetch it again, or point train.weights to another folder",
            code="E521",
        ) from error


class WanCodec:
    """AutoencoderKLWan with the mean and deviation of its latents, which it has in its configuration and does not use.

    Latents are the means of the posterior: a draw from it would be noise of ours on top of the noise of training. One
    video goes through at a time: the codec keeps a cache of frames, and several at once need several times the memory.
    It computes in float32, whatever is around it.
    """

    def __init__(self, vae: AutoencoderKLWan, config: CodecConfig) -> None:
        self.vae = vae.requires_grad_(False).eval()
        self.z_dim, self.spatial_factor, self.temporal_factor = (
            config.z_dim,
            config.spatial_factor,
            config.temporal_factor,
        )
        self.mean = torch.tensor(vae.config.latents_mean).view(1, -1, 1, 1, 1)
        self.deviation = torch.tensor(vae.config.latents_std).view(1, -1, 1, 1, 1)

    def to(self, device: torch.device) -> WanCodec:
        """On another device."""
        self.vae.to(device)
        self.mean, self.deviation = self.mean.to(device), self.deviation.to(device)
        return self

    @torch.no_grad()
    def encode(self, videos: Tensor) -> Tensor:
        """Videos (B, 3, F, H, W) in [-1, 1] to latents (B, z_dim, f, h, w); refuses an F that is not 4k+1."""
        num_latent_frames(self, videos.shape[2])
        with torch.autocast(videos.device.type, enabled=False):
            latents = torch.cat([self.vae.encode(video.float()).latent_dist.mode() for video in videos.split(1)])
        return (latents - self.mean) / self.deviation

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Latents (B, z_dim, f, h, w) to videos (B, 3, F, H, W) in [-1, 1]."""
        latents = latents * self.deviation + self.mean
        with torch.autocast(latents.device.type, enabled=False):
            return torch.cat([self.vae.decode(latent.float()).sample for latent in latents.split(1)])
