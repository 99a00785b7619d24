"""Which of several motions is kept, and that a motion goes on from the last frame of the one before."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from eval.animate.quality import Quality
from eval.animate.takes import Take, best_of
from rigmill.clips.redraw import redrawn
from tests.support.drawn_clips import clip_of, dense_rig, turned
from train.model.joint import Pair
from train.recipes import mini_joint
from train.sampling.guidance import Given
from train.sampling.sampler import Prompt, Sampling, denoise, sample
from train.weights import Model, new_model


def take(seed: int, usable_share: float, fits_prompt: bool | None) -> Take:
    said = Quality("", "", usable_share, None, None, 5.0, 1.0, "walks", fits_prompt)
    nothing = cast(Any, SimpleNamespace())
    return Take(seed, nothing, nothing, nothing, said)


@pytest.mark.parametrize(
    ("takes", "kept"),
    [
        ([(0.95, False), (0.85, True)], 1),  # both readable: what was asked for
        ([(0.95, None), (0.85, None)], 0),  # nobody can tell: what was read best
        ([(0.95, False), (0.85, None)], 1),
        ([(0.5, True), (0.85, False)], 1),  # readable before fitting: an unread motion fits by accident
        ([(0.3, True), (0.5, False)], 1),
        ([(0.9, True), (0.9, True)], 0),
    ],
)
def test_the_best_is_readable_then_as_asked_then_read_best(takes: list[tuple[float, bool | None]], kept: int) -> None:
    assert best_of([take(seed, *said) for seed, said in enumerate(takes)]).seed == kept


@pytest.fixture(scope="module")
def model() -> Model:
    return new_model(mini_joint(32), seed=0).eval()


def prompt_of(first: int | None) -> Prompt:
    random = np.random.default_rng(0)
    drawing = mini_joint(32).pose_map
    assert drawing is not None
    geometry = redrawn(clip_of(dense_rig(), turned(11, 4, np.zeros(3), (0.0, 1.0, 0.0)), azimuths_deg=[0, 90]), drawing)

    def flat() -> np.ndarray:
        return np.repeat(random.integers(0, 255, (2, 2, 2, 3), dtype=np.uint8), 16, axis=1).repeat(16, axis=2)

    prompt = Prompt(flat(), flat(), geometry.cameras, "a dog walks", geometry=geometry)
    if first is None:
        return prompt
    return replace(prompt, caption="a dog sits down", first_rgb=flat(), first_pose=flat())


def test_a_motion_begins_with_the_frame_that_it_goes_on_from(model: Model) -> None:
    sampling = Sampling(num_frames=3, seed=1, steps=2, guidance=1.5)
    prompt = prompt_of(1)
    assert prompt.first_rgb is not None and prompt.first_pose is not None
    found = sample(model, prompt, sampling)
    rgb, pose = found.rgb, found.drawn
    assert np.abs(rgb[:, 0].astype(int) - prompt.first_rgb).max() <= 1
    assert np.abs(pose[:, 0].astype(int) - prompt.first_pose).max() <= 1
    assert np.abs(rgb[:, 1].astype(int) - prompt.first_rgb).mean() > 5, "only the first is known"
    without = sample(model, prompt_of(None), sampling).rgb
    assert np.abs(without[:, 0].astype(int) - prompt.first_rgb).mean() > 5


def test_the_known_frame_is_seen_by_the_model_at_every_noise_level_and_changes_nothing_else() -> None:
    """The network is given (1 - sigma) x0 + sigma n there, as in training, from the first step on."""
    shape = (1, 2, 48, 3, 4, 4)
    torch.manual_seed(2)
    noise, known = Pair(torch.randn(shape), torch.randn(shape)), Pair(torch.randn(shape[:3] + (1, 4, 4)), torch.ones(1))
    known = Pair(known.rgb, known.rgb + 1)
    seen: list[tuple[float, torch.Tensor]] = []

    class Watched(torch.nn.Module):
        def forward(self, noisy: Pair, *, timestep: torch.Tensor, **_: Any) -> Pair:
            seen.append((float(timestep[0]) / 1000, noisy.rgb[0, :, :, 0].clone()))
            return Pair(torch.zeros_like(noisy.rgb), torch.zeros_like(noisy.pose))

    stand_in = Model.__new__(Model)
    torch.nn.Module.__init__(stand_in)
    stand_in.config, stand_in.denoiser = mini_joint(32), cast(Any, Watched())
    blank = torch.zeros(shape[:3] + (1, 4, 4))
    given = Given(
        condition=Pair(blank, blank),
        text=torch.zeros(1, 2, 96),
        no_text=torch.zeros(1, 2, 96),
        rays=torch.zeros(1, 2, 6, 4, 4),
        first=known,
    )
    found = denoise(stand_in, given, noise=noise, sampling=Sampling(num_frames=3, seed=0, steps=4, guidance=1.0))
    for sigma, part in seen:
        expected = (1 - sigma) * known.rgb[0, :, :, 0] + sigma * noise.rgb[0, :, :, 0]
        torch.testing.assert_close(part, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.rgb[:, :, :, :1], known.rgb)
    torch.testing.assert_close(found.pose[:, :, :, :1], known.pose)
    assert found.rgb[:, :, :, 1:].abs().max() < 1e-4, "the others are what the network says: zeros"
