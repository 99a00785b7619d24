"""Sampling and checkpoints as files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from rigmill.storage.files import Store
from train.clips import Clips
from train.inputs import TrainingClip
from train.model.joint import Pair
from train.recipes import tiny_joint
from train.sampling.guidance import Branch, Given, branches
from train.sampling.sampler import Prompt, Sampling, denoise, generate
from train.sampling.solvers import SolverName, solver_of
from train.weights import Model, load_model, new_model, save_model

CONFIG = tiny_joint(32)


def test_a_saved_model_is_the_same_model_and_the_same_bytes() -> None:
    model = new_model(CONFIG, seed=3)
    saved = save_model(model)
    assert saved == save_model(new_model(CONFIG, seed=3)) != save_model(new_model(CONFIG, seed=4))
    loaded = load_model(saved, CONFIG)
    assert save_model(loaded) == saved
    assert torch.equal(loaded.text(["a wolf runs"]), model.text(["a wolf runs"]))


def test_making_a_model_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    new_model(CONFIG, seed=3)
    assert torch.equal(torch.rand(3), expected)


def test_captions_differ_and_end_in_zeros() -> None:
    text = new_model(CONFIG, seed=0).text
    both = text(["a wolf runs", "a cabinet opens its two doors slowly"])
    assert not torch.equal(both[0], both[1])
    assert both[0, len("a wolf runs") + 1 :].abs().max() == 0 and both[0, len("a wolf runs")].abs().max() > 0
    assert torch.equal(text(["a wolf runs"])[0], both[0]), "a caption's tokens depend on its neighbours"


def test_generation_is_repeatable_and_listens_to_seed_template_and_caption(
    clips: list[TrainingClip], store: Store
) -> None:
    drawn = Clips(clips, store=store, config=CONFIG)
    views = [drawn.view(0, view) for view in range(4)]
    model = new_model(CONFIG, seed=0)
    saved = save_model(model)
    prompt = Prompt(
        templates_rgb=np.stack([view.template_rgb for view in views]),
        templates_pose=np.stack([view.template_pose for view in views]),
        cameras=drawn.cameras(0),
        caption="a wheel turns",
    )
    how = Sampling(num_frames=5, seed=1, steps=3, guidance=3.0)
    rgb, pose = generate(saved, CONFIG, prompt, how)
    assert rgb.shape == pose.shape == (4, 5, 32, 32, 3) and rgb.dtype == np.uint8
    again = generate(saved, CONFIG, prompt, how)
    np.testing.assert_array_equal(rgb, again[0])
    np.testing.assert_array_equal(pose, again[1])
    for changed in (
        (prompt, replace(how, seed=2)),
        (replace(prompt, caption="a wheel stops"), how),
        (replace(prompt, templates_pose=prompt.templates_rgb), how),
        (prompt, replace(how, text_guidance=2.0)),
        (prompt, replace(how, solver="unipc")),
    ):
        assert not np.array_equal(rgb, generate(saved, CONFIG, *changed)[0]), changed


def test_a_prompt_holds_the_templates_of_a_clips_files_in_the_order_of_the_views(
    clips: list[TrainingClip], store: Store
) -> None:
    config = tiny_joint(64)
    members, drawn = clips[0].place.members(store), Clips(clips, store=store, config=config)
    prompt = Prompt.of(members, drawn.geometry(0), config=config, caption="a wheel")
    assert prompt.templates_rgb.shape == prompt.templates_pose.shape == (4, 64, 64, 3)
    for view in range(4):
        np.testing.assert_array_equal(prompt.templates_rgb[view], drawn.view(0, view).template_rgb)
        np.testing.assert_array_equal(prompt.templates_pose[view], drawn.view(0, view).template_pose)


class Perfect(torch.nn.Module):
    """Knows the data: v = n - x0 = (x_sigma - x0) / sigma; wrong by `bias` without a condition."""

    def __init__(self, target: torch.Tensor, *, bias: float) -> None:
        super().__init__()
        self.target, self.bias = target, bias

    def forward(self, noisy: Pair, *, condition: Pair, timestep: torch.Tensor, **_: Any) -> Pair:
        blind = (condition.rgb.flatten(1).abs().sum(1) == 0).float().view(-1, 1, 1, 1, 1, 1)
        sigma = timestep.view(-1, 1, 1, 1, 1, 1) / 1000
        return Pair(*((part - self.target) / sigma + blind * self.bias for part in (noisy.rgb, noisy.pose)))


def knowing(denoiser: torch.nn.Module, **changes: Any) -> Model:
    """A model whose denoiser is given."""
    model = Model.__new__(Model)
    torch.nn.Module.__init__(model)
    model.config = replace(CONFIG, denoiser=replace(CONFIG.denoiser, **changes))
    model.denoiser = denoiser  # type: ignore[assignment]
    return model


class Clean(torch.nn.Module):
    """Knows the data, and says it as what its configuration promises."""

    def __init__(self, target: Pair, prediction: str) -> None:
        super().__init__()
        self.target, self.prediction = target, prediction

    def forward(self, noisy: Pair, *, timestep: torch.Tensor, **_: Any) -> Pair:
        sigma = timestep.view(-1, 1, 1, 1, 1, 1) / 1000
        if self.prediction == "clean":
            return Pair(*(part.expand_as(noisy.rgb) for part in (self.target.rgb, self.target.pose)))
        return Pair((noisy.rgb - self.target.rgb) / sigma, (noisy.pose - self.target.pose) / sigma)


GIVEN = Given(
    condition=Pair(torch.ones(1, 2, 16, 1, 4, 4), torch.ones(1, 2, 16, 1, 4, 4)),
    text=torch.ones(1, 2, 32),
    no_text=torch.zeros(1, 2, 32),
    rays=torch.zeros(1, 2, 6, 4, 4),
)


def sampling(**changes: Any) -> Sampling:
    return replace(Sampling(num_frames=3, seed=0, steps=7, guidance=3.0), **changes)


@pytest.mark.parametrize("solver", ["euler", "unipc"])
@pytest.mark.parametrize("steps", [1, 5, 10])
def test_velocity_and_clean_give_the_same_trajectory_for_a_model_that_knows_the_answer(
    steps: int, solver: SolverName
) -> None:
    """Bit for bit: the velocity that clean latents mean is the one that the other model says."""
    torch.manual_seed(4)
    shape = (1, 2, 16, 3, 4, 4)
    target, noise = (Pair(torch.randn(shape), torch.randn(shape)) for _ in range(2))
    seen: dict[str, list[torch.Tensor]] = {"velocity": [], "clean": []}
    for prediction, states in seen.items():
        denoiser = Clean(target, prediction)
        denoiser.register_forward_pre_hook(lambda _, args, states=states: states.append(args[0].pose.clone()))
        found = denoise(
            knowing(denoiser, prediction=prediction), GIVEN, noise=noise, sampling=sampling(steps=steps, solver=solver)
        )
        torch.testing.assert_close(found.rgb, target.rgb, rtol=0, atol=2e-5)
        states += [found.rgb, found.pose]
    assert len(seen["clean"]) == steps + 2
    assert all(torch.equal(*states) for states in zip(seen["velocity"], seen["clean"]))


@pytest.mark.parametrize(("guidance", "offset"), [(1.0, 0.0), (3.0, 2.0)])
def test_euler_steps_along_a_perfect_velocity_reach_the_data(guidance: float, offset: float) -> None:
    """Guidance 1 forgets the blind branch; guidance g subtracts its bias g-1 times over the whole way."""
    target = torch.randn(1, 2, 16, 3, 4, 4)
    constant = ConstantBlind(target, bias=1.0)
    noise = Pair(torch.randn_like(target), torch.randn_like(target))
    constant.noise = noise
    found = denoise(knowing(constant), GIVEN, noise=noise, sampling=sampling(guidance=guidance))
    # x0 = n - integral of v; the blind branch's bias of 1 enters v as (1 - guidance).
    torch.testing.assert_close(found.rgb, target + offset, rtol=0, atol=1e-4)
    torch.testing.assert_close(found.pose, target + offset, rtol=0, atol=1e-4)


class ConstantBlind(Perfect):
    """The straight path: v = n - x0 everywhere, plus the bias without a condition."""

    noise: Pair

    def forward(self, noisy: Pair, *, condition: Pair, timestep: torch.Tensor, **_: Any) -> Pair:
        blind = (condition.rgb.flatten(1).abs().sum(1) == 0).float().view(-1, 1, 1, 1, 1, 1)
        return Pair(*(noise - self.target + blind * self.bias for noise in (self.noise.rgb, self.noise.pose)))


def test_only_passes_that_enter_the_velocity_are_made() -> None:
    assert branches(image=1.0, text=1.0) == [Branch(True, True, 1.0)]
    assert branches(image=3.0, text=1.0) == [Branch(False, True, -2.0), Branch(True, True, 3.0)]
    assert branches(image=3.0, text=5.0) == [
        Branch(False, True, -2.0),
        Branch(True, False, -4.0),
        Branch(True, True, 7.0),
    ]
    for image, text in ((1.0, 1.0), (3.0, 1.0), (3.0, 5.0), (0.5, 2.0)):
        assert sum(branch.weight for branch in branches(image=image, text=text)) == 1


class Telling(torch.nn.Module):
    """Its velocity says which condition it was given: 1 with an image, 10 with text."""

    def forward(self, noisy: Pair, *, condition: Pair, text: torch.Tensor, **_: Any) -> Pair:
        says = condition.rgb[:, 0, 0, 0, 0, 0] + 10 * text[:, 0, 0]
        return noisy.map(lambda part: says.view(-1, 1, 1, 1, 1, 1).expand_as(part))


@pytest.mark.parametrize("batched", [True, False])
def test_guidance_weighs_what_the_image_and_what_the_text_adds(batched: bool) -> None:
    noise = Pair(torch.zeros(1, 2, 16, 3, 4, 4), torch.zeros(1, 2, 16, 3, 4, 4))
    how = sampling(guidance=3.0, text_guidance=5.0, batched=batched)
    found = denoise(knowing(Telling()), GIVEN, noise=noise, sampling=how)
    # v(-,-) = 0, v(-,t) = 10, v(i,t) = 11: 0 + 5 * 10 + 3 * 1, from sigma 1 to 0
    torch.testing.assert_close(found.pose, torch.full_like(found.pose, -53.0))


def test_passes_at_once_and_one_after_the_other_are_the_same(clips: list[TrainingClip], store: Store) -> None:
    model = new_model(CONFIG, seed=0)
    torch.manual_seed(3)
    noise = Pair(torch.randn(1, 2, 16, 3, 4, 4), torch.randn(1, 2, 16, 3, 4, 4))
    given = replace(GIVEN, text=model.text(["a wheel turns"]), no_text=model.text([""]))
    made = [
        denoise(model, given, noise=noise, sampling=sampling(steps=2, text_guidance=2.0, batched=batched))
        for batched in (True, False)
    ]
    torch.testing.assert_close(made[0].rgb, made[1].rgb, rtol=0, atol=1e-4)
    torch.testing.assert_close(made[0].pose, made[1].pose, rtol=0, atol=1e-4)


def test_unipc_is_nearer_to_the_exact_flow_of_gaussian_data_than_euler() -> None:
    """Of data N(0, s^2) the flow is known: x(sigma) grows as the deviation, sqrt((1 - sigma)^2 s^2 + sigma^2)."""
    spread, start = 0.3, torch.randn(1, 4, 2, 8, dtype=torch.float64)

    def error(name: SolverName, steps: int) -> float:
        solver, state = solver_of(name, steps, shift=3.0), start
        for index in range(steps):
            sigma = solver.sigmas[index]
            variance = (1 - sigma) ** 2 * spread**2 + sigma**2
            clean = (1 - sigma) * spread**2 / variance * state
            state = solver.step(index, state, (state - clean) / sigma)
        return float((state - spread * start).abs().max())

    assert error("unipc", 50) < error("euler", 50) / 8
    assert error("euler", 200) < error("euler", 50) / 3, "and Euler comes to the same"


def test_unipc_has_the_noise_levels_that_wan_is_sampled_with() -> None:
    sigmas = solver_of("unipc", 50, shift=3.0).sigmas
    assert len(sigmas) == 51 and sigmas[0] == pytest.approx(1, abs=1e-5) and sigmas[-1] == 0
    assert sigmas[-2] == pytest.approx(0.0604, abs=5e-4)


def test_sampling_keeps_no_graph(clips: list[TrainingClip]) -> None:
    model = new_model(CONFIG, seed=0)
    noise = Pair(torch.randn(1, 2, 16, 3, 4, 4), torch.randn(1, 2, 16, 3, 4, 4))
    given = replace(GIVEN, text=model.text(["a wheel turns"]))
    assert denoise(model, given, noise=noise, sampling=sampling(steps=1)).rgb.is_inference()
