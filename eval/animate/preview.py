"""What was generated and what became of it, beside each other in one picture per frame."""

from __future__ import annotations

import cv2
import numpy as np

from rigmill.types import Bytes

_TILE_PX = 256  # of a view's longer side, at most
_LABEL_PX = 22
_INK, _PAPER = (40, 40, 40), 245


def sheet(rows: dict[str, Bytes], *, size_px: tuple[int, int]) -> Bytes:
    """Frames (T, H, W, 3): a labelled row per entry, its views (V, T, h, w, 3) side by side.

    `size_px` is the width and height that the views had before they were squeezed.
    """
    scale = min(1.0, _TILE_PX / max(size_px))
    width, height = (max(2, round(side * scale / 2) * 2) for side in size_px)
    (num_views, num_frames), num_rows = next(iter(rows.values())).shape[:2], len(rows)
    frames = np.full((num_frames, num_rows * (height + _LABEL_PX), num_views * width, 3), _PAPER, np.uint8)
    for row, (label, views) in enumerate(rows.items()):
        top = row * (height + _LABEL_PX)
        # Small pictures are shown as they are: their pixels are what the motion was read from.
        how = cv2.INTER_NEAREST if views.shape[3] < width else cv2.INTER_AREA
        for frame in range(num_frames):
            cv2.putText(frames[frame], label, (4, top + 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, _INK, 1, cv2.LINE_AA)
            for view in range(num_views):
                part = frames[frame, top + _LABEL_PX : top + _LABEL_PX + height, view * width : (view + 1) * width]
                part[:] = cv2.resize(views[view, frame], (width, height), interpolation=how)
    return frames
