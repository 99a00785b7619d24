"""Decoded 4:2:0 planes to RGB, compiled, as `rigmill.clips.video` means them."""

from __future__ import annotations

import numpy as np

from rigmill.compiled import compiled
from rigmill.types import Bytes, Floats, Ints


@compiled(
    "void(uint8[:, :], uint8[:, :], uint8[:, :], float32[:, ::1], int16[:, ::1], uint8[:, ::1], uint8[:, :, ::1])",
    nogil=True,
)
def _to_rgb(
    luma: Bytes, blue: Bytes, red: Bytes, matrix: Floats, chroma: Ints, channels: Bytes, picture: Bytes
) -> None:
    """RGB into `picture` (H, W, 3). `chroma` (4, W + 2) and `channels` (3, W) are room for a row.

    A chroma value between four samples is (9 a + 3 b + 3 c + d) / 16: whole numbers until the matrix (3, 4) is applied,
    whose chroma gains are a sixteenth of what they are for bytes.
    """
    height, width = luma.shape
    rows, columns = blue.shape
    low, high, half = np.float32(0), np.float32(255), np.float32(0.5)
    for y in range(height):
        near = y // 2
        far = min(max(near - 1 if y % 2 == 0 else near + 1, 0), rows - 1)
        for x in range(columns):
            chroma[0, x + 1] = 3 * np.int16(blue[near, x]) + np.int16(blue[far, x])
            chroma[1, x + 1] = 3 * np.int16(red[near, x]) + np.int16(red[far, x])
        for part in range(2):
            chroma[part, 0] = chroma[part, 1]
            chroma[part, columns + 1] = chroma[part, columns]
        for x in range(columns):
            chroma[2, 2 * x] = 3 * chroma[0, x + 1] + chroma[0, x]
            chroma[2, 2 * x + 1] = 3 * chroma[0, x + 1] + chroma[0, x + 2]
            chroma[3, 2 * x] = 3 * chroma[1, x + 1] + chroma[1, x]
            chroma[3, 2 * x + 1] = 3 * chroma[1, x + 1] + chroma[1, x + 2]
        for channel in range(3):
            own, of_blue, of_red, offset = (
                matrix[channel, 0],
                matrix[channel, 1],
                matrix[channel, 2],
                matrix[channel, 3],
            )
            for x in range(width):
                level = (
                    own * np.float32(luma[y, x])
                    + of_blue * np.float32(chroma[2, x])
                    + of_red * np.float32(chroma[3, x])
                    + offset
                )
                channels[channel, x] = np.uint8(np.int32(min(max(level, low), high) + half))
        for x in range(width):
            picture[y, x, 0] = channels[0, x]
            picture[y, x, 1] = channels[1, x]
            picture[y, x, 2] = channels[2, x]


class ToRgb:
    """Converts 4:2:0 frames of one size. Room for a row is kept, so one is for one thread."""

    def __init__(self, matrix: Floats, width: int) -> None:
        """`matrix` (3, 4): RGB = matrix @ [Y, U, V, 1], bytes to bytes."""
        self._matrix = np.ascontiguousarray(matrix * [1, 1 / 16, 1 / 16, 1], dtype=np.float32)
        self._chroma = np.empty((4, width + 2), np.int16)
        self._channels = np.empty((3, width), np.uint8)

    def __call__(self, luma: Bytes, blue: Bytes, red: Bytes, picture: Bytes) -> None:
        """Planes (H, W) and twice (H / 2, W / 2) to RGB, into `picture` (H, W, 3). Both sides are even."""
        _to_rgb(luma, blue, red, self._matrix, self._chroma, self._channels, picture)
