"""One block of the joint model, and the estimate that its output corrects. Shape letters: train/model/joint.py."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

_CHANGE = 0.4  # by how much clean latents are taken to differ from the condition's


def corrected(output: Tensor, *, noisy: Tensor, condition: Tensor, sigma: Tensor) -> Tensor:
    """Clean latents: the condition, what has changed as far as that needs no network, and the network's output times
    about what is wrong by then.

    What does not move is the condition's, so the network has to say what moves and no more: it need not carry the
    noise of a whole picture through itself to take it away. Were clean latents the condition and a random change of
    size c = 0.4, then (1 - sigma) c^2 / r of what is seen of the change were its best estimate, and c sigma / sqrt(r)
    the estimate's error, r = ((1 - sigma) c)^2 + sigma^2.

    Arguments:
      output (Tensor): Of the network, (B, V, C, F, h, w).
      noisy (Tensor): What it was given, the same shape.
      condition (Tensor): (B, V, C, 1, h, w); zeros where it is left out.
      sigma (Tensor): Noise levels, (B, 1, 1, 1, 1, 1).

    Returns:
      Tensor: (B, V, C, F, h, w). At sigma 0 it is `noisy`.
    """
    size = ((1 - sigma) * _CHANGE) ** 2 + sigma**2
    estimate = estimated(noisy, condition=condition, sigma=sigma)
    return estimate + sigma * _CHANGE / size.sqrt() * output.float()


def estimated(noisy: Tensor, *, condition: Tensor, sigma: Tensor) -> Tensor:
    """The estimate that `corrected` corrects, of the same arguments: at sigma 1 the condition, at 0 what is given."""
    clear = 1 - sigma
    size = (clear * _CHANGE) ** 2 + sigma**2
    return condition + clear * _CHANGE**2 / size * (noisy - clear * condition)


def run_block(
    block: Any,
    tokens: Tensor,
    *,
    text: Tensor,
    modulation: Tensor,
    positions: tuple[Tensor, Tensor],
    views: nn.Module | None,
    num_views: int,
    frame_positions: tuple[Tensor, Tensor],
) -> Tensor:
    """One Wan block, modulated per frame, with multi-view attention between self- and cross-attention.

    Arguments:
      block (WanTransformerBlock): diffusers' own, whatever adapters its linear layers have.
      tokens (Tensor): (N, T, S, D).
      text (Tensor): Text states at the model's width, (N, X, D).
      modulation (Tensor): (N, T, 6, D).
      positions (tuple[Tensor, Tensor]): RoPE of the joint sequence, (1, L, 1, head_dim) each.
      views (MultiViewAttention or None): The block's multi-view layer.
      num_views (int): V; N is a multiple of it, the views of a clip lie side by side.
      frame_positions (tuple[Tensor, Tensor]): RoPE of one latent frame, (1, S, 1, head_dim) each.

    Returns:
      Tensor: (N, T, S, D).
    """
    num_frames = tokens.shape[1]
    table = block.scale_shift_table.unsqueeze(0) + modulation.float()
    shift, scale, gate, ff_shift, ff_scale, ff_gate = table.chunk(6, dim=2)  # (N, T, 1, D) each

    normed = (block.norm1(tokens.float()) * (1 + scale) + shift).type_as(tokens)
    attended = block.attn1(normed.flatten(1, 2), None, None, positions).unflatten(1, (num_frames, -1))
    tokens = (tokens.float() + attended * gate).type_as(tokens)

    if views is not None:
        normed = (block.norm1(tokens.float()) * (1 + scale) + shift).type_as(tokens)
        tokens = tokens + views(normed, num_views=num_views, frame_positions=frame_positions)

    normed = block.norm2(tokens.float()).type_as(tokens)
    tokens = tokens + block.attn2(normed.flatten(1, 2), text, None, None).unflatten(1, (num_frames, -1))

    normed = (block.norm3(tokens.float()) * (1 + ff_scale) + ff_shift).type_as(tokens)
    done: Tensor = (tokens.float() + block.ffn(normed).float() * ff_gate).type_as(tokens)
    return done
