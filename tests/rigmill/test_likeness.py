"""Similarity of pictures, against sums written out."""

from __future__ import annotations

import numpy as np
import pytest

from rigmill.likeness import silhouette_iou, ssim_map, subject_ssim


def test_the_index_is_that_of_its_definition() -> None:
    """Weighted moments of one window, summed by hand."""
    generator = np.random.default_rng(1)
    first = generator.uniform(0, 255, (21, 21, 3))
    second = np.clip(first + generator.normal(scale=40, size=first.shape), 0, 255)
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    expected = []
    for channel in range(3):
        one, other = first[5:16, 5:16, channel], second[5:16, 5:16, channel]
        mean_one, mean_other = (window * one).sum(), (window * other).sum()
        varies_one, varies_other = (window * (one - mean_one) ** 2).sum(), (window * (other - mean_other) ** 2).sum()
        together = (window * (one - mean_one) * (other - mean_other)).sum()
        expected.append(
            (2 * mean_one * mean_other + 6.5025) * (2 * together + 58.5225)
            / ((mean_one**2 + mean_other**2 + 6.5025) * (varies_one + varies_other + 58.5225))
        )
    assert ssim_map(first, second)[10, 10] == pytest.approx(np.mean(expected), abs=1e-4)


def test_only_the_subject_counts() -> None:
    first = np.zeros((40, 40, 4), np.uint8)
    first[10:30, 10:30] = 255
    first[10:30, 10:30, 0] = np.arange(20) * 12
    second = first.copy()
    assert subject_ssim(first, second) == pytest.approx(1.0)
    second[..., :3][second[..., 3] == 0] = 77  # a colour that alpha hides
    assert subject_ssim(first, second) == pytest.approx(1.0)
    second[12:28, 12:28, :3] = second[12:28, 12:28, 2::-1]
    assert subject_ssim(first, second) < 0.6
    nothing = np.zeros_like(first)
    assert subject_ssim(nothing, nothing) == 1.0


def test_overlap_is_counted_in_pixels() -> None:
    first, second = np.zeros((2, 10, 10, 4), np.uint8)
    first[2:6, 2:6, 3] = 255
    second[4:8, 2:6, 3] = 128
    second[8, 8, 3] = 127  # less than half covered is not there
    assert silhouette_iou(first, second) == pytest.approx(8 / 24)
    assert silhouette_iou(first * 0, second * 0) == 1.0
