"""How fast a training goes and what it fills, step by step. Measured, so another run has other numbers: a file of its
own, which no checkpoint holds and nothing is compared with.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import torch

from rigmill.storage.files import write_atomic
from train.feed import FedBatch
from train.inputs import TrainSettings
from train.planning.cost import DrawShape, StepFlops, step_flops
from train.planning.machines import gpu_called
from train.recipes import Checkpointing, ModelConfig
from train.watching.steps import EachStep

TERA = 1e12
GIGA = 1e9


@dataclass(frozen=True, slots=True)
class StepSpeed:
    """One step: what it took without validation, samples and checkpoints. NaN: cannot be known here."""

    step: int
    seconds: float  # with waiting for data
    data_wait_share: float
    tokens_per_s: float  # of all devices together
    useful_tflops: float  # per second and device, forward and backward
    executed_tflops: float  # and what is computed again
    mfu: float  # share of the device's peak, of what is useful
    hfu: float  # and of what is executed
    peak_memory_gb: float  # of the process so far, in 10^9 bytes: on the GPU, or resident on a CPU


HEADER = tuple(field.name for field in fields(StepSpeed))


class SpeedFile(EachStep):
    """A line a step. A training that goes on keeps the lines of the steps that it does not do again."""

    def __init__(self, path: Path, *, settings: TrainSettings) -> None:
        self.path, self.settings = path, settings
        self.latest: StepSpeed | None = None
        self._peak_flops = float("nan")
        self._started = self._waited = self._spent = 0.0

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self._peak_flops = peak_flops_of(pl_module.device)
        self._waited = trainer.datamodule.waiting.waited_s
        if trainer.is_global_zero:
            kept = [line for line in _lines(self.path) if int(line.partition(",")[0]) < trainer.global_step]
            write_atomic(self.path, ("\n".join([",".join(HEADER), *kept]) + "\n").encode(), durable=False)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        super().on_train_batch_start(trainer, pl_module, batch, batch_idx)
        self._started = time.perf_counter()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self._spent += time.perf_counter() - self._started  # of a batch that only adds to a gradient, too
        if trainer.global_step != self._begun:
            self._measure(trainer, pl_module, batch)
            self._spent = 0.0

    def _measure(self, trainer: Any, module: Any, batch: FedBatch) -> None:
        waited_s = trainer.datamodule.waiting.waited_s
        waited, self._waited = waited_s - self._waited, waited_s
        seconds = self._spent + waited
        config, shape = module.model.config, shape_of(batch, module.model.config, num_clips=self.settings.batch_size)
        flops = flops_of(config, shape, module, settings=self.settings)
        per_device = 1 / (seconds * trainer.world_size)
        self.latest = StepSpeed(
            step=trainer.global_step - 1,
            seconds=seconds,
            data_wait_share=waited / seconds,
            tokens_per_s=shape.sequences * shape.tokens(config) / seconds,
            useful_tflops=flops.useful * per_device / TERA,
            executed_tflops=flops.executed * per_device / TERA,
            mfu=flops.useful * per_device / self._peak_flops,
            hfu=flops.executed * per_device / self._peak_flops,
            peak_memory_gb=peak_memory_bytes(module.device) / GIGA,
        )
        if trainer.is_global_zero:
            with self.path.open("a") as stream:
                stream.write(line_of(astuple(self.latest)) + "\n")


def line_of(values: Sequence[float]) -> str:
    """Of the CSV; what is not known is empty."""
    return ",".join(
        "" if value != value else str(value) if isinstance(value, int) else f"{value:.6g}" for value in values
    )


def shape_of(batch: FedBatch, config: ModelConfig, *, num_clips: int) -> DrawShape:
    """Of a whole step over all devices, whose draws are like those of this batch."""
    codec, latents = config.codec, batch.about.latents
    if latents is not None:
        frames, rows, columns = latents.rgb.video.shape[3:]
    else:
        found = batch.rgb or batch.pose
        assert found is not None
        _, _, frames, height_px, width_px, _ = found.video.shape
        frames = (frames - 1) // codec.temporal_factor + 1
        rows, columns = height_px // codec.spatial_factor, width_px // codec.spatial_factor
    views = len(batch.draws[0].seen.views)
    return DrawShape(num_clips, views, frames, rows, columns, config.text.num_tokens)


def flops_of(config: ModelConfig, shape: DrawShape, module: Any, *, settings: TrainSettings) -> StepFlops:
    """Of a step with what the model really keeps for its backward pass."""
    kept: Any = module.model.denoiser.checkpointing
    checkpointing: Checkpointing = kept if isinstance(kept, str) else "full" if kept else "none"  # type: ignore[assignment]
    return step_flops(config, shape, trains=settings.trains, checkpointing=checkpointing)


def peak_flops_of(device: torch.device) -> float:
    """A second, of this GPU; NaN for one that nobody knows, and for a CPU."""
    if device.type != "cuda":
        return float("nan")
    about = torch.cuda.get_device_properties(device)
    gpu = gpu_called(about.name, about.total_memory)
    return float("nan") if gpu is None else gpu.peak_flops


def peak_memory_bytes(device: torch.device) -> int:
    """What the process has filled at most."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux says KiB


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text().splitlines()[1:] if line[:1].isdigit()]
    except OSError:
        return []
