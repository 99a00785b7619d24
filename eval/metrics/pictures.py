"""Drawn pictures of a body against those of the true one: PSNR, SSIM, MS-SSIM, FLIP. V views, T frames, sRGB bytes.

Backgrounds flatter: most pixels of a picture are empty in both. So PSNR, SSIM and FLIP come a second time, over the
pixels that the body or the true one covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eval.metrics import flip, similarity
from eval.metrics.metric import Better, Metric
from rigmill.types import Bools, Bytes

MAX_PSNR_DB = 100.0  # equal pictures have no noise at all; JSON has no infinity

METRICS = (
    Metric(
        "psnr",
        "PSNR",
        "dB",
        Better.HIGHER,
        f"peak signal to noise over all pixels of all views and frames; {MAX_PSNR_DB:g} for equal pictures",
        backend="pictures",
    ),
    Metric(
        "psnr_subject",
        "PSNR, subject",
        "dB",
        Better.HIGHER,
        "the same over the pixels that either the body or the true one covers",
        backend="pictures",
    ),
    *similarity.METRICS,
    *flip.METRICS,
)


@dataclass(frozen=True, slots=True)
class PictureScores:
    """Means over views and frames; PSNR of them together. None: not measurable here."""

    psnr: float
    psnr_subject: float | None  # None: neither body is to be seen
    ssim: float
    ssim_subject: float | None
    ms_ssim: float | None  # None: pictures are smaller than `similarity.LEAST_PX`
    flip: float
    flip_subject: float | None


def picture_scores(found: Bytes, truth: Bytes, *, found_mask: Bools, truth_mask: Bools) -> PictureScores:
    """The scores of pictures (V, T, H, W, 3); masks (V, T, H, W) are of the pixels that a body covers."""
    covered = found_mask | truth_mask
    squares = (found.astype(np.int32) - truth).astype(np.float32) ** 2
    alike = similarity.similarity(found, truth, covered)
    errors = flip.flip_errors(found, truth)
    seen = ~np.isnan(alike.subject)  # pictures in which something is
    anything = bool(covered.any())
    return PictureScores(
        psnr=psnr_db(squares),
        psnr_subject=psnr_db(squares[covered]) if anything else None,
        ssim=float(alike.ssim.mean()),
        ssim_subject=float(alike.subject[seen].mean()) if anything else None,
        ms_ssim=None if alike.ms_ssim is None else float(alike.ms_ssim.mean()),
        flip=float(errors.mean(dtype=np.float64)),
        flip_subject=float(errors[covered].mean(dtype=np.float64)) if anything else None,
    )


def psnr_db(squares: np.ndarray) -> float:
    """PSNR of squared differences of bytes, however they are arranged; at most MAX_PSNR_DB."""
    noise = float(squares.mean(dtype=np.float64))
    return MAX_PSNR_DB if noise == 0 else min(float(10 * np.log10(255**2 / noise)), MAX_PSNR_DB)
