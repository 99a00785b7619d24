"""Four views of a moving subject, and their pose maps, from its rest pose and a caption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from rigmill.clips.pictures import picture
from rigmill.types import Bytes, Camera
from shards.sample import pose_template, rgb_template
from train.clips import from_unit, ray_maps, square, to_unit
from train.codec import num_latent_frames
from train.determinism import deterministic_cpu
from train.guidance import Given, branches, guided_velocity
from train.hardware import hardware_of
from train.model.joint import MODALITIES, Pair
from train.objective import draw_noise
from train.recipes import DeviceName, ModelConfig
from train.solvers import SolverName, solver_of
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
    text_guidance: float = 1.0  # the same of the caption; 1: not beyond what the model does by itself
    solver: SolverName = "euler"
    device: DeviceName = "cpu"
    batched: bool = True  # all passes of a step at once: faster, and needs as many times the memory


def generate(
    checkpoint: bytes,
    config: ModelConfig,
    prompt: Prompt,
    sampling: Sampling,
    folders: Mapping[str, Path] = MappingProxyType({}),
) -> tuple[Bytes, Bytes]:
    """`sample` of a checkpoint's model.safetensors; `folders` hold what the checkpoint does not."""
    with deterministic_cpu():
        model = load_model(checkpoint, config, folders, dtype=hardware_of(sampling.device).base_dtype)
    return sample(model, prompt, sampling)


def sample(model: Model, prompt: Prompt, sampling: Sampling, *, on_step: OnStep | None = None) -> tuple[Bytes, Bytes]:
    """RGB and pose videos (V, num_frames, s, s, 3) uint8, s = the model's picture size."""
    hardware = hardware_of(sampling.device)
    device = hardware.device
    with hardware.sampling(), torch.inference_mode():
        model = model.on(device)
        size_px, codec = model.config.size_px, model.codec
        templates = Pair(
            *(
                codec.encode(to_unit(square(pictures, size_px)[:, None]).to(device))[None]
                for pictures in (prompt.templates_rgb, prompt.templates_pose)
            )
        )
        cells = size_px // codec.spatial_factor
        num_latent = num_latent_frames(codec, sampling.num_frames)
        shape = (1, len(prompt.cameras), codec.z_dim, num_latent, cells, cells)
        latents = denoise(
            model,
            Given(
                condition=templates,
                text=model.text([prompt.caption]),
                no_text=model.text([""]),
                rays=ray_maps(prompt.cameras, cells=cells)[None].to(device),
            ),
            noise=draw_noise(shape, seed=sampling.seed, step=0).map(lambda part: part.to(device)),
            sampling=sampling,
            on_step=on_step,
        )
        rgb, pose = (from_unit(codec.decode(part[0]).float().cpu()) for part in (latents.rgb, latents.pose))
        return rgb, pose


def through_codec(model: Model, pictures: Bytes) -> Bytes:
    """Pictures (V, H, W, 3) as the model's codec leaves them, (V, 1, s, s, 3): the best that it could draw."""
    with deterministic_cpu(), torch.inference_mode():
        codec = model.codec.to(torch.device("cpu"))
        return from_unit(codec.decode(codec.encode(to_unit(square(pictures, model.config.size_px)[:, None]))))


@torch.inference_mode()
def denoise(model: Model, given: Given, *, noise: Pair, sampling: Sampling, on_step: OnStep | None = None) -> Pair:
    """Clean latents of one clip, (1, V, C, F, h, w) each, from noise along the guided velocity."""
    solver = solver_of(sampling.solver, sampling.steps, shift=model.config.sigma_shift)
    passes = branches(image=sampling.guidance, text=sampling.text_guidance)
    state = torch.stack([noise.rgb, noise.pose])
    for step in range(sampling.steps):
        velocity = guided_velocity(
            model, Pair(*state), given, sigma=solver.sigmas[step], passes=passes, batched=sampling.batched
        )
        state = solver.step(step, state, torch.stack([velocity.rgb, velocity.pose]))
        if on_step is not None:
            on_step(step + 1, sampling.steps)
    grey = torch.zeros_like(state[0])  # what a model does not generate
    modalities = model.config.denoiser.modalities
    return Pair(*(part if name in modalities else grey for name, part in zip(MODALITIES, state)))
