"""A few frames of an RGB video, cut out and made small before they are turned into RGB: a tenth of the work.

Where something is, is said in pixels of the whole picture, from its top-left corner. Chroma has half the pixels.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import cv2
import numpy as np

from rigmill.clips.video import TO_RGB, TO_YUV
from rigmill.types import Bools, Bytes

# Frames up to this far ahead are decoded on the way; what is farther is reached by its keyframe.
_NEAR = 8


@dataclass(frozen=True, slots=True)
class Square:
    """A square part of a picture. Even numbers, and it may reach beyond the picture."""

    left_px: int
    top_px: int
    side_px: int


@dataclass(frozen=True, slots=True)
class Planes:
    """A frame as it is stored, 4:2:0."""

    luma: Bytes  # (H, W)
    chroma: Bytes  # (H / 2, W / 2, 2)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.luma.shape[1], self.luma.shape[0]


def planes_at(data: bytes, frames: Iterable[int]) -> list[Planes]:
    """The frames with these numbers, in rising order, of a 4:2:0 video that `video.encode` made."""
    wanted = list(frames)
    found = []
    with av.open(io.BytesIO(data), mode="r") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        per_frame = 1 / (stream.average_rate * stream.time_base)
        decoded: Iterator[Any] = container.decode(stream)
        at = -1
        for frame in wanted:
            if frame > at + _NEAR:
                container.seek(round(frame * per_frame), stream=stream, backward=True)
                decoded = container.decode(stream)
            for picture in decoded:
                at = round(picture.pts / per_frame)
                if at == frame:
                    found.append(_planes(picture))
                    break
            else:
                raise ValueError(f"the video ends before frame {frame}")
    return found


def _planes(picture: Any) -> Planes:
    if picture.format.name != "yuv420p":
        raise ValueError(f"not an RGB video of ours: pixel format {picture.format.name}")
    flat = picture.to_ndarray().ravel()
    height, width = picture.height, picture.width
    chroma = flat[height * width :].reshape(2, height // 2, width // 2)
    return Planes(flat[: height * width].reshape(height, width), np.ascontiguousarray(chroma.transpose(1, 2, 0)))


def differs(planes: Planes, colour: tuple[int, int, int], least: int) -> Bools:
    """Where a frame differs from a flat colour by `least` levels of luma or chroma, (H / 2, W / 2)."""
    level, *hue = _levels(colour)
    luma = cv2.absdiff(planes.luma, np.full_like(planes.luma, level)) >= least
    chroma = cv2.absdiff(planes.chroma, np.broadcast_to(np.array(hue, np.uint8), planes.chroma.shape).copy()) >= least
    half = luma[0::2, 0::2] | luma[1::2, 0::2] | luma[0::2, 1::2] | luma[1::2, 1::2]
    return np.asarray(half | chroma[..., 0] | chroma[..., 1])


def cut(planes: Planes, square: Square, side_px: int, colour: tuple[int, int, int]) -> Bytes:
    """The square's part of a frame as RGB (side, side, 3); beyond the frame is `colour`."""
    level, *hue = _levels(colour)
    half = Square(square.left_px // 2, square.top_px // 2, square.side_px // 2)
    yuv = np.empty((side_px, side_px, 3), np.float32)
    yuv[..., 0] = _part(planes.luma, square, side_px, [level])
    yuv[..., 1:] = _part(planes.chroma, half, side_px, hue)
    return np.rint(cv2.transform(yuv, TO_RGB)).clip(0, 255).astype(np.uint8)


def _part(plane: Bytes, square: Square, side_px: int, outside: list[int]) -> Any:
    height, width = plane.shape[:2]
    left, top = square.left_px, square.top_px
    right, bottom = left + square.side_px, top + square.side_px
    inside = plane[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    beyond = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if any(beyond):
        inside = cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_CONSTANT, value=[float(one) for one in outside])
    smaller = side_px < square.side_px
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(inside.astype(np.float32), (side_px, side_px), interpolation=method)


def _levels(colour: tuple[int, int, int]) -> list[int]:
    return [int(level) for level in np.rint(TO_YUV @ [*colour, 1.0])]
