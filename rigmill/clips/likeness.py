"""How alike two pictures of one subject are."""

from __future__ import annotations

import cv2
import numpy as np

from rigmill.clips.pictures import over_grey, silhouette
from rigmill.types import Bytes, Floats

_SIGMA_PX, _WINDOW_PX = 1.5, 11
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim_map(first: Floats, second: Floats) -> Floats:
    """Structural similarity around every pixel (H, W) of two RGB pictures (H, W, 3), 0..255; the channels' mean.

    The index of Wang et al. 2004 with its Gaussian window and constants.
    """
    first, second = first.astype(np.float64), second.astype(np.float64)

    def mean(values: Floats) -> Floats:
        return np.asarray(
            cv2.GaussianBlur(values, (_WINDOW_PX, _WINDOW_PX), _SIGMA_PX, borderType=cv2.BORDER_REFLECT_101)
        )

    one, other = mean(first), mean(second)
    one_varies, other_varies = mean(first * first) - one * one, mean(second * second) - other * other
    together = mean(first * second) - one * other
    index = (2 * one * other + _C1) * (2 * together + _C2)
    index /= (one * one + other * other + _C1) * (one_varies + other_varies + _C2)
    return np.asarray(index.mean(axis=-1))


def subject_ssim(first: Bytes, second: Bytes) -> float:
    """Mean similarity over the pixels where either picture, RGBA (H, W, 4) and over white, shows the subject.

    1 where neither shows anything.
    """
    there = silhouette(first) | silhouette(second)
    if not there.any():
        return 1.0
    # The window reaches no further than this from the subject.
    rows, columns = (np.flatnonzero(there.any(axis=axis)) for axis in (1, 0))
    part = (
        slice(max(rows[0] - _WINDOW_PX, 0), rows[-1] + _WINDOW_PX + 1),
        slice(max(columns[0] - _WINDOW_PX, 0), columns[-1] + _WINDOW_PX + 1),
    )
    return float(ssim_map(over_grey(first[part], 255), over_grey(second[part], 255))[there[part]].mean())


def silhouette_iou(first: Bytes, second: Bytes) -> float:
    """Intersection over union of two subjects, RGBA (H, W, 4); 1 where neither is there."""
    one, other = silhouette(first), silhouette(second)
    either = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other) / either) if either else 1.0
