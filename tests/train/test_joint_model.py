"""The joint model against diffusers' own forward, and the properties that section 3.2 promises."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from diffusers import WanTransformer3DModel

from train.model.joint import JointVideoPose, Pair
from train.recipes import RECIPES, DenoiserConfig, Modality, ModelConfig, tiny_joint, wan_joint

CONFIG = tiny_joint(32).denoiser
FRAMES, SIDE = 3, 4


def model_of(config: DenoiserConfig = CONFIG) -> JointVideoPose:
    torch.manual_seed(0)
    return JointVideoPose(config).eval()


def inputs(*, views: int = 2, clips: int = 1) -> dict[str, object]:
    torch.manual_seed(1)

    def latents(frames: int) -> torch.Tensor:
        return torch.randn(clips, views, 16, frames, SIDE, SIDE)

    return {
        "noisy": Pair(latents(FRAMES), latents(FRAMES)),
        "condition": Pair(latents(1), latents(1)),
        "timestep": torch.full((clips,), 613.25),
        "text": torch.randn(clips, 5, 32),
        "rays": torch.randn(clips, views, 6, SIDE, SIDE),
    }


def run(model: JointVideoPose, values: dict[str, object]) -> Pair:
    values = dict(values)
    with torch.no_grad():
        return model(values.pop("noisy"), **values)


def wake(module: torch.nn.Module) -> None:
    """Give zero-initialised parts something to say."""
    torch.manual_seed(2)
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(torch.randn_like(weight) * 0.3)


def in_double(values: dict[str, object]) -> dict[str, object]:
    return {
        name: value.map(torch.Tensor.double)
        if isinstance(value, Pair)
        else value
        if name == "timestep"
        else value.double()
        for name, value in values.items()
    }


@pytest.mark.parametrize(("modalities", "off"), [(("rgb", "pose"), 0.0), (("pose",), 1e-15)])
def test_frame_level_modulation_equals_diffusers_per_token_forward(
    modalities: tuple[Modality, ...], off: float
) -> None:
    """The independent truth: stock Wan with a timestep per token, 0 on condition frames. The joint model bit for bit.

    In float32 the time embedding's matrix products round otherwise for our few rows than for stock's row per token, so
    the bits are compared with weights in float64 (of pose maps alone there are two rows, and the last bit is off).
    """
    model = model_of(replace(CONFIG, shared_positions=False, multi_view=False, modalities=modalities))
    values = inputs(views=1)
    for change, tolerance in ((dict, 2e-6), (in_double, off)):
        values = change(values)
        noisy, condition = values["noisy"], values["condition"]
        model.to(noisy.rgb.dtype)
        ours = run(model, values)
        parts = [part for name in modalities for part in (getattr(condition, name), getattr(noisy, name))]
        per_frame = torch.tensor([0.0] + [613.25] * FRAMES).repeat(len(modalities))
        per_token = per_frame.repeat_interleave(SIDE * SIDE // 4)[None]
        with torch.no_grad():
            stock = model.wan(
                torch.cat(parts, dim=3)[:, 0], timestep=per_token, encoder_hidden_states=values["text"]
            ).sample
        for name, half in zip(modalities, stock.chunk(len(modalities), dim=2)):
            assert (getattr(ours, name)[:, 0] - half[:, :, 1:]).abs().max() <= tolerance, (name, tolerance)


def test_shared_positions_without_modality_cannot_tell_equal_halves_apart() -> None:
    model, values = model_of(), inputs()
    values["noisy"] = Pair(values["noisy"].rgb, values["noisy"].rgb)
    values["condition"] = Pair(values["condition"].rgb, values["condition"].rgb)
    same = run(model, values)
    assert torch.equal(same.rgb, same.pose)

    wake(model.modality)
    apart = run(model, values)
    assert (apart.rgb - apart.pose).abs().max() > 1e-3

    unshared = run(model_of(replace(CONFIG, shared_positions=False)), values)
    assert (unshared.rgb - unshared.pose).abs().max() > 1e-4


def test_adding_cameras_and_views_changes_nothing_at_step_0() -> None:
    single = model_of(replace(CONFIG, multi_view=False))
    multi = model_of(replace(CONFIG, multi_view=True))
    multi.load_state_dict(single.state_dict(), strict=False)
    values = inputs()
    before, after = run(single, values), run(multi, values)
    assert torch.equal(before.rgb, after.rgb) and torch.equal(before.pose, after.pose)


def test_a_view_sees_the_others_once_multi_view_layers_are_trained() -> None:
    model, values = model_of(), inputs(views=3)
    changed = dict(values)
    other = values["noisy"].rgb.clone()
    other[:, 1] += 1
    changed["noisy"] = Pair(other, values["noisy"].pose)
    assert torch.equal(run(model, values).pose[:, 0], run(model, changed).pose[:, 0]), "coupled before training"
    wake(model.views)
    assert (run(model, values).pose[:, 0] - run(model, changed).pose[:, 0]).abs().max() > 1e-4


def test_views_in_another_order_give_the_same_answers_in_that_order() -> None:
    model, values = model_of(), inputs(views=3)
    wake(model.views)
    wake(model.camera)
    order = [2, 0, 1]
    shuffled = {
        **values,
        "noisy": Pair(values["noisy"].rgb[:, order], values["noisy"].pose[:, order]),
        "condition": Pair(values["condition"].rgb[:, order], values["condition"].pose[:, order]),
        "rays": values["rays"][:, order],
    }
    torch.testing.assert_close(run(model, values).rgb[:, order], run(model, shuffled).rgb, rtol=0, atol=1e-5)


def test_rays_are_read_once_trained() -> None:
    model, values = model_of(), inputs()
    turned = {**values, "rays": values["rays"] + 1}
    assert torch.equal(run(model, values).rgb, run(model, turned).rgb)
    wake(model.camera)
    assert (run(model, values).rgb - run(model, turned).rgb).abs().max() > 1e-4


def test_condition_tokens_are_clean_whatever_the_noise_level() -> None:
    model = model_of()
    rows, modulation = model.frame_modulation(torch.tensor([20.0, 900.0]), num_frames=FRAMES)
    assert rows.shape[1] == modulation.shape[1] == 2 * (FRAMES + 1)
    for frame in (0, FRAMES + 1):
        assert torch.equal(rows[0, frame], rows[1, frame])
    for frame in (1, FRAMES, FRAMES + 2, 2 * FRAMES + 1):
        assert not torch.equal(rows[0, frame], rows[1, frame])


def test_clips_of_a_batch_do_not_mix() -> None:
    model, values = model_of(), inputs(clips=2)
    wake(model.views)
    both = run(model, values)
    alone = run(
        model,
        {
            "noisy": Pair(values["noisy"].rgb[:1], values["noisy"].pose[:1]),
            "condition": Pair(values["condition"].rgb[:1], values["condition"].pose[:1]),
            "timestep": values["timestep"][:1],
            "text": values["text"][:1],
            "rays": values["rays"][:1],
        },
    )
    torch.testing.assert_close(both.rgb[:1], alone.rgb, rtol=0, atol=1e-5)


def test_an_untrained_tiny_model_passes_its_input_through() -> None:
    model, values = model_of(), inputs()
    model.open_path()
    with torch.no_grad():
        for block in model.wan.blocks:  # only the way in and out
            for weight in (block.attn1.to_out[0], block.attn2.to_out[0], block.ffn.net[2]):
                weight.weight.zero_()
                weight.bias.zero_()
        model.wan.scale_shift_table.zero_()
        for weight in model.wan.condition_embedder.time_embedder.linear_2.parameters():
            weight.zero_()
    out = run(model, values).rgb
    correlation = torch.corrcoef(torch.stack([out.flatten(), values["noisy"].rgb.flatten()]))[0, 1]
    assert correlation > 0.95


@pytest.mark.parametrize("multi_view", [False, True])
def test_the_real_recipe_has_the_parameters_of_wan_1_3b(multi_view: bool) -> None:
    with torch.device("meta"):
        model = JointVideoPose(replace(wan_joint(480).denoiser, multi_view=multi_view))
    assert isinstance(model.wan, WanTransformer3DModel)
    assert sum(weight.numel() for weight in model.wan.parameters()) == 1_418_996_800
    assert (model.views is not None) == multi_view


def test_a_model_of_pose_maps_alone_never_reads_the_video() -> None:
    model, values = model_of(replace(CONFIG, modalities=("pose",))), inputs()
    ours = run(model, values)
    assert ours.rgb.shape == ours.pose.shape and not ours.rgb.any()
    changed = {**values, "noisy": Pair(values["noisy"].rgb + 1, values["noisy"].pose)}
    changed["condition"] = Pair(values["condition"].rgb + 1, values["condition"].pose)
    assert torch.equal(run(model, changed).pose, ours.pose)


def test_the_rows_of_table_4_differ_from_the_full_recipe_in_one_field_each() -> None:
    full = RECIPES["tiny_joint"](32)
    for name, change in (("pose_only", {"modalities": ("pose",)}), ("unshared", {"shared_positions": False})):
        recipe = f"tiny_joint_{name}"
        assert RECIPES[recipe](32) == replace(full, recipe=recipe, denoiser=replace(full.denoiser, **change))


def test_a_configuration_comes_back_from_its_json() -> None:
    for recipe, build in RECIPES.items():
        config = build(32)
        assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config, recipe


def test_a_model_of_one_view_runs_with_any_number_of_them() -> None:
    model = model_of()
    for views in (1, 2, 5):
        assert run(model, inputs(views=views)).pose.shape == (1, views, 16, FRAMES, SIDE, SIDE)
