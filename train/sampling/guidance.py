"""Guidance: a velocity put together of what the model says with its image condition and text, and without them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from train.model.joint import Pair
from train.objective import velocity_of
from train.weights import Model


@dataclass(frozen=True, slots=True)
class Given:
    """What one clip is generated from, encoded."""

    condition: Pair  # (1, V, C, 1, h, w)
    text: Tensor  # (1, X, E)
    no_text: Tensor  # the same of an empty caption
    rays: Tensor  # (1, V, 6, h, w)
    first: Pair | None = None  # what the first latent frame is known to be, as the condition; None: nothing


@dataclass(frozen=True, slots=True)
class Branch:
    """One forward pass of a step, and how much of it enters the velocity."""

    image: bool
    text: bool
    weight: float


def branches(*, image: float, text: float) -> list[Branch]:
    """v(i,t) + (image - 1) (v(i,t) - v(-,t)) + (text - 1) (v(i,t) - v(i,-)), without passes that enter with nothing.

    A guidance of 1 is none. Without text guidance it is the paper's: the text is in both passes.
    """
    found = [Branch(False, True, 1 - image), Branch(True, False, 1 - text), Branch(True, True, image + text - 1)]
    return [branch for branch in found if branch.weight != 0]


def guided_velocity(
    model: Model, noisy: Pair, given: Given, *, sigma: float, passes: list[Branch], batched: bool
) -> Pair:
    """The velocity (1, V, C, F, h, w) at one noise level, all passes in one batch, or one after the other."""
    groups = [passes] if batched else [[branch] for branch in passes]
    parts = [_velocities(model, noisy, given, sigma=sigma, passes=group) for group in groups]
    weights = [branch.weight for branch in passes]

    def put_together(modality: str) -> Tensor:
        each = torch.cat([getattr(part, modality) for part in parts]).split(1)
        total = torch.zeros_like(each[0])
        for weight, one in zip(weights, each):
            total = total + weight * one
        return total

    return Pair(put_together("rgb"), put_together("pose"))


def _velocities(model: Model, noisy: Pair, given: Given, *, sigma: float, passes: list[Branch]) -> Pair:
    """Of every pass, (passes, V, C, F, h, w)."""
    num = len(passes)
    keep = torch.tensor([float(branch.image) for branch in passes], device=given.rays.device).view(-1, 1, 1, 1, 1, 1)
    condition = given.condition.map(lambda part: part * keep)
    text = torch.cat([given.text if branch.text else given.no_text for branch in passes])
    many = noisy.map(lambda part: part.expand(num, *part.shape[1:]))
    level = torch.full((num,), sigma, device=given.rays.device)
    rays = given.rays.expand(num, *given.rays.shape[1:])
    predicted = model.denoiser(many, condition=condition, timestep=level * 1000, text=text, rays=rays)
    return velocity_of(predicted, noisy=many, sigma=level, prediction=model.config.denoiser.prediction)
