"""The estimate that a small network corrects."""

from __future__ import annotations

import pytest
import torch

from train.model.block import corrected


def level(sigma: float) -> torch.Tensor:
    return torch.full((1, 1, 1, 1, 1, 1), sigma)


@pytest.mark.parametrize("sigma", [0.05, 0.3, 0.5, 0.8, 0.95])
def test_no_other_multiple_of_what_is_seen_of_the_change_is_nearer(sigma: float) -> None:
    torch.manual_seed(0)
    condition, change, noise = torch.randn(3, 1, 1, 1, 400_000, 1, 1)
    clean = condition + 0.4 * change
    noisy = (1 - sigma) * clean + sigma * noise
    silent = torch.zeros_like(noisy)

    def said(output: torch.Tensor) -> torch.Tensor:
        return corrected(output, noisy=noisy, condition=condition, sigma=level(sigma))

    seen = noisy - (1 - sigma) * condition
    best = condition + seen * (seen * change).sum() / seen.square().sum() * 0.4
    assert (said(silent) - clean).square().mean() == pytest.approx((best - clean).square().mean().item(), rel=1e-3)
    # What the network is wanted to say is of unit size at every level.
    wanted = (clean - said(silent)) / (said(silent + 1) - said(silent))
    assert wanted.square().mean().item() == pytest.approx(1, rel=0.02)


def test_all_noise_leaves_the_condition_and_no_noise_leaves_what_is_there() -> None:
    torch.manual_seed(0)
    noisy, condition = torch.randn(1, 2, 3, 4, 5, 5), torch.randn(1, 2, 3, 1, 5, 5)
    silent = torch.zeros_like(noisy)
    torch.testing.assert_close(corrected(silent, noisy=noisy, condition=condition, sigma=level(0.0)), noisy)
    assert torch.equal(
        corrected(silent, noisy=noisy, condition=condition, sigma=level(1.0)), condition.expand_as(noisy)
    )
