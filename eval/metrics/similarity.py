"""Structural similarity of pictures: SSIM, and MS-SSIM over five sizes.

Wang and others, 2004 and 2003, with the settings of most libraries (torchmetrics' defaults): a Gaussian of 1.5 px in
11 x 11, K1 0.01, K2 0.03, channels one by one; pictures go on beyond their border as in a mirror, and contrast is
averaged only where the Gaussian has all its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from eval.metrics.metric import Better, Metric
from rigmill.types import Bools, Bytes, Floats

METRICS = (
    Metric(
        "ssim",
        "SSIM",
        "",
        Better.HIGHER,
        "mean structural similarity of pictures to the true body's",
        backend="pictures",
    ),
    Metric(
        "ssim_subject",
        "SSIM, subject",
        "",
        Better.HIGHER,
        "the same over the pixels that either the body or the true one covers",
        backend="pictures",
    ),
    Metric(
        "ms_ssim",
        "MS-SSIM",
        "",
        Better.HIGHER,
        "mean multi-scale structural similarity (five sizes) of pictures to the true body's",
        backend="pictures",
    ),
)

_REACH, _WIDTH_PX = 5, 1.5
_C1, _C2 = 0.01**2, 0.03**2
_SHARES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the sizes in MS-SSIM
LEAST_PX = 2 * _REACH * 2 ** (len(_SHARES) - 1) + 1  # sides of pictures that MS-SSIM can be had of: 161
_GREY = 0.5  # values are taken from here on: squares of small numbers keep their digits in float32


@dataclass(frozen=True, slots=True)
class Similarity:
    """Of every picture. None: pictures are smaller than LEAST_PX."""

    ssim: Floats  # (...)
    ms_ssim: Floats | None  # (...)
    subject: Floats  # (...) SSIM of the covered pixels; nan where nothing is covered


def similarity(found: Bytes, truth: Bytes, covered: Bools | None = None) -> Similarity:
    """SSIM and MS-SSIM of pictures (..., H, W, 3) of bytes; `covered` (..., H, W): the pixels of either subject."""
    if found.shape != truth.shape:
        raise ValueError(f"pictures {found.shape} are held against {truth.shape}")
    if min(found.shape[-3:-1]) <= 2 * _REACH:
        raise ValueError(f"pictures of {found.shape[-2]}x{found.shape[-3]} px are too small for SSIM")
    shape = found.shape[:-3]
    several = min(found.shape[-3:-1]) >= LEAST_PX
    ssim, subject, ms_ssim = [], [], []
    masks = np.broadcast_to(True, found.shape[:-1]) if covered is None else covered
    for one, other, mask in zip(*(values.reshape(-1, *values.shape[len(shape) :]) for values in (found, truth, masks))):
        # Rounding is the same on both sides, so equal pictures have exactly 1.
        first, second = (np.asarray(picture, dtype=np.float32) / 255 - np.float32(_GREY) for picture in (one, other))
        whole, contrast = _maps(first, second)
        ssim.append(whole.mean(dtype=np.float64))
        inside = np.asarray(mask, dtype=np.bool_)
        subject.append(whole[inside].mean(dtype=np.float64) if inside.any() else np.nan)
        if several:
            ms_ssim.append(_multi_scale(first, second, contrast))
    return Similarity(
        np.array(ssim).reshape(shape),
        np.array(ms_ssim).reshape(shape) if several else None,
        np.array(subject).reshape(shape),
    )


def _multi_scale(first: Floats, second: Floats, contrast: Floats) -> float:
    found = [contrast.mean(dtype=np.float64)]
    for size in range(1, len(_SHARES)):
        first, second = _halved(first), _halved(second)
        whole, contrast = _maps(first, second)
        last = size == len(_SHARES) - 1
        found.append((whole if last else contrast).mean(dtype=np.float64))
    return float(np.prod(np.maximum(found, 0.0) ** np.array(_SHARES)))


def _maps(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """SSIM and its part of contrast and structure, per pixel and channel; `_GREY` is taken off the values."""
    one, other = _blurred(first), _blurred(second)
    spread_one, spread_other = _blurred(first * first) - one * one, _blurred(second * second) - other * other
    shared = _blurred(first * second) - one * other
    one += np.float32(_GREY)
    other += np.float32(_GREY)
    contrast = (2 * shared + np.float32(_C2)) / (spread_one + spread_other + np.float32(_C2))
    brightness: Floats = (2 * one * other + np.float32(_C1)) / (one * one + other * other + np.float32(_C1))
    return brightness * contrast, contrast[_REACH:-_REACH, _REACH:-_REACH]


def _blurred(picture: Floats) -> Floats:
    return cv2.sepFilter2D(picture, -1, _BELL, _BELL, borderType=cv2.BORDER_REFLECT_101)


def _halved(picture: Floats) -> Floats:
    """Means of 2 x 2; an odd last row or column falls away."""
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    return cv2.resize(picture[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA)


_BELL = np.exp(-(np.arange(-_REACH, _REACH + 1) ** 2) / (2 * _WIDTH_PX**2))
_BELL = (_BELL / _BELL.sum()).astype(np.float32)
