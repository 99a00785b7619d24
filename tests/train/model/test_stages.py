"""What the two stages promise of the model: each starts as what was before it, and moves nothing else. Exact on CPU."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from train.model.adapters import TARGETS, plain_state
from train.model.joint import Pair
from train.recipes import ModelConfig, Trains, differs, for_stage, tiny_joint
from train.weights import Model, grown, load_model, new_model, save_model

RECIPE = tiny_joint(32)
FRAMES, SIDE = 3, 4


def values(*, views: int) -> dict[str, object]:
    torch.manual_seed(1)

    def latents(frames: int) -> torch.Tensor:
        return torch.randn(1, views, 16, frames, SIDE, SIDE)

    return {
        "noisy": Pair(latents(FRAMES), latents(FRAMES)),
        "condition": Pair(latents(1), latents(1)),
        "timestep": torch.tensor([613.25]),
        "text": torch.randn(1, 5, 32),
        "rays": torch.randn(1, views, 6, SIDE, SIDE),
    }


def said(model: Model, *, views: int = 1) -> Pair:
    given = values(views=views)
    with torch.no_grad():
        return model.denoiser(given.pop("noisy"), **given)


def same(left: Pair, right: Pair) -> bool:
    return torch.equal(left.rgb, right.rgb) and torch.equal(left.pose, right.pose)


def stage(parent: ModelConfig | None, trains: Trains, num_views: int) -> ModelConfig:
    return for_stage(RECIPE, parent, trains=trains, num_views=num_views)


def base() -> Model:
    return new_model(replace(RECIPE, denoiser=replace(RECIPE.denoiser, multi_view=False)), seed=3)


def disturb(model: Model, trains: Trains) -> None:
    """As if the stage had been trained."""
    torch.manual_seed(2)
    with torch.no_grad():
        for weight in model.denoiser.trained_by(trains):
            weight.add_(torch.randn_like(weight) * 0.1)


def stage_1() -> Model:
    model = base()
    model = grown(model, stage(model.config, "adapters", 1), seed=5)
    disturb(model, "adapters")
    return model


def test_adapters_start_as_the_base_bit_for_bit() -> None:
    model = base()
    before = said(model)
    grown(model, stage(model.config, "adapters", 1), seed=5)
    assert same(said(model), before)
    disturb(model, "adapters")
    assert not same(said(model), before)


def test_adapters_are_under_every_linear_layer_of_every_block_and_nowhere_else_in_float32() -> None:
    names = [name for name, _ in stage_1().denoiser.named_parameters() if "lora_A" in name]
    # to_q, to_k, to_v, to_out.0 of two attentions, and two layers of the feed-forward part
    assert len(names) == RECIPE.denoiser.num_layers * (2 * 4 + 2)
    assert all(any(f".{target}." in name for target in TARGETS) for name in names)
    half = base()
    half.denoiser.wan.to(torch.bfloat16)
    half.denoiser.add_adapters(4)
    for name, weight in half.denoiser.wan.named_parameters():
        assert ("lora_" in name) == (weight.dtype == torch.float32 and weight.requires_grad), name


def test_stage_2_starts_as_stage_1_bit_for_bit_with_any_number_of_views() -> None:
    model = stage_1()
    before = {views: said(model, views=views) for views in (1, 4)}
    grown(model, stage(model.config, "views", 4), seed=5)
    assert model.denoiser.views is not None and model.denoiser.camera is not None
    assert all(same(said(model, views=views), before[views]) for views in before)
    disturb(model, "views")
    assert not same(said(model, views=4), before[4])


def test_multi_view_layers_start_from_self_attention_as_stage_1_left_it() -> None:
    model = stage_1()
    grown(model, stage(model.config, "views", 4), seed=5)
    attention = model.denoiser.wan.blocks[1].attn1
    layer = attention.to_q
    torch.testing.assert_close(
        model.denoiser.views[1].attention.to_q.weight,
        layer.base_layer.weight + layer.lora_B["default"].weight @ layer.lora_A["default"].weight,
    )
    assert not torch.equal(plain_state(attention)["to_q.weight"], layer.base_layer.weight)


@pytest.mark.parametrize(
    ("trains", "parts"),
    [
        ("adapters", {"wan", "modality"}),
        ("views", {"camera", "views"}),
        ("all", {"wan", "modality", "camera", "views"}),
    ],
)
def test_a_stage_trains_its_own_parts_alone(trains: Trains, parts: set[str]) -> None:
    model = stage_1()
    grown(model, stage(model.config, "views", 4), seed=5)
    model.denoiser.trained_by(trains)
    free = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert {name.split(".")[1] for name in free} == parts
    if trains == "adapters":
        assert all("lora_" in name for name in free if ".wan." in name)


def test_both_stages_come_back_from_their_files() -> None:
    model = stage_1()
    for config in (model.config, stage(model.config, "views", 4)):
        grown(model, config, seed=5)
        saved = save_model(model)
        loaded = load_model(saved, config)
        assert save_model(loaded) == saved and same(said(loaded, views=2), said(model, views=2))


def test_what_a_stage_has_at_its_end() -> None:
    video = stage(None, "video", 1)
    assert (video.denoiser.modalities, video.denoiser.multi_view, video.views_per_clip) == (("rgb",), False, 1)
    first = stage(video, "adapters", 1)
    assert (first.denoiser.modalities, first.denoiser.adapter_rank) == (("rgb", "pose"), RECIPE.adapter_rank)
    assert not first.denoiser.multi_view
    second = stage(first, "views", 4)
    assert second.denoiser == replace(first.denoiser, multi_view=True) and second.views_per_clip == 4
    assert stage(None, "all", 2) == RECIPE


def test_a_parent_of_another_architecture_is_told_by_its_first_difference() -> None:
    wider = replace(RECIPE, denoiser=replace(RECIPE.denoiser, num_layers=3))
    assert differs(RECIPE, stage(None, "video", 1)) == "" and "num_layers 3 instead of 2" in differs(RECIPE, wider)
    assert "size_px 64 instead of 32" in differs(RECIPE, tiny_joint(64))
