"""What tells tokens apart: their modality and the rays of their camera. Both start at zero, so both start unnoticed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from torch import Tensor, nn
from torch.nn import functional


class ModalityEmbedding(nn.Module):
    """Identifiers 0 (rgb) and 1 (pose) through a frequency encoding and linear layers (section 3.2).

    Arguments:
      dim (int): D, the width of the timestep embedding that it is added to.
      freq_dim (int): Numbers of the frequency encoding.
    """

    def __init__(self, dim: int, *, freq_dim: int) -> None:
        super().__init__()
        self.frequencies = Timesteps(num_channels=freq_dim, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.linears = TimestepEmbedding(in_channels=freq_dim, time_embed_dim=dim)
        nn.init.zeros_(self.linears.linear_2.weight)
        nn.init.zeros_(self.linears.linear_2.bias)

    def forward(self) -> Tensor:
        """
        Returns:
          Tensor: The row of rgb, the row of pose, (2, D).
        """
        weight = self.linears.linear_1.weight
        ids = torch.arange(2, device=weight.device)
        rows: Tensor = self.linears(self.frequencies(ids).to(weight.dtype))
        return rows


class CameraEmbedding(nn.Module):
    """Plücker rays as extra input channels of the patch embedding.

    A convolution over [latents, rays] is the sum of one over latents and one over rays. Keeping the second apart
    leaves the pretrained patch embedding as it is, and lets stage 2 train this part alone.

    Arguments:
      dim (int): D, the width of a token.
      patch_size (tuple[int, int, int]): Latent frames, rows and columns of a token, as the model's own patches.
    """

    NUM_RAY_CHANNELS = 6

    def __init__(self, dim: int, *, patch_size: tuple[int, int, int]) -> None:
        super().__init__()
        self.patches = nn.Conv3d(self.NUM_RAY_CHANNELS, dim, kernel_size=patch_size, stride=patch_size, bias=False)
        nn.init.zeros_(self.patches.weight)

    def forward(self, rays: Tensor) -> Tensor:
        """
        Arguments:
          rays (Tensor): Plücker rays on the latent grid, (N, 6, h, w).

        Returns:
          Tensor: What is added to the tokens of every frame, (N, D, 1, h/p, w/p).
        """
        embedded: Tensor = self.patches(rays.unsqueeze(2))
        return embedded


class Shortcuts(nn.Module):
    """The condition where every frame sees it, and the caption where every layer sees it: as a whole, and as what it
    says of each moment.

    Arguments:
      dim (int): D, the width of a token.
      channels (int): C, of latents.
      text_dim (int): E, of text encoder states.
    """

    def __init__(self, dim: int, channels: int, text_dim: int) -> None:
        super().__init__()
        self.patches = nn.Conv3d(channels, dim, kernel_size=(1, 2, 2), stride=(1, 2, 2), bias=False)
        self.text = nn.Linear(text_dim, dim, bias=False)
        self.moments = Moments(dim, text_dim)
        self.heed = nn.Linear(text_dim, 1, bias=False)  # how much a word counts; at first all alike
        nn.init.zeros_(self.heed.weight)

    def of_condition(self, conditions: Sequence[Tensor], num_frames: int) -> Tensor:
        """
        Arguments:
          conditions (Sequence[Tensor]): Of every modality, (B, V, C, 1, h, w).
          num_frames (int): F, noisy latent frames of one video.

        Returns:
          Tensor: What is added to the tokens: the condition's to its modality's noisy frames, zero to its own frame,
          (N, D, T, h/2, w/2).
        """
        parts = []
        for condition in conditions:
            seen = self.patches(condition.flatten(0, 1))
            parts += [torch.zeros_like(seen), seen.expand(-1, -1, num_frames, -1, -1)]
        return torch.cat(parts, dim=2)

    def of_text(self, text: Tensor, frames: Sequence[int]) -> Tensor:
        """
        Arguments:
          text (Tensor): A caption's states, zeros after its end, (B, X, E).
          frames (Sequence[int]): Places in time of the F noisy frames.

        Returns:
          Tensor: What is added to the timestep embeddings of a modality's condition and noisy frames, (B, 1 + F, D).
        """
        there = (text != 0).any(dim=2, keepdim=True)
        counts = self.heed(text).masked_fill(~there, -1e4).softmax(dim=1)
        mean = (counts * text).sum(dim=1)
        moments = self.moments(mean, frames)
        found: Tensor = self.text(mean).unsqueeze(1) + functional.pad(moments, (0, 0, 1, 0))
        return found


class Moments(nn.Module):
    """What a caption says of each moment: a function of both, which attention over turned positions is slow to find.

    Arguments:
      dim (int): D, the width of a token.
      text_dim (int): E, of text encoder states.
    """

    WIDTH, NUM_WAVES = 384, 16
    LONGEST, SHORTEST = 64.0, 2.0  # waves, in latent frames

    def __init__(self, dim: int, text_dim: int) -> None:
        super().__init__()
        waves = torch.logspace(math.log2(self.LONGEST), math.log2(self.SHORTEST), self.NUM_WAVES, base=2)
        self.register_buffer("turns", 2 * math.pi / waves, persistent=False)  # radians a frame
        self.text = nn.Linear(text_dim, self.WIDTH)
        self.time = nn.Linear(2 * self.NUM_WAVES, self.WIDTH, bias=False)
        self.inner = nn.Linear(self.WIDTH, self.WIDTH)
        self.out = nn.Linear(self.WIDTH, dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, mean: Tensor, frames: Sequence[int]) -> Tensor:
        """Of captions' means (B, E) at places in time, F of them: (B, F, D)."""
        turns = self.turns
        assert isinstance(turns, Tensor)
        angles = torch.tensor([float(at) for at in frames], device=mean.device).unsqueeze(1) * turns
        time = self.time(torch.cat([angles.sin(), angles.cos()], dim=1).to(mean.dtype))
        hidden = functional.silu(self.text(mean).unsqueeze(1) + time)
        found: Tensor = self.out(functional.silu(self.inner(hidden)))
        return found
