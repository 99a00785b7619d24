"""How far feet slide that should stand. World +Z up; T frames, K feet (joints, the lowest of each leg)."""

from __future__ import annotations

import numpy as np

from eval.metrics.metric import Better, Metric
from rigmill.types import Bools, Floats

# When the true foot stands, in heights of the rig.
STANDS_LOW = 0.03  # above its own lowest
STANDS_SLOW_S = 0.25  # a second
# UniMate's, as others tell them; in heights of the root above the ground at rest. Whether the step is of that or of its
# canonical size of 2 is not said.
UNIMATE_LOW, UNIMATE_STEP = 0.05, 0.025

METRICS = (
    Metric(
        "foot_slide_pct_s",
        "foot slide",
        "%/s",
        Better.LOWER,
        "mean speed along the ground of feet while the true ones stand, of the height",
    ),
    Metric(
        "skate_share.unimate",
        "skate share (UniMate's rule)",
        "",
        Better.LOWER,
        "share of frames near the ground in which a foot steps farther than the limit",
    ),
    Metric(
        "slide_pct.unimate",
        "slide (UniMate's rule)",
        "%",
        Better.LOWER,
        "mean step along the ground of feet near it, weighted by nearness, of the root's height at rest",
    ),
)


def standing(truth: Floats, *, fps: float, height: float) -> Bools:
    """Which steps (T - 1, K) of the true feet (T, K, 3) are made standing: slow, and low at both ends."""
    above = truth[..., 2] - truth[..., 2].min(axis=0)
    low = above <= STANDS_LOW * height
    slow = np.linalg.norm(np.diff(truth, axis=0), axis=-1) * fps <= STANDS_SLOW_S * height
    return slow & low[1:] & low[:-1]


def foot_slide_pct_s(found: Floats, truth: Floats, *, fps: float, height: float) -> float | None:
    """The mean speed along the ground of feet (T, K, 3) where the true ones stand; None: these never do."""
    stands = standing(truth, fps=fps, height=height)
    if not stands.any():
        return None
    return float(100 * _steps(found)[stands].mean() * fps / height)


def skate_share_unimate(feet: Floats, *, ground: float, root_height: float) -> float | None:
    """The share of steps, from near the ground on, that are too long; None: no foot is ever near it."""
    near = (feet[:-1, :, 2] - ground) < UNIMATE_LOW * root_height
    return float((_steps(feet)[near] > UNIMATE_STEP * root_height).mean()) if near.any() else None


def slide_pct_unimate(feet: Floats, *, ground: float, root_height: float) -> float | None:
    """The mean step from near the ground on, weighted by 2 - 2^(height / limit): in full on the ground."""
    share = np.maximum((feet[:-1, :, 2] - ground) / (UNIMATE_LOW * root_height), 0.0)
    near = share < 1
    if not near.any():
        return None
    return float(100 * (_steps(feet) * (2 - 2**share))[near].mean() / root_height)


def _steps(feet: Floats) -> Floats:
    return np.linalg.norm(np.diff(feet[..., :2], axis=0), axis=-1)
