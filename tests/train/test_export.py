"""The exported LoRA: stock diffusers reads it and says what our model says; one without effect is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import safetensors
import torch
from diffusers import WanTransformer3DModel

from rigmill.errors import UserError
from train.export import FILE, lora_file
from train.recipes import for_stage, tiny_joint
from train.weights import Model, grown, new_model

RECIPE = tiny_joint(32)


def stage_1(*, trained: bool) -> Model:
    model = new_model(replace(RECIPE, denoiser=replace(RECIPE.denoiser, multi_view=False)), seed=3)
    grown(model, for_stage(RECIPE, model.config, trains="adapters", num_views=1), seed=5)
    torch.manual_seed(2)
    with torch.no_grad():
        for weight in model.denoiser.trained_by("adapters"):
            weight.add_(torch.randn_like(weight) * 0.1 * trained)
    return model


def test_a_stock_transformer_with_the_file_says_what_ours_says_and_without_it_something_else(tmp_path: Path) -> None:
    model = stage_1(trained=True)
    base = new_model(replace(RECIPE, denoiser=replace(RECIPE.denoiser, multi_view=False)), seed=3).denoiser.wan
    stock = WanTransformer3DModel(**RECIPE.denoiser.wan).eval()
    stock.load_state_dict(base.state_dict())
    given = {
        "hidden_states": torch.randn(1, 16, 3, 4, 4),
        "timestep": torch.tensor([321.5]),
        "encoder_hidden_states": torch.randn(1, 5, 32),
    }
    with torch.no_grad():
        before, ours = stock(**given).sample, model.denoiser.wan(**given).sample
        (tmp_path / FILE).write_bytes(lora_file(model, about={"recipe": "tiny_joint"}))
        stock.load_lora_adapter(tmp_path, prefix="transformer", weight_name=FILE)
        after = stock(**given).sample
    assert torch.equal(after, ours) and (after - before).abs().max() > 1e-3


def test_its_metadata_says_what_it_is(tmp_path: Path) -> None:
    data = lora_file(stage_1(trained=True), about={"recipe": "tiny_joint", "pose_map": "{}"})
    (tmp_path / FILE).write_bytes(data)
    with safetensors.safe_open(tmp_path / FILE, framework="pt") as opened:
        assert opened.metadata()["recipe"] == "tiny_joint" and "lora_adapter_metadata" in opened.metadata()
        assert all(name.startswith("transformer.blocks.") and ".lora_" in name for name in opened.keys())


def test_a_lora_that_changes_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="the LoRA changes nothing"):
        lora_file(stage_1(trained=False), about={})


def test_a_model_without_adapters_has_no_lora() -> None:
    with pytest.raises(UserError, match="no LoRA"):
        lora_file(new_model(RECIPE, seed=0), about={})
