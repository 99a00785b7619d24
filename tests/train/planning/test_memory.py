"""Memory of a step by formula is what torch holds: all tensors of a second step, on tensors without contents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.training.counted import built, counted, of_stage
from train.planning.cost import DrawShape
from train.planning.memory import Ranks, step_memory
from train.planning.parameters import counts_of
from train.planning.saved import CPU, GPU, block_tape, head_tape, kept_before_blocks
from train.recipes import Checkpointing, DeviceName, ModelConfig, Trains, small_joint, tiny_joint, wan_joint

TINY, TINY_DRAW = tiny_joint(64), DrawShape(num_clips=2, num_views=2, num_latent=5, rows=8, columns=8, num_text=48)
# Wan's width, of a depth and a draw that are counted in seconds.
MID = replace(wan_joint(480), denoiser=replace(wan_joint(480).denoiser, num_layers=4))
MID_DRAW = DrawShape(num_clips=1, num_views=2, num_latent=4, rows=16, columns=16, num_text=32)
TRAINS: tuple[Trains, ...] = ("video", "poses", "all", "adapters", "views")
KEPT: tuple[Checkpointing, ...] = ("none", "attention", "full")


def holds(config: ModelConfig, shape: DrawShape, trains: Trains, how: Checkpointing, device: DeviceName) -> None:
    config = of_stage(config, trains)
    found = counted(config, shape, trains, how, device=device, ema=True)
    said = step_memory(config, shape, trains=trains, checkpointing=how, device=device, ema=True)
    assert said.total == pytest.approx(found.peak, rel=0.03)
    if how == "none":
        widths, layers = (GPU if device == "gpu" else CPU), config.denoiser.num_layers
        blocks = [block_tape(config, shape, trains, widths, first=not index).tape for index in range(layers)]
        kept = sum(tape.kept for tape in (*blocks, head_tape(config, shape, trains, widths)))
        assert kept + kept_before_blocks(config, shape, trains, widths) == pytest.approx(found.saved, rel=0.03)


@pytest.mark.parametrize(
    ("trains", "how", "device"), [("all", "none", "cpu"), ("adapters", "full", "gpu"), ("views", "attention", "gpu")]
)
def test_a_tiny_step_holds_what_is_said(trains: Trains, how: Checkpointing, device: DeviceName) -> None:
    holds(TINY, TINY_DRAW, trains, how, device)


@pytest.mark.slow  # many of them
@pytest.mark.parametrize(("trains", "device"), [*((trains, "gpu") for trains in TRAINS), ("adapters", "cpu")])
def test_a_tiny_step_holds_what_is_said_however_it_is_trained(trains: Trains, device: DeviceName) -> None:
    for how in KEPT:
        holds(TINY, TINY_DRAW, trains, how, device)


@pytest.mark.slow
@pytest.mark.parametrize("trains", TRAINS)
def test_a_step_of_wan_s_width_holds_what_is_said(trains: Trains) -> None:
    for how in KEPT:
        holds(MID, MID_DRAW, trains, how, "gpu")


@pytest.mark.parametrize("trains", TRAINS)
@pytest.mark.parametrize("config", [TINY, small_joint(64), wan_joint(480)], ids=lambda config: config.recipe)
def test_numbers_of_weights_are_those_of_the_model(config: ModelConfig, trains: Trains) -> None:
    config = of_stage(config, trains)
    model = built(config, device="gpu")
    model.trained_by(trains)
    counts = counts_of(config, trains)
    weights = list(model.parameters())
    assert counts.trained == sum(weight.numel() for weight in weights if weight.requires_grad)
    frozen = [weight for weight in weights if not weight.requires_grad]
    assert counts.halved == sum(weight.numel() for weight in frozen if weight.itemsize == 2)
    assert counts.whole == sum(weight.numel() for weight in frozen if weight.itemsize == 4)


def test_what_ranks_share_is_divided_and_the_rest_is_not() -> None:
    config = of_stage(wan_joint(480), "views")
    shape = DrawShape.of(config, num_clips=1, num_frames=81, height_px=480, width_px=832)

    def memory(ranks: Ranks) -> dict[str, float]:
        return dict(step_memory(config, shape, trains="views", checkpointing="full", ranks=ranks).parts)

    one, views, ddp, fsdp = (memory(ranks) for ranks in (Ranks(), Ranks(4, 4), Ranks(4), Ranks(4, shards=4)))
    assert views["block_inputs"] == one["block_inputs"] / 4 and views["optimiser"] == one["optimiser"]
    assert ddp["communication"] == one["trained"] and ddp["live_block"] == one["live_block"]
    for part in ("frozen", "trained", "optimiser"):
        assert fsdp[part] == one[part] / 4
    assert fsdp["block_inputs"] == one["block_inputs"]


# Gigabytes that a reckoning by measured bytes a token gives, without the gradients on their way: kept block inputs at
# 3.07 kB, one block's live set at 161 kB (adapters) and 172 kB (views).
@pytest.mark.parametrize(
    ("width_px", "trains", "view_ranks", "gigabytes"),
    [
        (832, "adapters", 1, 21.6),
        (480, "adapters", 1, 14.3),
        (832, "views", 1, 80.0),
        (480, "views", 1, 49.0),
        (832, "views", 4, 25.5),
    ],
)
def test_wan_s_own_sizes_take_what_was_reckoned_before(
    width_px: int, trains: Trains, view_ranks: int, gigabytes: float
) -> None:
    config = of_stage(wan_joint(480), trains)
    views = 4 if trains == "views" else 1
    shape = DrawShape.of(config, num_clips=1, num_frames=81, height_px=480, width_px=width_px, num_views=views)
    ranks = Ranks(view_ranks, view_ranks)
    full, kept = (
        step_memory(config, shape, trains=trains, checkpointing=how, ranks=ranks) for how in ("full", "attention")
    )
    # The passing gradients of one block are what is new.
    assert gigabytes < full.total / 1e9 < 1.16 * gigabytes + 0.6
    tokens = shape.over(view_ranks).sequences * shape.tokens(config)
    layers = (2 if trains == "views" else 1) * config.denoiser.num_layers
    assert kept.attention_outputs == pytest.approx(layers * 3.1e3 * tokens, rel=0.02)
