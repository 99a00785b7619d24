"""Four views of a moving subject, and their pose maps, from its rest pose and a caption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from rigmill.clips.pictures import picture
from rigmill.types import Bytes, Camera
from shards.sample import pose_template, rgb_template
from train.clips import from_unit, ray_maps, square, to_unit
from train.codec import num_latent_frames
from train.determinism import deterministic_cpu
from train.model.joint import MODALITIES, Pair
from train.objective import draw_noise, shift_sigma, velocity_of
from train.recipes import ModelConfig
from train.weights import Model, load_model

OnStep = Callable[[int, int], None]  # denoising steps done, of how many


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to generate from: a sentence, and the rest pose as the cameras see it."""

    templates_rgb: Bytes  # (V, H, W, 3)
    templates_pose: Bytes  # (V, H, W, 3)
    cameras: tuple[Camera, ...]  # V of them
    caption: str

    @classmethod
    def from_members(cls, members: Mapping[str, bytes], *, cameras: tuple[Camera, ...], caption: str) -> Prompt:
        """With the templates that are among a clip's files."""
        rgb, pose = (
            np.stack([picture(members[name(view)]) for view in range(len(cameras))])
            for name in (rgb_template, pose_template)
        )
        return cls(rgb, pose, cameras, caption)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to generate: the same values give the same bytes."""

    num_frames: int
    seed: int
    steps: int  # of denoising
    guidance: float  # how much the rest pose is insisted on


def generate(
    checkpoint: bytes,
    config: ModelConfig,
    prompt: Prompt,
    sampling: Sampling,
    folders: Mapping[str, Path] = MappingProxyType({}),
) -> tuple[Bytes, Bytes]:
    """`sample` of a checkpoint's model.safetensors; `folders` hold what the checkpoint does not."""
    with deterministic_cpu():
        model = load_model(checkpoint, config, folders)
    return sample(model, prompt, sampling)


def sample(model: Model, prompt: Prompt, sampling: Sampling, *, on_step: OnStep | None = None) -> tuple[Bytes, Bytes]:
    """RGB and pose videos (V, num_frames, s, s, 3) uint8, s = the model's picture size."""
    with deterministic_cpu(), torch.inference_mode():
        size_px, codec = model.config.size_px, model.codec
        templates = Pair(
            *(
                codec.encode(to_unit(square(pictures, size_px)[:, None]))[None]
                for pictures in (prompt.templates_rgb, prompt.templates_pose)
            )
        )
        cells = size_px // codec.spatial_factor
        num_latent = num_latent_frames(codec, sampling.num_frames)
        latents = denoise(
            model,
            noise=draw_noise(
                (1, len(prompt.cameras), codec.z_dim, num_latent, cells, cells), seed=sampling.seed, step=0
            ),
            condition=templates,
            text=model.text([prompt.caption]),
            rays=ray_maps(prompt.cameras, cells=cells)[None],
            steps=sampling.steps,
            guidance=sampling.guidance,
            on_step=on_step,
        )
        return from_unit(codec.decode(latents.rgb[0])), from_unit(codec.decode(latents.pose[0]))


def through_codec(model: Model, pictures: Bytes) -> Bytes:
    """Pictures (V, H, W, 3) as the model's codec leaves them, (V, 1, s, s, 3): the best that it could draw."""
    with deterministic_cpu(), torch.inference_mode():
        return from_unit(
            model.codec.decode(model.codec.encode(to_unit(square(pictures, model.config.size_px)[:, None])))
        )


def denoise(
    model: Model,
    *,
    noise: Pair,
    condition: Pair,
    text: Tensor,
    rays: Tensor,
    steps: int,
    guidance: float,
    on_step: OnStep | None = None,
) -> Pair:
    """Clean latents of one clip, by Euler steps from noise to data along the guided velocity.

    The guidance is of the image condition: v = v0 + guidance (v1 - v0), v0 without the condition, v1 with it, both
    with text. The two run as one batch.
    """
    uniform = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
    sigmas = [shift_sigma(float(level), model.config.sigma_shift) for level in uniform]
    both = Pair(*(torch.cat([torch.zeros_like(part), part]) for part in (condition.rgb, condition.pose)))
    text, rays = text.repeat(2, 1, 1), rays.repeat(2, 1, 1, 1, 1)
    rgb, pose = noise.rgb, noise.pose
    for step, (sigma, following) in enumerate(zip(sigmas, sigmas[1:])):
        noisy = Pair(torch.cat([rgb, rgb]), torch.cat([pose, pose]))
        level = torch.full((2,), sigma)
        predicted = model.denoiser(noisy, condition=both, timestep=level * 1000, text=text, rays=rays)
        velocity = velocity_of(predicted, noisy=noisy, sigma=level, prediction=model.config.denoiser.prediction)
        rgb = rgb + (following - sigma) * (velocity.rgb[:1] + guidance * (velocity.rgb[1:] - velocity.rgb[:1]))
        pose = pose + (following - sigma) * (velocity.pose[:1] + guidance * (velocity.pose[1:] - velocity.pose[:1]))
        if on_step is not None:
            on_step(step + 1, steps)
    grey = torch.zeros_like(rgb)  # what a model does not generate
    return Pair(
        *(part if name in model.config.denoiser.modalities else grey for name, part in zip(MODALITIES, (rgb, pose)))
    )
