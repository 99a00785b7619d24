"""Attention over all views of one time step (section 3.2). Shape letters: train/model/joint.py."""

from __future__ import annotations

from typing import Protocol

from diffusers.models.transformers.transformer_wan import WanAttention, WanAttnProcessor
from torch import Tensor, nn

from train.model.adapters import plain_state


class Exchange(Protocol):
    """How R ranks that have V/R views of a clip each, and all T frames, come to all V views of some frames."""

    ranks: int  # R

    def to_frames(self, tokens: Tensor) -> Tensor:
        """(B, T, V/R, S, D) of this rank's views to (B, t, V, S, D) of its frames; R t is at least T."""

    def to_views(self, tokens: Tensor, num_frames: int) -> Tensor:
        """And back, to T = `num_frames`."""


class MultiViewAttention(nn.Module):
    """Self-attention over the V*S tokens that all views have at one latent frame; adds zero until trained.

    Arguments:
      dim (int): D, the width of a token.
      num_heads (int): Attention heads; D is a multiple of it.
      eps (float): Of the normalisation of queries and keys, as in Wan.
    """

    def __init__(self, dim: int, *, num_heads: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.attention = WanAttention(
            dim=dim, heads=num_heads, dim_head=dim // num_heads, eps=eps, processor=WanAttnProcessor()
        )
        nn.init.zeros_(self.attention.to_out[0].weight)
        nn.init.zeros_(self.attention.to_out[0].bias)
        self.exchange: Exchange | None = None  # where ranks share the views of a clip

    def copy_from(self, self_attention: WanAttention) -> None:
        """Start from the block's trained self-attention, apart from the output, which stays zero."""
        weights = {k: v for k, v in plain_state(self_attention).items() if not k.startswith("to_out")}
        self.attention.load_state_dict(weights, strict=False)

    def forward(self, tokens: Tensor, *, num_views: int, frame_positions: tuple[Tensor, Tensor]) -> Tensor:
        """
        Every view has the same positions: views are a ring without a first or last, told apart by their rays, so any
        number and choice of views is one case.

        Arguments:
          tokens (Tensor): The views of a clip lie side by side, (B*V, T, S, D); with an exchange this rank's of them.
          num_views (int): V; with an exchange this rank's.
          frame_positions (tuple[Tensor, Tensor]): RoPE of one latent frame, (1, S, 1, head_dim) each.

        Returns:
          Tensor: What is added to the tokens, (B*V, T, S, D).
        """
        num_frames = tokens.shape[1]
        by_frame = tokens.unflatten(0, (-1, num_views)).transpose(1, 2)  # (B, T, V, S, D)
        if self.exchange is not None:
            by_frame = self.exchange.to_frames(by_frame)
        of_views = self._mixed(by_frame, frame_positions)
        if self.exchange is not None:
            of_views = self.exchange.to_views(of_views, num_frames)
        return of_views.transpose(1, 2).reshape(tokens.shape)

    def _mixed(self, by_frame: Tensor, frame_positions: tuple[Tensor, Tensor]) -> Tensor:
        """Attention among all views of each frame, (B, T, V, S, D) both ways."""
        batch, frames, num_views, spatial, dim = by_frame.shape
        positions = tuple(part.repeat(1, num_views, 1, 1) for part in frame_positions)
        mixed: Tensor = self.attention(by_frame.reshape(-1, num_views * spatial, dim), None, None, positions)
        return mixed.reshape(batch, frames, num_views, spatial, dim)
