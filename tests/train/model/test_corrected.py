"""The estimate that a small network corrects."""

from __future__ import annotations

import pytest
import torch

from train.model.block import corrected


def level(sigma: float) -> torch.Tensor:
    return torch.full((1, 1, 1, 1, 1, 1), sigma)


@pytest.mark.parametrize("sigma", [0.05, 0.3, 0.5, 0.8, 0.95])
def test_without_a_condition_no_other_multiple_of_the_noisy_latents_is_nearer(sigma: float) -> None:
    torch.manual_seed(0)
    clean, noise = torch.randn(2, 1, 1, 1, 400_000, 1, 1)
    noisy = (1 - sigma) * clean + sigma * noise
    silent = torch.zeros_like(noisy)
    nothing = torch.zeros(1, 1, 1, 1, 1, 1)
    estimate = corrected(silent, noisy=noisy, condition=nothing, sigma=level(sigma))
    error = (estimate - clean).square().mean()
    best = (noisy * (noisy * clean).sum() / noisy.square().sum() - clean).square().mean()
    assert error == pytest.approx(best.item(), rel=1e-3)
    # What the network is wanted to say is of unit size at every level.
    wanted = (clean - estimate) / (corrected(silent + 1, noisy=noisy, condition=nothing, sigma=level(sigma)) - estimate)
    assert wanted.square().mean().item() == pytest.approx(1, rel=0.02)


def test_all_noise_leaves_the_condition_and_no_noise_leaves_what_is_there() -> None:
    torch.manual_seed(0)
    noisy, condition = torch.randn(1, 2, 3, 4, 5, 5), torch.randn(1, 2, 3, 1, 5, 5)
    silent = torch.zeros_like(noisy)
    assert torch.equal(corrected(silent, noisy=noisy, condition=condition, sigma=level(0.0)), noisy)
    assert torch.equal(
        corrected(silent, noisy=noisy, condition=condition, sigma=level(1.0)), condition.expand_as(noisy)
    )
