"""Where the subject is in a view, over the whole clip: one square, so that travel within the view stays visible."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rigmill.clips.sparse import Planes, Square, differs
from rigmill.types import Floats

_DIFFERS = 12  # levels of 255; what H.264 makes of a flat background stays below
_MARGIN = 0.06  # of the square, free on each side
_SMALLEST = 0.5  # side of a square, in sides of the picture that it becomes: more would only be blurred


def subject_square(
    frames: Sequence[Planes], joints_px: Floats, background: tuple[int, int, int], side_px: int
) -> Square:
    """The square that holds all that these frames show, and the joints (N, 2) of all frames; the whole where that is
    nothing. It may reach beyond the picture, where there is background.
    """
    width, height = frames[0].size_px
    boxes = [box for box in (_box(frame, background) for frame in frames) if box is not None]
    there = joints_px[np.isfinite(joints_px).all(axis=1)]
    if len(there):
        inside = there.clip(0, [width, height])
        boxes.append((*inside.min(axis=0), *inside.max(axis=0)))
    if not boxes:
        return _square(width / 2, height / 2, max(width, height))
    left, top = np.min([box[:2] for box in boxes], axis=0)
    right, bottom = np.max([box[2:] for box in boxes], axis=0)
    needed = max(right - left, bottom - top) / (1 - 2 * _MARGIN)
    return _square((left + right) / 2, (top + bottom) / 2, max(needed, _SMALLEST * side_px))


def _box(frame: Planes, background: tuple[int, int, int]) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of what is not background."""
    left, top, width, height = cv2.boundingRect(differs(frame, background, _DIFFERS).astype(np.uint8))
    return (2 * left, 2 * top, 2 * (left + width), 2 * (top + height)) if width else None


def _square(x: float, y: float, side: float) -> Square:
    even = 2 * int(np.ceil(side / 2))
    return Square(2 * round((x - even / 2) / 2), 2 * round((y - even / 2) / 2), even)
