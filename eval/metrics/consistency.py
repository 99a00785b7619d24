"""How VBench puts likenesses of a video's frames together; the features in between are another question."""

from __future__ import annotations

import numpy as np

from rigmill.types import Floats


def i2v_subject(to_input: Floats, to_next: Floats) -> float:
    """Of one video: likenesses of frames (T,) to the input picture, and of each to the next (T - 1,).

    0.4 of the best likeness to the input, 0.3 of the mean and 0.3 of the least from frame to frame; below 0 is 0.
    """
    to_input, to_next = np.maximum(to_input, 0), np.maximum(to_next, 0)
    return float(0.4 * to_input.max() + 0.3 * to_next.mean() + 0.3 * to_next.min())


def subject_consistency(to_last: Floats, to_first: Floats) -> float:
    """Of one video: the mean of likenesses of its frames from the second on, to the one before and to the first."""
    return float(((np.maximum(to_last, 0) + np.maximum(to_first, 0)) / 2).mean())


def cosines(first: Floats, second: Floats) -> Floats:
    """Of vectors (..., C); 0 where one of them is nothing."""
    sizes = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return (first * second).sum(axis=-1) / np.where(sizes > 0, sizes, 1.0)
