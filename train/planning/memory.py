"""What a training step holds in a GPU's memory, by parts and from shapes. No torch.

Several moments can be the fullest: when the backward pass begins, everything waits for it; when it ends, all gradients
are there. What is not known here: workspaces of kernels, holes of the allocator, what a compiled block fuses away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from train.planning.cost import DrawShape
from train.planning.parameters import Counts, counts_of
from train.planning.saved import CPU, GPU, Widths, block_tape, head_tape, kept_before_blocks
from train.recipes import Checkpointing, DeviceName, ModelConfig, Trains


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one GPU at the fullest moment of a step."""

    frozen: float  # weights that do not train
    trained: float  # weights that do, in float32
    gradients: float
    optimiser: float  # Adam's two running means
    means: float  # the weights' own running mean, where there is one
    batch: float  # latents, their noise, captions' states
    block_inputs: float  # of blocks that are computed again; of others all that they keep
    attention_outputs: float  # where they are kept apart
    live_block: float  # the block that is at work: what it keeps, and the gradients on their way
    ends: float  # before and after the blocks
    communication: float = 0.0  # gradients in buckets, gathered weights, tokens on their way to other ranks
    encoders: float = 0.0  # codec and text encoder; none where latents are cached

    @property
    def total(self) -> float:
        return float(sum(asdict(self).values()))

    @property
    def parts(self) -> Mapping[str, float]:
        """By name, without those that are not there."""
        return MappingProxyType({name: size for name, size in asdict(self).items() if size})


@dataclass(frozen=True, slots=True)
class Ranks:
    """How GPUs share a step. Views of a clip lie on `views` of them; of all, `shards` hold a part of each weight."""

    number: int = 1
    views: int = 1
    shards: int = 1  # 1: every rank has all weights (DDP)


ONE = Ranks()


def step_memory(
    config: ModelConfig,
    shape: DrawShape,
    *,
    trains: Trains,
    checkpointing: Checkpointing,
    device: DeviceName = "gpu",
    ema: bool = False,
    ranks: Ranks = ONE,
    encoders: float = 0.0,
) -> Memory:
    """Of a step whose `shape` is what one rank draws at once, all views of its clips.

    `encoders`: bytes of those that stay on the GPU.
    """
    widths = GPU if device == "gpu" else CPU
    counts, own, layers = counts_of(config, trains), shape.over(ranks.views), config.denoiser.num_layers
    fixed = _fixed(counts, widths, ema=ema, ranks=ranks)
    block = block_tape(config, own, trains, widths, first=False)
    first = block_tape(config, own, trains, widths, first=True)
    head = head_tape(config, own, trains, widths)
    before = kept_before_blocks(config, own, trains, widths)
    entry = block.entry.size
    forward, backward = block.tape.forward_peak(), block.tape.backward_peak()
    if checkpointing == "none":
        kept, attended = (layers - 1) * block.tape.kept + first.tape.kept, 0
        there = block.tape.kept  # of the block at work, what is in `kept` already
        again = 0
    else:
        kept, attended = layers * entry, layers * block.attended if checkpointing == "attention" else 0
        there = entry * block.keeps_entry + (block.attended if attended else 0)
        again = forward + entry  # with the gradient of its output, while it is computed again
    at_work = max(again, backward) - there
    at_head = max(head.forward_peak(), head.backward_peak()) - head.kept
    gradients = fixed.pop("gradients")
    moments = (
        _Moment(kept, attended, forward - there + _inputs(config, own), 0, 0),
        _Moment(kept, attended, at_head, head.kept, 0),
        _Moment(kept, attended, at_work, 0, 0),
        _Moment(kept / layers, attended / layers, at_work, 0, gradients * (layers - 1) / layers),
        _Moment(0, 0, 0, 0, gradients),
    )
    fullest = max(moments, key=lambda moment: moment.total)
    return Memory(
        **fixed,
        gradients=fullest.gradients,
        batch=_batch(config, own),
        block_inputs=fullest.kept,
        attention_outputs=fullest.attended,
        live_block=fullest.at_work,
        ends=before + fullest.head,
        communication=_communication(counts, config, own, widths, ranks),
        encoders=encoders,
    )


@dataclass(frozen=True, slots=True)
class _Moment:
    """The last block; the head; the first and the last block of the backward pass; the optimiser's turn."""

    kept: float
    attended: float
    at_work: float
    head: float
    gradients: float

    @property
    def total(self) -> float:
        return self.kept + self.attended + self.at_work + self.head + self.gradients


def _fixed(counts: Counts, widths: Widths, *, ema: bool, ranks: Ranks) -> dict[str, float]:
    trained = 4 * counts.trained / ranks.shards
    frozen = (widths.frozen * counts.halved + 4 * counts.whole) / ranks.shards
    return {
        "frozen": frozen,
        "trained": trained,
        "gradients": trained,
        "optimiser": 2 * trained,
        "means": trained if ema else 0.0,
    }


def _batch(config: ModelConfig, shape: DrawShape) -> float:
    """Clean latents, noise and conditions of two modalities, rays, captions: float32."""
    pixels = shape.rows * shape.columns
    latents = 2 * (2 * shape.num_latent + 1) * config.denoiser.in_channels * pixels
    rays = 6 * pixels
    return 4.0 * (shape.sequences * (latents + rays) + shape.num_clips * shape.num_text * config.denoiser.text_dim)


def _inputs(config: ModelConfig, shape: DrawShape) -> float:
    """Noisy latents and the sequence of which they are a part, while blocks run for the first time."""
    numbers = 4 * config.denoiser.in_channels * shape.sequences * shape.frame_tokens
    return 4.0 * numbers * (2 * shape.num_latent + shape.joint_frames(config))


def _communication(counts: Counts, config: ModelConfig, shape: DrawShape, widths: Widths, ranks: Ranks) -> float:
    """DDP: gradients once more, in buckets. Shards: two blocks gathered. Views: tokens of a layer, there and back."""
    size = 0.0
    if ranks.number > 1 and ranks.shards == 1:
        size += 4 * counts.trained
    if ranks.shards > 1:
        size += 2 * (4 * counts.trained + widths.frozen * counts.halved) / config.denoiser.num_layers
    if ranks.views > 1:
        size += 2 * widths.products * shape.sequences * shape.tokens(config) * config.denoiser.width
    return size
