"""Discs blended into a picture, compiled."""

from __future__ import annotations

import math

import numpy as np

from rigmill.compiled import compiled
from rigmill.types import Bytes, Floats


@compiled("void(uint8[:, :, ::1], float64[:, ::1], uint8[:, ::1], float64)", nogil=True, exact=True)
def discs(picture: Bytes, centres: Floats, colours: Bytes, radius_px: float) -> None:
    """Blend anti-aliased discs into the picture, in order (cv2.circle's are half a pixel too large and less exact).

    `centres` is (D, 2), `colours` (D, 3). A disc covers a pixel by how far the pixel's centre is inside it, half a
    pixel either way.
    """
    height, width = picture.shape[:2]
    reach = radius_px + 1
    side = int(np.ceil(2 * reach)) + 1
    for disc in range(len(centres)):
        centre_x, centre_y = centres[disc]
        left, top = int(np.floor(centre_x - reach)), int(np.floor(centre_y - reach))
        for row in range(max(top, 0), min(top + side, height)):
            y = row + 0.5 - centre_y
            for column in range(max(left, 0), min(left + side, width)):
                x = column + 0.5 - centre_x
                cover = min(max(radius_px + 0.5 - math.sqrt(x * x + y * y), 0.0), 1.0)
                if cover == 0.0:
                    continue
                for channel in range(3):
                    mixed = picture[row, column, channel] * (1 - cover) + cover * colours[disc, channel]
                    picture[row, column, channel] = np.uint8(np.rint(mixed))
