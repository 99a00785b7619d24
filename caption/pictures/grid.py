"""The rest pose from four sides in one picture: what categories are told by."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from caption.pictures.parts import Picture
from caption.pictures.show import as_picture
from caption.pictures.sizes import NUM_GRID_VIEWS, chosen_views, grid_size
from rigmill.clips.pictures import picture
from rigmill.types import Bytes

_DIFFERS = 6  # levels of 255; a PNG has no noise, an outline's last pixels are faint
_MARGIN = 0.05


def grid(
    templates: Sequence[bytes], azimuths_deg: Sequence[float], background: tuple[int, int, int], side_px: int
) -> Picture:
    """The rest pose's template_rgb.<v>.png, a view each, in a 2x2 grid: from the front on, in the order of reading.

    All have one scale, and the subject is in the middle of each. `side_px` is that of one; of more than four views the
    four that are spread best are shown, and where there are fewer than four the rest is background.
    """
    views = chosen_views(azimuths_deg, NUM_GRID_VIEWS)
    pictures = [picture(templates[view]) for view in views]
    height, width = pictures[0].shape[:2]
    columns, rows = (size // min(side_px, max(width, height)) for size in grid_size(width, height, side_px, len(views)))
    boxes = [_box(one, background) for one in pictures]
    longest = max(max(box[2:]) for box in boxes)
    needed = round(longest / (1 - 2 * _MARGIN))
    side = min(side_px, max(width, height))
    cells = [_cell(one, box, needed, background, side) for one, box in zip(pictures, boxes)]
    cells += [np.full_like(cells[0], background)] * (rows * columns - len(cells))
    lines = [np.concatenate(cells[row * columns : (row + 1) * columns], axis=1) for row in range(rows)]
    return as_picture(np.concatenate(lines))


def _box(rgb: Bytes, background: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is not background; the whole where nothing is."""
    apart = cv2.absdiff(rgb, np.full_like(rgb, background)).max(axis=2) >= _DIFFERS
    left, top, width, height = cv2.boundingRect(apart.astype(np.uint8))
    return (left, top, width, height) if width else (0, 0, rgb.shape[1], rgb.shape[0])


def _cell(
    rgb: Bytes, box: tuple[int, int, int, int], needed: int, background: tuple[int, int, int], side_px: int
) -> Bytes:
    """The square of `needed` pixels around the middle of the box, in the size that is shown."""
    left, top = (box[0] + (box[2] - needed) // 2, box[1] + (box[3] - needed) // 2)
    right, bottom = left + needed, top + needed
    inside = rgb[max(top, 0) : bottom, max(left, 0) : right]
    beyond = (max(-top, 0), max(bottom - rgb.shape[0], 0), max(-left, 0), max(right - rgb.shape[1], 0))
    whole = cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_CONSTANT, value=tuple(map(float, background)))
    method = cv2.INTER_AREA if side_px < needed else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(whole, (side_px, side_px), interpolation=method))
