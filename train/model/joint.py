"""The joint video-pose diffusion transformer of section 3.2, on the parts of diffusers' WanTransformer3DModel.

Shape letters
    B  clips            V  views of a clip      N  B*V, one sequence each
    C  latent channels  h, w  latent rows and columns
    F  latent frames of one video (the paper's f+1)
    M  modalities: 2, or 1 where a model generates pose maps or videos alone
    T  M*(F+1), latent frames of the joint sequence [c_rgb, x_rgb, c_pose, x_pose] (Eq. 3)
    S  tokens per latent frame                  L  T*S, tokens of a sequence
    D  width            X  text tokens          E  text width
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor, nn

from train.model.adapters import add_adapters
from train.model.again import computed_again
from train.model.block import corrected, estimated, run_block
from train.model.embeddings import CameraEmbedding, ModalityEmbedding, Shortcuts
from train.model.multiview import MultiViewAttention
from train.recipes import WHOLE, Checkpointing, DenoiserConfig, Trains

MODALITIES = ("rgb", "pose")  # the fields of Pair; a modality's place here is its identifier


@dataclass(frozen=True, slots=True)
class Pair:
    """The same thing for both modalities."""

    rgb: Tensor
    pose: Tensor

    def map(self, change: Callable[[Tensor], Tensor]) -> Pair:
        """The same change to both."""
        return Pair(change(self.rgb), change(self.pose))


class JointVideoPose(nn.Module):
    """Predicts RGB and pose latents jointly over modalities, frames and views.

    Arguments:
      config (DenoiserConfig): The numbers of the Wan transformer underneath and of what is added to it. With
        `multi_view` the camera embedding and the multi-view layers are there; they add exactly zero until trained.
      wan (WanTransformer3DModel or None): Pretrained weights of that architecture; None: random ones.
    """

    def __init__(self, config: DenoiserConfig, wan: WanTransformer3DModel | None = None) -> None:
        super().__init__()
        self.config = config
        self.checkpointing: Checkpointing = "none"
        self._trained_block: Callable[..., Tensor] = run_block
        self.wan = WanTransformer3DModel(**config.wan) if wan is None else wan
        self.modality = ModalityEmbedding(config.width, freq_dim=config.modality_freq_dim)
        self.shortcuts = Shortcuts(config.width, config.in_channels, config.text_dim) if config.shortcuts else None
        self.camera: CameraEmbedding | None = None
        self.views: nn.ModuleList | None = None
        if config.has_camera:
            self.add_camera()
        if config.multi_view:
            self.add_views()
        if config.adapter_rank:
            self.add_adapters(config.adapter_rank)

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

    @torch.no_grad()
    def start_silent(self) -> None:
        """Random weights start by correcting nothing: what a random network says is farther off than the estimate."""
        nn.init.zeros_(self.wan.proj_out.weight)
        nn.init.zeros_(self.wan.proj_out.bias)

    def add_camera(self) -> None:
        """Add the camera embedding; it changes nothing until it is trained."""
        self.camera = CameraEmbedding(self.config.width, patch_size=(1, 2, 2))

    def add_views(self) -> None:
        """Add multi-view layers; they change nothing until they are trained."""
        dim = self.config.width
        self.views = nn.ModuleList()
        for _ in self.wan.blocks:
            self.views.append(MultiViewAttention(dim, num_heads=self.config.num_attention_heads))
        self.copy_attention_to_views()

    def add_adapters(self, rank: int) -> None:
        """Add LoRA to Wan's part; it changes nothing until it is trained."""
        add_adapters(self.wan, rank=rank)

    def trained_by(self, trains: Trains) -> list[nn.Parameter]:
        """The parameters that a stage trains, all others are frozen by this.

        video, poses, all: everything. adapters: LoRA and the modality embedding. views: camera embedding and multi-view
        layers alone.
        """
        chosen = []
        for name, weight in self.named_parameters():
            part = name.partition(".")[0]
            weight.requires_grad_(
                trains in WHOLE
                or (trains == "adapters" and (part == "modality" or "lora_" in name))
                or (trains == "views" and part in ("camera", "views"))
            )
            if weight.requires_grad:
                chosen.append(weight)
        return chosen

    def copy_attention_to_views(self) -> None:
        """Start the multi-view layers from each block's self-attention; what they add stays zero."""
        for layer, block in zip(self.views or (), self.wan.blocks):
            assert isinstance(layer, MultiViewAttention)
            layer.copy_from(block.attn1)

    def forward(
        self,
        noisy: Pair,
        *,
        condition: Pair,
        timestep: Tensor,
        text: Tensor,
        rays: Tensor,
        frames: Sequence[int] | None = None,
    ) -> Pair:
        """Predict what `config.prediction` says of both noisy videos.

        Views may be any number, the same for all clips of a batch; nothing in the weights depends on it.

        Arguments:
          noisy (Pair): Latents at noise level sigma, (1 - sigma) x0 + sigma n, each (B, V, C, F, h, w). h and w are
            even. Of a modality that the model does not have, only the shape is read.
          condition (Pair): Clean latents of the image condition (the rest pose, or a frame of the clip), each
            (B, V, C, 1, h, w); zeros where the condition is left out. Its tokens have timestep 0.
          timestep (Tensor): 1000 sigma as a float, (B,): one noise level for all views of a clip.
          text (Tensor): Text encoder states, zeros after a caption's end, (B, X, E).
          rays (Tensor): Plücker rays of every view on the latent grid (direction, moment; OpenCV cameras), shared by
            all frames because cameras stand still, (B, V, 6, h, w). Read by models that have cameras alone.
          frames (Sequence of int or None): Places in time of the F latent frames; None: 0 to F - 1.

        Returns:
          Pair: Velocities n - x0, or clean latents x0, each (B, V, C, F, h, w). Zeros for an absent modality.
        """
        modalities = self.config.modalities
        num_clips, num_views, _, num_frames, rows, columns = noisy.rgb.shape
        sigma = (timestep / 1000).view(-1, 1, 1, 1, 1, 1)
        given = {name: getattr(noisy, name) for name in modalities}
        if self.config.sees_estimate:
            given = {
                name: estimated(part, condition=getattr(condition, name), sigma=sigma) for name, part in given.items()
            }
        parts = [part for name in modalities for part in (getattr(condition, name), given[name])]
        sequence = torch.cat(parts, dim=3).flatten(0, 1)
        tokens = self.wan.patch_embedding(sequence)  # (N, D, T, h/2, w/2)
        if self.shortcuts is not None:
            tokens = tokens + self.shortcuts.of_condition([getattr(condition, name) for name in modalities], num_frames)
        if self.camera is not None:
            tokens = tokens + self.camera(rays.flatten(0, 1))
        tokens = tokens.flatten(3).permute(0, 2, 3, 1).contiguous()  # (N, T, S, D)

        positions = self.positions(sequence, frames)
        frame_positions = self.wan.rope(sequence[:, :, :1])
        places = range(num_frames) if frames is None else frames
        told = None if self.shortcuts is None else self.shortcuts.of_text(text, places)
        embedding, modulation = self.frame_modulation(timestep, num_frames=num_frames, told=told)
        embedding = embedding.repeat_interleave(num_views, dim=0)
        modulation = modulation.repeat_interleave(num_views, dim=0)
        text = self.wan.condition_embedder.text_embedder(text).repeat_interleave(num_views, dim=0)

        for index, block in enumerate(self.wan.blocks):
            tokens = self._run_block(
                block,
                tokens,
                text=text,
                modulation=modulation,
                positions=positions,
                views=self.views[index] if self.views is not None else None,
                num_views=num_views,
                frame_positions=frame_positions,
            )

        shift, scale = (self.wan.scale_shift_table.unsqueeze(0) + embedding.unsqueeze(2)).chunk(2, dim=2)
        tokens = (self.wan.norm_out(tokens.float()) * (1 + scale) + shift).type_as(tokens)
        patches = self.wan.proj_out(tokens)  # (N, T, S, 2*2*C)
        patches = patches.reshape(len(patches), -1, rows // 2, columns // 2, 2, 2, self.config.in_channels)
        video = patches.permute(0, 6, 1, 2, 4, 3, 5).flatten(5, 6).flatten(3, 4)  # (N, C, T, h, w)
        halves = video.unflatten(0, (num_clips, num_views)).chunk(len(modalities), dim=3)
        found = {name: half[:, :, :, 1:] for name, half in zip(modalities, halves)}
        if self.config.corrects_estimate:
            found = {
                name: corrected(half, noisy=getattr(noisy, name), condition=getattr(condition, name), sigma=sigma)
                for name, half in found.items()
            }
        return Pair(*(found[name] if name in found else torch.zeros_like(noisy.rgb) for name in MODALITIES))

    def _run_block(self, *arguments: Any, **named: Any) -> Tensor:
        """`run_block`, which keeps for the backward pass what `checkpointing` says and computes the rest again."""
        if not torch.is_grad_enabled():
            return run_block(*arguments, **named)
        return computed_again(self._trained_block, self.checkpointing, *arguments, **named)

    def compile_blocks(self) -> None:
        """Have blocks compiled where gradients are wanted; samples of other sizes are not worth the minute."""
        self._trained_block = torch.compile(run_block, dynamic=False)

    def positions(self, sequence: Tensor, frames: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """RoPE of the joint sequence: frame i of one modality shares that of frame i of the other (Eq. 4).

        Arguments:
          sequence (Tensor): Of the joint sequence only the shape is read, (N, C, T, h, w).
          frames (Sequence of int or None): Places in time of the noisy frames, after the condition's; None: in a row.

        Returns:
          tuple[Tensor, Tensor]: Cosines and sines as diffusers' Wan attention takes them, (1, L, 1, head_dim) each.
        """
        num_modalities, length = len(self.config.modalities), sequence.shape[2]
        of_one = length // num_modalities
        places = [0, *(1 + at for at in (range(of_one - 1) if frames is None else frames))]
        if not self.config.shared_positions:
            last = places[-1] + 1
            places = [part * last + at for part in range(num_modalities) for at in places]
        shape = (1, 1, max(places) + 1, *sequence.shape[3:])
        tables = self.wan.rope(sequence.new_empty(1).expand(shape))

        def of_places(table: Tensor) -> Tensor:
            by_frame = table.unflatten(1, (shape[2], -1))[:, places].flatten(1, 2)
            repeated: Tensor = by_frame.repeat(1, 1 if len(places) == length else num_modalities, 1, 1)
            return repeated

        cosine, sine = tables
        return of_places(cosine), of_places(sine)

    def frame_modulation(
        self, timestep: Tensor, *, num_frames: int, told: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Timestep embedding and modulation of every latent frame.

        All tokens of a frame share theirs: conditions are clean, so their timestep is 0, and each modality adds its own
        embedding. Wan's per-token path would make the same rows for every token.

        Arguments:
          timestep (Tensor): 1000 sigma, (B,).
          num_frames (int): F, noisy latent frames of one video.
          told (Tensor or None): Added to the embeddings of each modality's frames, (B, 1 + F, D).

        Returns:
          tuple[Tensor, Tensor]: Embedding (B, T, D), and modulation (B, T, 6, D): shift, scale and gate of
          self-attention, then of the feed-forward part.
        """
        parts, modalities = self.wan.condition_embedder, self.config.modalities
        times = torch.stack([torch.zeros_like(timestep), timestep] * len(modalities), dim=1)  # (B, 2M)
        encoded = parts.timesteps_proj(times.flatten()).unflatten(0, times.shape)
        rows = parts.time_embedder(encoded.to(parts.time_embedder.linear_1.weight.dtype))
        own = self.modality()[[MODALITIES.index(name) for name in modalities]]
        rows = rows + own.repeat_interleave(2, dim=0)
        of_frame = torch.tensor(
            [2 * place + noisy for place in range(len(modalities)) for noisy in [0] + [1] * num_frames],
            device=timestep.device,
        )
        rows = rows[:, of_frame]
        if told is not None:
            rows = rows + told.repeat(1, len(modalities), 1)
        modulation = parts.time_proj(parts.act_fn(rows)).unflatten(2, (6, -1))
        return rows, modulation
