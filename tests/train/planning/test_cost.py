"""Operations of a step by formula are those that torch counts, also at Wan's real size, where nothing is computed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.training.counted import flops as counted
from benchmarks.training.counted import of_stage
from train.planning.cost import DrawShape, forward_flops, step_flops
from train.recipes import ModelConfig, Trains, small_joint, tiny_joint, wan_joint

SMALL = DrawShape(num_clips=2, num_views=2, num_latent=5, rows=8, columns=8, num_text=16)
WAN = DrawShape(num_clips=1, num_views=4, num_latent=21, rows=60, columns=60, num_text=512)  # 480x480x81


CASES: list[tuple[ModelConfig, Trains, DrawShape]] = [
    (of_stage(tiny_joint(32), "video"), "video", SMALL),
    (of_stage(small_joint(64), "poses"), "poses", replace(SMALL, num_latent=17)),
    (of_stage(tiny_joint(32), "all"), "all", SMALL),
    (of_stage(tiny_joint(32), "adapters"), "adapters", SMALL),
    (of_stage(tiny_joint(32), "views"), "views", SMALL),
    (of_stage(small_joint(64), "all"), "all", replace(SMALL, num_latent=17)),
    (of_stage(wan_joint(480), "adapters", layers=2), "adapters", replace(WAN, num_views=1)),
    (of_stage(wan_joint(480), "views", layers=2), "views", WAN),
]


@pytest.mark.parametrize(("config", "trains", "shape"), CASES, ids=lambda value: getattr(value, "recipe", None))
def test_operations_are_within_two_per_cent_of_those_that_torch_counts(
    config: ModelConfig, trains: Trains, shape: DrawShape
) -> None:
    assert forward_flops(config, shape).total == pytest.approx(counted(config, shape, None), rel=0.01)
    found = step_flops(config, shape, trains=trains, checkpointing="none")
    assert found.executed == found.useful == pytest.approx(counted(config, shape, trains), rel=0.02)


def test_what_is_computed_again_is_executed_and_not_useful() -> None:
    config = of_stage(wan_joint(480), "adapters")
    kept, none = (step_flops(config, WAN, trains="adapters", checkpointing=how) for how in ("attention", "full"))
    assert kept.useful == none.useful
    assert none.again - kept.again == pytest.approx(none.forward.among_tokens)
    assert none.forward.among_tokens + none.forward.caption_attention == pytest.approx(none.forward.in_attention)
    assert none.executed == pytest.approx(none.useful + none.forward.in_blocks)


def test_a_draw_s_shape_is_that_of_its_latents() -> None:
    config = wan_joint(480)
    shape = DrawShape.of(config, num_clips=1, num_frames=81, height_px=480, width_px=832)
    assert (shape.num_latent, shape.rows, shape.columns) == (21, 60, 104)
    assert shape.tokens(config) == 68_640 and shape.frame_tokens == 1_560 and shape.joint_frames(config) == 44
    # At this size attention is most of it.
    alone = replace(config, denoiser=replace(config.denoiser, multi_view=False, adapter_rank=0))
    found = forward_flops(alone, replace(shape, num_views=1))
    assert found.total == pytest.approx(1.047e15, rel=0.01) and found.attention / found.total == pytest.approx(
        0.83, abs=0.01
    )
