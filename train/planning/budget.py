"""What a stage of a training takes of a machine: memory, days; and what would fit where it does not. No torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from rigmill.clips.fitting import Fit
from rigmill.errors import UserError
from train.planning.cost import DrawShape, StepFlops, step_flops
from train.planning.machines import GPUS, Machine
from train.planning.memory import Memory, Ranks, step_memory
from train.recipes import Checkpointing, ModelConfig, Trains

_BUCKET_FRAMES = 16  # lengths that are proposed are 1 more than a multiple of it
_VOCABULARY = 256_384  # of UMT5
_WAN_CODEC_BYTES = 4 * 127e6  # it computes in float32
GB = 1e9


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be trained, and how the GPUs share it."""

    stage: str
    config: ModelConfig
    trains: Trains
    num_steps: int
    batch_size: int  # clips of a step, of all GPUs together
    num_frames: int
    width_px: int
    height_px: int
    num_gpus: int
    checkpointing: Checkpointing
    ema: bool = False
    cached: bool = False  # whether latents are there, so that no encoder is needed
    view_ranks: int = 1
    accumulate: int = 1
    sharded: bool = False

    def shape(self, num_clips: int) -> DrawShape:
        return DrawShape.of(
            self.config,
            num_clips=num_clips,
            num_frames=self.num_frames,
            height_px=self.height_px,
            width_px=self.width_px,
        )

    @property
    def groups(self) -> int:
        """Of GPUs, each of which has clips of its own."""
        return self.num_gpus // self.view_ranks

    @property
    def is_even(self) -> bool:
        """Whether GPUs can share views and clips."""
        if self.num_gpus % self.view_ranks or self.config.views_per_clip % self.view_ranks:
            return False
        return self.batch_size % (self.groups * self.accumulate) == 0

    @property
    def at_once(self) -> int:
        """Clips that a group has in its memory at once."""
        return self.batch_size // (self.groups * self.accumulate)

    @property
    def step(self) -> StepFlops:
        """Of all GPUs together."""
        return step_flops(
            self.config, self.shape(self.batch_size), trains=self.trains, checkpointing=self.checkpointing
        )

    @property
    def memory(self) -> Memory:
        ranks = Ranks(self.num_gpus, self.view_ranks, self.num_gpus if self.sharded else 1)
        return step_memory(
            self.config,
            self.shape(self.at_once),
            trains=self.trains,
            checkpointing=self.checkpointing,
            ema=self.ema,
            ranks=ranks,
            encoders=0.0 if self.cached else encoder_bytes(self.config),
        )


@dataclass(frozen=True, slots=True)
class Spending:
    """Of a whole stage."""

    mfu: float
    step_s: float
    days: float
    gpu_hours: float


def encoder_bytes(config: ModelConfig) -> float:
    """Of codec and text encoder as they lie on a GPU, without what they compute."""
    text = config.text
    size = _WAN_CODEC_BYTES if config.codec.kind == "wan" else 0.0
    if text.kind == "umt5" and text.origin == "folder":
        layer = 4 * text.d_model * text.num_heads * text.d_kv + 3 * text.d_model * text.d_ff
        size += 2.0 * (_VOCABULARY * text.d_model + text.num_layers * layer)
    return size


def spending(demand: Demand, machine: Machine, mfu: float | None) -> Spending | None:
    """At the MFU that is given, or that is realistic for the GPU; None where nobody has said any."""
    mfu = mfu or machine.gpu.mfu.get(demand.checkpointing)
    if mfu is None:
        return None
    step_s = demand.step.useful / (machine.num_gpus * machine.gpu.peak_flops * mfu)
    seconds = step_s * demand.num_steps
    return Spending(mfu, step_s, seconds / 86_400, seconds / 3600 * machine.num_gpus)


def refuse_what_cannot_be(demand: Demand, machine: Machine) -> Memory:
    """The memory that the stage takes on each GPU; a UserError where it is more than there is, with what would fit."""
    if not demand.is_even:
        raise UserError(
            f"train.batch_size: {machine} cannot share {demand.batch_size} clips evenly",
            why=f"stage '{demand.stage}' (views a clip: {demand.config.views_per_clip}) takes them in {demand.groups} "
            f"groups of train.view_ranks = {demand.view_ranks}, in train.accumulate = {demand.accumulate} parts each",
            fix="a train.batch_size that is a multiple of GPUs / view_ranks * accumulate, and view_ranks that divides "
            "GPUs and views",
            code="E526",
        )
    memory, room = demand.memory, machine.gpu.planned_bytes
    if memory.total <= room:
        return memory
    proposals = [f"{what} ({size / GB:.3g} GB)" for what, size in would_fit(demand, room)]
    raise UserError(
        f"stage '{demand.stage}' takes {memory.total / GB:.4g} GB on each GPU of {machine}, of which it may fill "
        f"{room / GB:.4g} GB",
        why=f"{parts_in_words(memory)} (GB)",
        fix="; or ".join(proposals) or "a smaller model: no setting of this one fits a GPU that is known here",
        code="E551",
    )


def parts_in_words(memory: Memory) -> str:
    """Every part that is there, the largest first, in gigabytes."""
    parts = sorted(memory.parts.items(), key=lambda part: -part[1])
    return ", ".join(f"{name.replace('_', ' ')} {size / GB:.3g}" for name, size in parts)


def would_fit(demand: Demand, room: float) -> list[tuple[str, float]]:
    """Settings that make the stage fit, each by itself, and the bytes that it takes then.

    Where none does by itself, all that change nothing of what is learned, together. Then what does change it: fewer
    frames, smaller pictures. Last another GPU.
    """
    single = [(what, other.memory.total) for what, other in _harmless(demand)]
    found = [one for one in single if one[1] <= room]
    if not found:
        together, words = demand, list[str]()
        for what, change in _changes(demand):
            changed = change(together)
            if changed.is_even and changed.memory.total < together.memory.total:
                together, words = changed, [*words, what]
        if len(words) > 1 and together.memory.total <= room:
            found = [(" ".join(words), together.memory.total)]
    for tries in (_shorter(demand), _smaller(demand)):
        fits = next(((what, size) for what, size in tries if size <= room), None)
        found += [fits] if fits else []
    need = demand.memory.total
    larger = sorted((gpu.memory_bytes, gpu.name) for gpu in GPUS.values() if gpu.planned_bytes >= need)
    found += [(f"train.machine={demand.num_gpus}x{larger[0][1]}", need)] if larger else []
    return found


def _changes(demand: Demand) -> list[tuple[str, Callable[[Demand], Demand]]]:
    """What can be changed without changing what is learned."""
    changes: list[tuple[str, Callable[[Demand], Demand]]] = []
    if demand.checkpointing != "full":
        changes.append(("train.checkpointing=full", partial(replace, checkpointing="full")))
    if not demand.cached and encoder_bytes(demand.config):
        changes.append(("latents.enabled=true", partial(replace, cached=True)))
    views = demand.config.views_per_clip
    for ranks in range(2 * demand.view_ranks, views + 1, demand.view_ranks):
        parts = demand.accumulate * ranks // demand.view_ranks  # fewer groups: each has its clips one after the other
        changed = replace(demand, view_ranks=ranks, accumulate=parts)
        if changed.is_even:
            words = f"train.view_ranks={ranks} train.accumulate={parts}"
            changes.append((words, partial(replace, view_ranks=ranks, accumulate=parts)))
            break
    if demand.at_once > 1:
        parts = demand.accumulate * demand.at_once
        changes.append((f"train.accumulate={parts}", partial(replace, accumulate=parts)))
    if not demand.sharded and demand.num_gpus > 1:
        changes.append(("train.strategy=fsdp2", partial(replace, sharded=True)))
    return changes


def _harmless(demand: Demand) -> Iterator[tuple[str, Demand]]:
    if demand.checkpointing == "none":  # faster than all that is computed again
        yield "train.checkpointing=attention", replace(demand, checkpointing="attention")
    for what, change in _changes(demand):
        changed = change(demand)
        if changed.is_even:
            yield what, changed


def _shorter(demand: Demand) -> Iterator[tuple[str, float]]:
    for frames in range((demand.num_frames - 2) // _BUCKET_FRAMES * _BUCKET_FRAMES + 1, 1, -_BUCKET_FRAMES):
        yield f"train.num_frames={frames}", replace(demand, num_frames=frames).memory.total


def _smaller(demand: Demand) -> Iterator[tuple[str, float]]:
    side, cell = min(demand.width_px, demand.height_px), demand.config.cell_px
    for size in range(side - cell, 3 * cell, -cell):
        fit = Fit.of(demand.width_px, demand.height_px, size_px=size, multiple=cell)
        smaller = replace(demand, width_px=fit.width_px, height_px=fit.height_px)
        yield f"train.size_px={size}", smaller.memory.total
