"""The joint video-pose diffusion transformer of section 3.2, on the parts of diffusers' WanTransformer3DModel.

Shape letters
    B  clips            V  views of a clip      N  B*V, one sequence each
    C  latent channels  h, w  latent rows and columns
    F  latent frames of one video (the paper's f+1)
    T  2*(F+1), latent frames of the joint sequence [c_rgb, x_rgb, c_pose, x_pose] (Eq. 3)
    S  tokens per latent frame                  L  T*S, tokens of a sequence
    D  width            X  text tokens          E  text width
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor, nn

from train.model.embeddings import CameraEmbedding, ModalityEmbedding
from train.model.multiview import MultiViewAttention
from train.recipes import DenoiserConfig


@dataclass(frozen=True, slots=True)
class Pair:
    """The same thing for both modalities."""

    rgb: Tensor
    pose: Tensor


class JointVideoPose(nn.Module):
    """Velocities of RGB and pose latents, jointly over modalities, frames and views."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        self.wan = WanTransformer3DModel(**config.wan)
        dim = config.num_attention_heads * config.attention_head_dim
        self.modality = ModalityEmbedding(dim, freq_dim=config.modality_freq_dim)
        self.camera: CameraEmbedding | None = None
        self.views: nn.ModuleList | None = None
        if config.multi_view:
            self.add_views(dim)

    @torch.no_grad()
    def open_path(self) -> None:
        """Random weights start by passing their input through: orthonormal patches in, their transpose out.

        Most of a velocity is noise that is there in the input. A pretrained base knows that; a tiny random model would
        spend its few steps on finding out.
        """
        patches = self.wan.patch_embedding
        nn.init.orthogonal_(patches.weight.view(len(patches.weight), -1))
        nn.init.zeros_(patches.bias)
        # Patches are (C, 1, 2, 2) on the way in and (1, 2, 2, C) on the way out.
        self.wan.proj_out.weight.copy_(patches.weight.permute(2, 3, 4, 1, 0).flatten(0, 3))
        nn.init.zeros_(self.wan.proj_out.bias)

    def add_views(self, dim: int) -> None:
        """Add camera embedding and multi-view layers; they change nothing until they are trained."""
        self.camera = CameraEmbedding(dim, patch_size=(1, 2, 2))
        self.views = nn.ModuleList()
        for _ in self.wan.blocks:
            self.views.append(MultiViewAttention(dim, num_heads=self.config.num_attention_heads))
        self.copy_attention_to_views()

    def copy_attention_to_views(self) -> None:
        """Start the multi-view layers from each block's self-attention; what they add stays zero."""
        for layer, block in zip(self.views or (), self.wan.blocks):
            assert isinstance(layer, MultiViewAttention)
            layer.copy_from(block.attn1)

    def forward(self, noisy: Pair, *, condition: Pair, timestep: Tensor, text: Tensor, rays: Tensor) -> Pair:
        """Velocity of both videos, each (B, V, C, F, h, w).

        noisy (B, V, C, F, h, w), condition (B, V, C, 1, h, w), timestep (B,) = 1000 sigma, text (B, X, E),
        rays (B, V, 6, h, w).
        """
        num_clips, num_views, _, num_frames, rows, columns = noisy.rgb.shape
        sequence = torch.cat([condition.rgb, noisy.rgb, condition.pose, noisy.pose], dim=3).flatten(0, 1)
        tokens = self.wan.patch_embedding(sequence)  # (N, D, T, h/2, w/2)
        if self.camera is not None:
            tokens = tokens + self.camera(rays.flatten(0, 1))
        tokens = tokens.flatten(3).permute(0, 2, 3, 1).contiguous()  # (N, T, S, D)

        positions = self.positions(sequence)
        frame_positions = self.wan.rope(sequence[:, :, :1])
        embedding, modulation = self.frame_modulation(timestep, num_frames=num_frames)
        embedding = embedding.repeat_interleave(num_views, dim=0)
        modulation = modulation.repeat_interleave(num_views, dim=0)
        text = self.wan.condition_embedder.text_embedder(text).repeat_interleave(num_views, dim=0)

        for index, block in enumerate(self.wan.blocks):
            layer = self.views[index] if self.views is not None else None
            tokens = run_block(
                block,
                tokens,
                text=text,
                modulation=modulation,
                positions=positions,
                views=layer,
                num_views=num_views,
                frame_positions=frame_positions,
            )

        shift, scale = (self.wan.scale_shift_table.unsqueeze(0) + embedding.unsqueeze(2)).chunk(2, dim=2)
        tokens = (self.wan.norm_out(tokens.float()) * (1 + scale) + shift).type_as(tokens)
        patches = self.wan.proj_out(tokens)  # (N, T, S, 2*2*C)
        patches = patches.reshape(len(patches), -1, rows // 2, columns // 2, 2, 2, self.config.in_channels)
        video = patches.permute(0, 6, 1, 2, 4, 3, 5).flatten(5, 6).flatten(3, 4)  # (N, C, T, h, w)
        video = video.unflatten(0, (num_clips, num_views))
        half = num_frames + 1
        return Pair(rgb=video[:, :, :, 1:half], pose=video[:, :, :, half + 1 :])

    def positions(self, sequence: Tensor) -> tuple[Tensor, Tensor]:
        """RoPE of the joint sequence, (1, L, 1, head_dim) twice: frame i and i+f+2 share theirs (Eq. 4)."""
        shared = self.config.shared_positions
        cosine, sine = self.wan.rope(sequence[:, :, : sequence.shape[2] // 2] if shared else sequence)
        if not shared:
            return cosine, sine
        return cosine.repeat(1, 2, 1, 1), sine.repeat(1, 2, 1, 1)

    def frame_modulation(self, timestep: Tensor, *, num_frames: int) -> tuple[Tensor, Tensor]:
        """Timestep embedding (B, T, D) and modulation (B, T, 6, D) of every latent frame.

        All tokens of a frame share theirs, and only four differ: conditions are clean, so their timestep is 0, and
        each modality adds its own embedding. Wan's per-token path would make the same rows L times.
        """
        parts = self.wan.condition_embedder
        times = torch.stack([torch.zeros_like(timestep), timestep] * 2, dim=1)  # (B, 4)
        encoded = parts.timesteps_proj(times.flatten()).unflatten(0, times.shape)
        rows = parts.time_embedder(encoded.to(parts.time_embedder.linear_1.weight.dtype))
        rows = rows + self.modality().repeat_interleave(2, dim=0)
        modulation = parts.time_proj(parts.act_fn(rows)).unflatten(2, (6, -1))
        of_frame = torch.tensor([0] + [1] * num_frames + [2] + [3] * num_frames, device=timestep.device)
        return rows[:, of_frame], modulation[:, of_frame]


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
    """One Wan block on tokens (N, T, S, D), modulated per frame, with multi-view attention after self-attention."""
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
