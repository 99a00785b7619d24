"""Four views of a moving subject, and their pose maps, from its rest pose and a caption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.pictures import picture
from rigmill.clips.redraw import rest_map, resting
from rigmill.posemaps.posemap import draw_on
from rigmill.posemaps.shifts import agreed, read_shifts
from rigmill.reconstruct.lengths import with_own_lengths
from rigmill.types import Bytes, Camera, Floats
from shards.sample import pose_template, rgb_template
from train.clips import fitted_pictures, from_unit, ray_maps, to_unit
from train.codec import num_latent_frames
from train.determinism import deterministic_cpu
from train.hardware import hardware_of
from train.model.joint import MODALITIES, Pair
from train.objective import sampling_noise
from train.recipes import DeviceName, ModelConfig
from train.sampling.guidance import Given, branches, guided_velocity
from train.sampling.solvers import SolverName, solver_of
from train.weights import Model, load_model

OnStep = Callable[[int, int], None]  # denoising steps done, of how many


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to generate from: a sentence, and the rest pose as the cameras see it."""

    templates_rgb: Bytes  # (V, H, W, 3), at the model's size
    templates_pose: Bytes  # (V, H, W, 3)
    cameras: tuple[Camera, ...]  # V of them, of these pictures
    caption: str
    first_rgb: Bytes | None = None  # (V, H, W, 3), the frame that is gone on from; None: there is none
    first_pose: Bytes | None = None  # as the model draws pose maps
    geometry: ClipGeometry | None = None  # as the model sees it; its rest pose is read, of models of shift maps alone

    @classmethod
    def of(cls, members: Mapping[str, bytes], geometry: ClipGeometry, *, config: ModelConfig, caption: str) -> Prompt:
        """With the templates that are among a clip's files, or drawn anew; `geometry` is as the model sees it."""
        views = range(len(geometry.cameras))
        rgb = np.stack([picture(members[rgb_template(view)]) for view in views])
        if config.pose_map is None:
            pose = np.stack([picture(members[pose_template(view)]) for view in views])
        else:
            asked = config.pose_map
            maps = [rest_map(geometry, view, asked.radius_px, shifts=asked.shifts) for view in views]
            pose = np.stack(maps)
        return cls(
            fitted_pictures(rgb, config), fitted_pictures(pose, config), geometry.cameras, caption, geometry=geometry
        )


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
    found = sample(model, prompt, sampling)
    return found.rgb, found.pose


@dataclass(frozen=True, slots=True)
class Sampled:
    """What was generated: videos (V, F, H, W, 3) uint8, of the prompt's size."""

    rgb: Bytes
    pose: Bytes  # pose maps, discs where joints are
    drawn: Bytes  # the model's own: the same, or shift maps (rigmill/posemaps/shifts.py)
    told: Floats | None  # joints (F, J, 3) as shift maps tell them, NaN where they do not; None: there are none


def sample(model: Model, prompt: Prompt, sampling: Sampling, *, on_step: OnStep | None = None) -> Sampled:
    """Videos of so many frames."""
    hardware = hardware_of(sampling.device)
    device = hardware.device
    with hardware.sampling(), torch.inference_mode():
        model = model.on(device)
        codec = model.codec

        def latents_of(rgb: Bytes, pose: Bytes) -> Pair:
            codecs = (codec, rgb), (model.pose_codec, pose)
            return Pair(*(own.encode(to_unit(pictures[:, None]).to(device))[None] for own, pictures in codecs))

        condition, first = latents_of(prompt.templates_rgb, prompt.templates_pose), None
        if prompt.first_rgb is not None and prompt.first_pose is not None:
            condition = first = latents_of(prompt.first_rgb, prompt.first_pose)
        rows, columns = (side // codec.spatial_factor for side in prompt.templates_rgb.shape[1:3])
        num_latent = num_latent_frames(codec, sampling.num_frames)
        shape = (1, len(prompt.cameras), codec.z_dim, num_latent, rows, columns)
        latents = denoise(
            model,
            Given(
                condition=condition,
                text=model.text([prompt.caption]),
                no_text=model.text([""]),
                rays=ray_maps(prompt.cameras, factor=codec.spatial_factor)[None].to(device),
                first=first,
            ),
            noise=sampling_noise(shape, seed=sampling.seed).map(lambda part: part.to(device)),
            sampling=sampling,
            on_step=on_step,
        )
        rgb, drawn = (
            decoder.decode(part[0]).float().cpu()
            for decoder, part in ((codec, latents.rgb), (model.pose_codec, latents.pose))
        )
        maps, told = pose_maps(model, prompt.geometry, drawn)
        return Sampled(from_unit(rgb), maps, from_unit(drawn), told)


def pose_maps(model: Model, geometry: ClipGeometry | None, drawn: Tensor) -> tuple[Bytes, Floats | None]:
    """Pose maps (V, F, H, W, 3) as everybody reads them, of those (V, 3, F, H, W) that a model drew; and what these
    tell, see `Sampled.told`.

    Between two turns that it could be a model tells the mean, in which a body is narrower than it is. Read as it is,
    such a bone would count as one that slides, and pull the mesh apart; so bones of bodies keep their lengths here.
    """
    definition = model.config.pose_map
    if definition is None or definition.shifts is None or "pose" not in model.config.denoiser.modalities:
        return from_unit(drawn), None
    if geometry is None:
        raise ValueError("shift maps are read by the rest pose that they are told from: Prompt.geometry")
    codec = model.pose_codec

    def through(pictures: Floats) -> Floats:
        videos = torch.from_numpy(pictures).float().movedim(-1, 0)[None]
        return codec.decode(codec.encode(videos))[0].movedim(0, -1).double().numpy()

    rests = [
        resting(geometry, view, radius_px=definition.radius_px, shifts=definition.shifts)
        for view in range(len(geometry.cameras))
    ]
    read = [
        read_shifts(video, rest, through=through)
        for video, rest in zip(drawn.movedim(1, -1).double().numpy(), rests, strict=True)
    ]
    joints, told = agreed(rests, [levels for levels, _ in read], [seen for _, seen in read])
    rig, as_told = geometry.rig, np.where(told[..., None], joints, np.nan)
    if not definition.marks(rig.num_joints - geometry.num_markers):  # a body: parts of things slide, as drawers do
        joints = with_own_lengths(rig, geometry.drawn, joints, told)
    maps = np.empty((drawn.shape[0], drawn.shape[2], *drawn.shape[3:], 3), np.uint8)
    for view, rest in enumerate(rests):
        places, depth = project(rest.camera, joints)
        for frame, blank in enumerate(maps[view]):
            draw_on(
                blank,
                places[frame],
                depth[frame],
                parents=geometry.rig.parents,
                drawn=geometry.drawn & told[frame],
                colours=geometry.colours,
                radius_px=definition.radius_px,
            )
    return maps, as_told


def through_codec(model: Model, prompt: Prompt) -> Bytes:
    """The pose maps (V, 1, H, W, 3) of a rest pose as the model's codec leaves them: its best."""
    with deterministic_cpu(), torch.inference_mode():
        codec = model.pose_codec.to(torch.device("cpu"))
        drawn = codec.decode(codec.encode(to_unit(prompt.templates_pose[:, None])))
        return pose_maps(model, prompt.geometry, drawn)[0]


@torch.inference_mode()
def denoise(model: Model, given: Given, *, noise: Pair, sampling: Sampling, on_step: OnStep | None = None) -> Pair:
    """Clean latents of one clip, (1, V, C, F, h, w) each, from noise along the guided velocity."""
    solver = solver_of(sampling.solver, sampling.steps, shift=model.config.sigma_shift)
    passes = branches(image=sampling.guidance, text=sampling.text_guidance)
    start = state = torch.stack([noise.rgb, noise.pose])
    known = None if given.first is None else torch.stack([given.first.rgb, given.first.pose])
    for step in range(sampling.steps):
        velocity = guided_velocity(
            model, Pair(*state), given, sigma=solver.sigmas[step], passes=passes, batched=sampling.batched
        )
        state = solver.step(step, state, torch.stack([velocity.rgb, velocity.pose]))
        if known is not None:
            sigma = solver.sigmas[step + 1]
            state = torch.cat([(1 - sigma) * known + sigma * start[:, :, :, :, :1], state[:, :, :, :, 1:]], dim=4)
        if on_step is not None:
            on_step(step + 1, sampling.steps)
    grey = torch.zeros_like(state[0])  # what a model does not generate
    modalities = model.config.denoiser.modalities
    return Pair(*(part if name in modalities else grey for name, part in zip(MODALITIES, state)))
