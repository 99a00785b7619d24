"""Flow matching as Wan2.1 is trained, and every random choice of a training draw.

x_sigma = (1 - sigma) x0 + sigma n, target velocity v = n - x0, timestep = 1000 sigma as a float. All choices are a
function of (seed, step, place in the step, view), so a resumed run draws what an undisturbed one would have drawn, and
any number of ranks draws what one would have drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from shards.mixture import keyed_generator
from train.inputs import TrainSettings
from train.model.joint import MODALITIES, Pair
from train.recipes import ModelConfig, Prediction

Sigma = TypeVar("Sigma", float, Tensor)


def shift_sigma(uniform: Sigma, shift: float) -> Sigma:
    """Noise levels in [0, 1], moved towards 1 by Wan's flow shift."""
    return shift * uniform / (1 + (shift - 1) * uniform)


def noise_levels(settings: TrainSettings, config: ModelConfig, *, step: int, places: Sequence[int]) -> Tensor:
    """Noise levels (B,) of the samples at `places` (each 0 .. batch_size-1) of a step's batch.

    Those of a batch are spread evenly from a common random offset: the same distribution, less variance. A sample has
    one level for all its views: they are one picture of the world.
    """
    offset = keyed_generator(settings.seed, "sigma", step).random()
    levels = [shift_sigma((offset + place / settings.batch_size) % 1.0, config.sigma_shift) for place in places]
    return torch.tensor(levels, dtype=torch.float32)


def draw_noise(
    shape: tuple[int, ...],
    *,
    seed: int,
    step: int,
    places: Sequence[int],
    views: Sequence[Sequence[int]],
    modalities: Sequence[str] = MODALITIES,
) -> Pair:
    """Unit noise for the modalities of a step's draws, or of some of them, independent over views and frames.

    Arguments:
      shape (tuple[int, ...]): (B, V, C, F, h, w).
      places (Sequence[int]): Of the B draws in the step, each 0 .. batch_size-1.
      views (Sequence[Sequence[int]]): Of each draw the V views of its clip.
      modalities (Sequence[str]): Those that the model has; the other's is zero.

    A view's noise is a function of (seed, step, place, view): whoever makes it, beside whatever else, makes the same.
    """

    def of(modality: str) -> Tensor:
        if modality not in modalities:
            return torch.zeros(()).expand(shape)
        made = np.empty(shape, np.float32)
        for at, (place, own) in enumerate(zip(places, views, strict=True)):
            for index, view in enumerate(own):
                chance = keyed_generator(seed, "noise", step, place, view, modality)
                chance.standard_normal(out=made[at, index], dtype=np.float32)
        return torch.from_numpy(made)

    return Pair(*map(of, MODALITIES))


def sampling_noise(shape: tuple[int, ...], *, seed: int) -> Pair:
    """Unit noise for both modalities, from which a sample begins."""
    return Pair(
        *(
            torch.from_numpy(keyed_generator(seed, "noise", 0, modality).standard_normal(shape, dtype=np.float32))
            for modality in ("rgb", "pose")
        )
    )


def add_noise(clean: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
    """Latents at noise level sigma (B,); 0 is clean, 1 is noise."""
    level = sigma.view(-1, *[1] * (clean.ndim - 1))
    return (1 - level) * clean + level * noise


def velocity_of(predicted: Pair, *, noisy: Pair, sigma: Tensor, prediction: Prediction) -> Pair:
    """The velocity n - x0 that a prediction means at noise level sigma (B,), which is not 0.

    x_sigma = x0 + sigma (n - x0), so predicted clean latents leave (x_sigma - x0) / sigma.
    """
    if prediction == "velocity":
        return predicted
    level = sigma.view(-1, *[1] * (noisy.rgb.ndim - 1))
    return Pair((noisy.rgb - predicted.rgb) / level, (noisy.pose - predicted.pose) / level)


def prediction_loss(predicted: Pair, *, clean: Pair, noise: Pair, sigma: Tensor, config: ModelConfig) -> Pair:
    """Mean squared error of a prediction, one number per modality; sigma is (B,).

    Of clean latents it is that of the velocity which they mean, 1 / sigma^2 times their own, no more than the
    configuration's `least_sigma` allows.
    """
    if config.denoiser.prediction == "velocity":
        target, weight = Pair(noise.rgb - clean.rgb, noise.pose - clean.pose), torch.ones_like(sigma)
    else:
        target, weight = clean, sigma.clamp(min=config.least_sigma) ** -2
    weight = weight.view(-1, *[1] * (clean.rgb.ndim - 1))
    return Pair(
        rgb=((predicted.rgb - target.rgb).square() * weight).mean(),
        pose=((predicted.pose - target.pose).square() * weight).mean(),
    )
