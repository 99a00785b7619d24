"""Training steps on a device, with random weights in the shapes of a recipe: seconds, share of the peak, memory."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from benchmarks.training.counted import FLOAT32, of_stage
from train.loop.module import adamw
from train.model.joint import JointVideoPose, Pair
from train.model.kernels import kernels_for
from train.objective import add_noise, prediction_loss
from train.planning.cost import DrawShape, StepFlops, step_flops
from train.planning.machines import Gpu
from train.planning.memory import step_memory
from train.recipes import AttentionChoice, Checkpointing, ModelConfig, Trains, tiny_joint, wan_joint


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    stage: str
    trains: Trains
    config: ModelConfig
    width_px: int
    height_px: int
    num_frames: int
    num_views: int
    backend: AttentionChoice
    checkpointing: Checkpointing
    compiled: bool = False

    @property
    def size(self) -> str:
        return f"{self.width_px}x{self.height_px}x{self.num_frames}"

    @property
    def keys(self) -> tuple[str, str, str, str]:
        return self.stage, self.size, self.backend, self.checkpointing + ("_compiled" if self.compiled else "")

    @property
    def shape(self) -> DrawShape:
        return DrawShape.of(
            self.config,
            num_clips=1,
            num_frames=self.num_frames,
            height_px=self.height_px,
            width_px=self.width_px,
            num_views=self.num_views,
        )

    @property
    def flops(self) -> StepFlops:
        return step_flops(self.config, self.shape, trains=self.trains, checkpointing=self.checkpointing)


def cases(*, tiny: bool) -> Iterator[Case]:
    """The most wanted first: the table ends where time does."""
    recipe = tiny_joint(32) if tiny else wan_joint(480)
    first, second = of_stage(recipe, "adapters"), of_stage(recipe, "views")
    second = replace(second, denoiser=replace(second.denoiser, adapter_rank=first.denoiser.adapter_rank))
    square = Case("stage1", "adapters", first, 480, 480, 81, 1, "cudnn", "attention")
    if tiny:
        square = replace(square, width_px=32, height_px=32, num_frames=5, backend="auto")
        yield from (replace(square, checkpointing=how) for how in ("none", "attention", "full"))
        yield replace(square, stage="stage2", trains="views", config=second, num_views=2)
        return
    wide = replace(square, width_px=832)
    views = replace(square, stage="stage2", trains="views", config=second, num_views=4, checkpointing="full")
    yield square
    yield replace(square, compiled=True)
    yield replace(square, backend="flash")
    yield views
    yield replace(wide, compiled=True)
    yield replace(square, checkpointing="full")
    yield replace(views, checkpointing="attention")
    yield wide
    yield replace(square, checkpointing="full", compiled=True)
    yield replace(views, compiled=True)
    yield replace(wide, checkpointing="full")
    yield replace(views, width_px=832, num_frames=49)
    yield replace(wide, backend="flash")


def measured(case: Case, device: torch.device, gpu: Gpu | None, *, rounds: int) -> dict[str, float]:
    """Seconds of a step (the median), shares of the peak, and gigabytes at the fullest, said and seen."""
    torch.manual_seed(0)
    on_gpu = device.type == "cuda"
    model = _model(case, device)
    weights = model.trained_by(case.trains)
    model.checkpointing = case.checkpointing
    if case.compiled:
        model.compile_blocks()
    optimiser = adamw(weights, learning_rate=5e-5, fused=on_gpu)
    batch, kernels = _batch(case, device), kernels_for(device, case.backend)
    seconds = []
    for round_number in range(rounds + 1):
        if on_gpu and round_number:
            torch.cuda.reset_peak_memory_stats(device)
        _wait(device)
        started = time.perf_counter()
        with kernels.attending():
            with torch.autocast("cuda", torch.bfloat16) if on_gpu else nullcontext():
                loss = _loss(model, batch, case)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        _wait(device)
        seconds.append(time.perf_counter() - started)
    step_s = statistics.median(seconds[1:])  # the first compiles, tunes and makes the optimiser's state
    found = {"step_s": step_s, "first_step_s": seconds[0], "tflops": case.flops.useful / step_s / 1e12}
    if gpu is not None:
        found |= {
            "mfu": case.flops.useful / step_s / gpu.peak_flops,
            "hfu": case.flops.executed / step_s / gpu.peak_flops,
        }
    if on_gpu:
        peak = torch.cuda.max_memory_allocated(device)
        said = planned_bytes(case)
        found |= {"peak_gb": peak / 1e9, "plan_gb": said / 1e9, "plan_error_pct": 100 * (said / peak - 1)}
        del model, weights, optimiser, batch, loss
        gc.collect()
        torch.cuda.empty_cache()
    return found


def planned_bytes(case: Case) -> float:
    return step_memory(case.config, case.shape, trains=case.trains, checkpointing=case.checkpointing).total


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _model(case: Case, device: torch.device) -> JointVideoPose:
    """Built on the device; on a GPU Wan's own weights are bfloat16 but those that diffusers leaves in float32."""
    with device:
        model = JointVideoPose(case.config.denoiser)
    if device.type == "cuda" and case.config.denoiser.origin == "folder":
        for name, weight in model.named_parameters():
            if name.startswith("wan.") and not any(part in name for part in ("lora_", *FLOAT32)):
                weight.data = weight.data.bfloat16()
    return model


def _batch(case: Case, device: torch.device) -> dict[str, Any]:
    shape, own = case.shape, case.config.denoiser
    size = (shape.num_clips, shape.num_views, own.in_channels)

    def pair(frames: int) -> Pair:
        return Pair(*(torch.randn(*size, frames, shape.rows, shape.columns, device=device) for _ in range(2)))

    return {
        "clean": pair(shape.num_latent),
        "noise": pair(shape.num_latent),
        "condition": pair(1),
        "text": torch.randn(shape.num_clips, shape.num_text, own.text_dim, device=device),
        "rays": torch.randn(shape.num_clips, shape.num_views, 6, shape.rows, shape.columns, device=device),
        "sigma": torch.full((shape.num_clips,), 0.6, device=device),
    }


def _loss(model: JointVideoPose, batch: dict[str, Any], case: Case) -> Tensor:
    clean, noise, sigma = batch["clean"], batch["noise"], batch["sigma"]
    said = model(
        Pair(add_noise(clean.rgb, noise.rgb, sigma), add_noise(clean.pose, noise.pose, sigma)),
        condition=batch["condition"],
        timestep=sigma * 1000,
        text=batch["text"],
        rays=batch["rays"],
    )
    losses = prediction_loss(said, clean=clean, noise=noise, sigma=sigma, config=case.config)
    return torch.stack([losses.rgb, losses.pose]).mean()
