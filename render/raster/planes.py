"""A picture over its background, straight into the planes of a video frame."""

from __future__ import annotations

import math

from rigmill.compiled import compiled
from rigmill.types import Bytes, Floats


@compiled("void(uint8[:, :, ::1], int64, int64, float64[::1], float64[:, ::1], uint8[:, ::1])")
def paint_over(rgba: Bytes, left: int, top: int, background: Floats, to_yuv: Floats, planes: Bytes) -> None:
    """Put `rgba` (h, w, 4), straight alpha, over `background` (3,) into 4:2:0 planes (H * 3 / 2, W), in place.

    `to_yuv` (3, 4) takes [R, G, B, 1] to YUV bytes. A chroma sample is that of its four pixels' mean.
    """
    height, width = rgba.shape[0], rgba.shape[1]
    whole_height, whole_width = planes.shape[0] * 2 // 3, planes.shape[1]
    quarter = whole_height * whole_width // 4
    chroma = planes[whole_height:].reshape(-1)
    for row in range((top - top % 2) // 2, (top + height + 1) // 2):
        for column in range((left - left % 2) // 2, (left + width + 1) // 2):
            red, green, blue, any_there = 0.0, 0.0, 0.0, False
            for place in range(4):
                x, y = 2 * column + place % 2, 2 * row + place // 2
                r, g, b = background[0], background[1], background[2]
                i, j = x - left, y - top
                if i >= 0 and j >= 0 and i < width and j < height and rgba[j, i, 3] > 0:
                    any_there = True
                    alpha = rgba[j, i, 3]
                    if alpha == 255:
                        r, g, b = float(rgba[j, i, 0]), float(rgba[j, i, 1]), float(rgba[j, i, 2])
                    else:
                        share = alpha / 255.0
                        r = math.floor(rgba[j, i, 0] * share + r * (1 - share) + 0.5)
                        g = math.floor(rgba[j, i, 1] * share + g * (1 - share) + 0.5)
                        b = math.floor(rgba[j, i, 2] * share + b * (1 - share) + 0.5)
                    planes[y, x] = int(to_yuv[0, 0] * r + to_yuv[0, 1] * g + to_yuv[0, 2] * b + to_yuv[0, 3] + 0.5)
                red, green, blue = red + r, green + g, blue + b
            if any_there:
                red, green, blue = red / 4, green / 4, blue / 4
                place = row * (whole_width // 2) + column
                chroma[place] = int(
                    to_yuv[1, 0] * red + to_yuv[1, 1] * green + to_yuv[1, 2] * blue + to_yuv[1, 3] + 0.5
                )
                chroma[quarter + place] = int(
                    to_yuv[2, 0] * red + to_yuv[2, 1] * green + to_yuv[2, 2] * blue + to_yuv[2, 3] + 0.5
                )
