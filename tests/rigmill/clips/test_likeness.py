"""Similarity of pictures, against sums written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rigmill.clips.likeness import silhouette_iou, subject_ssim


def pictures() -> tuple[Any, Any]:
    """Two RGBA pictures of overlapping squares of noise."""
    chance = np.random.default_rng(3)
    one, other = np.zeros((2, 40, 44, 4), np.uint8)
    one[10:28, 9:30] = chance.integers(0, 256, (18, 21, 4))
    one[10:28, 9:30, 3] = 255
    other[:] = one
    other[12:20, 20:34] = chance.integers(0, 256, (8, 14, 4))
    other[..., 3][other[..., 3] > 0] = 255
    other[12, 20:34, 3] = 127  # just not the subject
    return one, other


def test_iou_counts_pixels_of_alpha_128_and_more() -> None:
    one, other = pictures()
    first = {(y, x) for y in range(40) for x in range(44) if one[y, x, 3] >= 128}
    second = {(y, x) for y in range(40) for x in range(44) if other[y, x, 3] >= 128}
    assert silhouette_iou(one, other) == pytest.approx(len(first & second) / len(first | second), abs=0)
    assert 0.7 < silhouette_iou(one, other) < 1 and silhouette_iou(one, one) == 1
    assert silhouette_iou(np.zeros_like(one), np.zeros_like(one)) == 1


def test_ssim_is_that_of_a_window_moved_over_every_pixel() -> None:
    one, other = pictures()
    weights = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = np.outer(weights, weights) / np.outer(weights, weights).sum()

    def over_white(picture: Any) -> Any:
        alpha = picture[..., 3:] / 255
        return np.pad(picture[..., :3] * alpha + 255 * (1 - alpha), ((5, 5), (5, 5), (0, 0)), mode="reflect")

    first, second, total, num = over_white(one), over_white(other), 0.0, 0
    for y in range(40):
        for x in range(44):
            if max(one[y, x, 3], other[y, x, 3]) < 128:
                continue
            for channel in range(3):
                a, b = (picture[y : y + 11, x : x + 11, channel] for picture in (first, second))
                mean_a, mean_b = (a * window).sum(), (b * window).sum()
                var_a, var_b = (a**2 * window).sum() - mean_a**2, (b**2 * window).sum() - mean_b**2
                both = (a * b * window).sum() - mean_a * mean_b
                c1, c2 = 2.55**2, 7.65**2
                index = (2 * mean_a * mean_b + c1) * (2 * both + c2)
                total += index / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
                num += 1
    assert subject_ssim(one, other) == pytest.approx(total / num, abs=1e-9)
    assert 0.3 < total / num < 0.9 and subject_ssim(one, one) == pytest.approx(1)


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
