"""Whether a checkpoint can do what is asked of it: numbers of frames, views and pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eval.checkpoint import Checkpoint
from rigmill.errors import UserError
from rigmill.one_file.animate_options import AnimateOrder
from train.recipes import ModelConfig

_OPPOSITE = 0.1  # sine of the angle between two views below which they say nothing about depth


def frames_to_make(order: AnimateOrder, checkpoint: Checkpoint) -> int:
    """How many frames to generate for each sentence, as the model counts them: so many that they reach over those that
    are asked for, where the codec allows; the nearest number for a duration.
    """
    factor, stride = checkpoint.config.codec.temporal_factor, checkpoint.config.frame_stride
    if order.seconds is not None:
        return max(0, round((order.seconds * order.fps - 1) / (factor * stride))) * factor + 1
    if order.num_frames is None:
        return checkpoint.num_frames
    wanted = -(-(order.num_frames - 1) // stride) + 1
    if (wanted - 1) % factor:
        near = checkpoint.config.span(min(round((wanted - 1) / factor) * factor + 1, longest(checkpoint.config)))
        raise _misfit(
            f"--frames {order.num_frames}", f"it makes {factor} frames at a time, after the first", f"--frames {near}"
        )
    return wanted


def as_the_model_likes(order: AnimateOrder, checkpoint: Checkpoint) -> AnimateOrder:
    """The order with the steps and guidance that the checkpoint was measured with, and as much room around the rest
    pose as its motions need, where nobody typed others.
    """
    steps, guidance, text = (checkpoint.sampling.get(name) for name in ("steps", "guidance", "text_guidance"))
    if steps is not None and not order.steps_typed:
        order = replace(order, steps=int(steps))
    if guidance is not None and not order.guidance_typed:
        order = replace(order, guidance=float(guidance))
    if text is not None and not order.text_guidance_typed:
        order = replace(order, text_guidance=float(text))
    room = checkpoint.sampling.get("room")
    if room is not None and not order.margin_typed:
        order = replace(order, render=replace(order.render, margin=1 - (1 - order.render.margin) / float(room)))
    return order


def check_fit(checkpoint: Checkpoint, order: AnimateOrder, num_frames: int) -> None:
    """Refuse what this model cannot draw, or nobody could read."""
    config, render = checkpoint.config, order.render
    azimuths = np.radians(render.azimuths_deg)
    num_views = len(azimuths)
    if num_views < config.views_per_clip:
        raise _misfit(
            f"render.azimuths_deg of profile '{order.profile}' has {num_views} views",
            f"it was trained on {config.views_per_clip} at once",
            "--set render.azimuths_deg=[0,90,180,270]",
        )
    if np.abs(np.sin(azimuths[:, None] - azimuths)).max() < _OPPOSITE:
        raise _misfit(
            f"all views of profile '{order.profile}' look along one line",
            "they say nothing about depth",
            "--set render.azimuths_deg=[0,90,180,270]",
        )
    smaller = min(render.width_px, render.height_px)
    if smaller < config.size_px:
        raise _misfit(
            f"pictures of {render.width_px}x{render.height_px} are smaller than the model's",
            f"it draws {config.size_px} x {config.size_px} pixels",
            f"--set render.width_px={config.size_px} --set render.height_px={config.size_px}, or more",
        )
    most = longest(config)
    if num_frames > most:
        frames, places = config.span(num_frames), config.span(most)
        raise _misfit(f"{frames} frames", f"it has places in time for {places}", f"--frames {places}, or fewer")


def longest(config: ModelConfig) -> int:
    """Frames, as the model counts them, for which it has positions: those of a clip follow its template's, and where
    they are not shared between the modalities, the other one's.
    """
    latent = config.denoiser.rope_max_seq_len // (1 if config.denoiser.shared_positions else 2) - 1
    return (latent - 1) * config.codec.temporal_factor + 1


def _misfit(what: str, why: str, fix: str) -> UserError:
    return UserError(f"the checkpoint does not fit: {what}", why=why, fix=fix, code="E143")
