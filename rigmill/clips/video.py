"""H.264 in memory: the same frames and settings give the same bytes.

Colour is BT.709, limited range, tagged as such. RGB <-> YUV is computed here and not by swscale, so that both
directions round to nearest and agree. In 4:2:0 a chroma sample is the mean of its 2x2 pixels (chroma location
"centre", written into the stream).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from typing import Any, Literal

import av
import cv2
import numpy as np

from rigmill.types import Bytes, Floats

PixelFormat = Literal["yuv420p", "yuv444p"]

_RED, _BLUE = 0.2126, 0.0722  # BT.709 luma weights; green is the rest
_BT709, _LIMITED = 1, 1  # AVCOL_*_BT709, AVCOL_RANGE_MPEG


def _rgb_to_yuv_matrix() -> Floats:
    """(3, 4): YUV = matrix @ [R, G, B, 1], bytes to bytes."""
    luma = np.array([_RED, 1 - _RED - _BLUE, _BLUE])
    blue_difference = (np.array([0, 0, 1.0]) - luma) / (2 * (1 - _BLUE))
    red_difference = (np.array([1.0, 0, 0]) - luma) / (2 * (1 - _RED))
    gains = np.stack([luma * 219, blue_difference * 224, red_difference * 224]) / 255
    return np.concatenate([gains, [[16.0], [128.0], [128.0]]], axis=1)


TO_YUV = _rgb_to_yuv_matrix()
TO_RGB = np.linalg.inv(TO_YUV[:, :3])
TO_RGB = np.concatenate([TO_RGB, -TO_RGB @ TO_YUV[:, 3:]], axis=1)


_Part = tuple[slice, slice]  # rows and columns of a picture
# Preset and parameters of x264. Pose maps, in 4:4:4, are discs and lines on black: a search for motion finds nothing;
# the cheapest preset does. In RGB most of what a search gains is in the choice of blocks, not in finer steps.
_EFFORT = {"yuv444p": ("ultrafast", "cabac=1"), "yuv420p": ("veryfast", "me=dia:subme=1")}


def _blank(colour: tuple[int, int, int], width: int, height: int, pixel_format: PixelFormat) -> Bytes:
    """The planes of a picture in one colour, as PyAV takes them: (3, H, W), or (H * 3 / 2, W) for 4:2:0."""
    levels = np.rint(TO_YUV @ [*colour, 1.0]).astype(np.uint8)
    if pixel_format == "yuv444p":
        return np.ascontiguousarray(np.broadcast_to(levels[:, None, None], (3, height, width)))
    quarter = width * height // 4
    return np.concatenate([np.repeat(levels, [quarter * 4, quarter, quarter])]).reshape(height * 3 // 2, width)


def _paint(planes: Bytes, part: Bytes, at: _Part, pixel_format: PixelFormat) -> None:
    """Put an RGB part (h, w, 3) into planes of the whole picture, in place."""
    rows, columns = at
    if pixel_format == "yuv444p":
        planes[:, rows, columns] = cv2.transform(part, TO_YUV).transpose(2, 0, 1)
        return
    width = planes.shape[1]
    height = planes.shape[0] * 2 // 3
    planes[rows, columns] = cv2.transform(part, TO_YUV[:1])
    # Chroma is averaged before it is rounded to bytes.
    half = cv2.resize(part.astype(np.float32), (part.shape[1] // 2, part.shape[0] // 2), interpolation=cv2.INTER_AREA)
    chroma = np.rint(cv2.transform(half, TO_YUV[1:])).clip(0, 255).astype(np.uint8)
    both = planes[height:].reshape(2, height // 2, width // 2)
    both[:, rows.start // 2 : rows.stop // 2, columns.start // 2 : columns.stop // 2] = chroma.transpose(2, 0, 1)


def _to_rgb(frame: Any) -> Bytes:
    """A decoded PyAV frame to RGB (H, W, 3)."""
    height, width, name = frame.height, frame.width, frame.format.name
    planes = frame.to_ndarray()
    if name == "yuv444p":
        yuv = np.ascontiguousarray(planes.reshape(3, height, width).transpose(1, 2, 0))
        return np.asarray(cv2.transform(yuv, TO_RGB), dtype=np.uint8)
    if name != "yuv420p":
        raise ValueError(f"not a video of ours: pixel format {name}")
    flat, luma_size = planes.ravel(), height * width
    chroma = flat[luma_size:].reshape(2, height // 2, width // 2).transpose(1, 2, 0)
    yuv = np.empty((height, width, 3), np.float32)
    yuv[:, :, 0] = flat[:luma_size].reshape(height, width)
    yuv[:, :, 1:] = cv2.resize(chroma.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.rint(cv2.transform(yuv, TO_RGB)).clip(0, 255).astype(np.uint8)


class Encoder:
    """An mp4 written frame by frame, in memory. What a frame does not cover shows the background."""

    def __init__(
        self,
        *,
        width_px: int,
        height_px: int,
        fps: float,
        crf: int,
        pixel_format: PixelFormat,
        keyframe_interval: int,
        background: tuple[int, int, int] = (0, 0, 0),
    ) -> None:
        if pixel_format == "yuv420p" and (height_px % 2 or width_px % 2):
            raise ValueError(f"4:2:0 needs even sides, got {width_px}x{height_px}")
        self._background = background
        self._size, self._format = (width_px, height_px), pixel_format
        self._blank = _blank(background, width_px, height_px, pixel_format)
        self._planes = np.empty_like(self._blank)
        # One picture for all frames: x264 copies what it is given, and a new one each time costs more than painting it.
        self._picture = av.VideoFrame(width_px, height_px, pixel_format)
        self._picture.color_range, self._picture.colorspace = _LIMITED, _BT709
        self._rate = Fraction(fps).limit_denominator(1001)
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, mode="w", format="mp4", options={"fflags": "+bitexact"})
        self._num_frames = 0
        stream = self._stream = self._container.add_stream("libx264", rate=self._rate)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, pixel_format
        stream.codec_context.thread_count = 1
        stream.codec_context.color_range = _LIMITED
        stream.codec_context.colorspace = _BT709
        stream.codec_context.color_primaries = _BT709
        stream.codec_context.color_trc = _BT709
        # One thread: x264 decides differently with more. cpu-independent: its fastest routines read memory that
        # nobody wrote, so that without it the same frames give other bytes now and then (at 832x480, not at 256x256).
        stream.options = {
            "crf": str(crf),
            "preset": _EFFORT[pixel_format][0],
            "g": str(keyframe_interval),
            "threads": "1",
            "flags": "+bitexact",
            "x264-params": f"chromaloc=1:cpu-independent=1:{_EFFORT[pixel_format][1]}",
        }

    def add(self, part: Bytes, *, left_px: int = 0, top_px: int = 0) -> None:
        """The next frame: an RGB part (h, w, 3) of it, which may be empty, and its place."""
        if part.size:
            part, at = self._even(part, left_px, top_px)
            self.add_painted(lambda planes: _paint(planes, part, at, self._format))
        else:
            self.add_painted(lambda planes: None)

    def add_painted(self, paint: Callable[[Bytes], None]) -> None:
        """The next frame: what `paint` makes of the planes of an empty one, (3, H, W) or (H * 3 / 2, W)."""
        np.copyto(self._planes, self._blank)
        paint(self._planes)
        flat, start = self._planes.reshape(-1), 0
        for plane in self._picture.planes:
            end = start + plane.width * plane.height
            rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            np.copyto(rows[:, : plane.width], flat[start:end].reshape(plane.height, plane.width))
            start = end
        self._picture.pts, self._picture.time_base = self._num_frames, 1 / self._rate
        self._num_frames += 1
        self._container.mux(self._stream.encode(self._picture))

    def _even(self, part: Bytes, left: int, top: int) -> tuple[Bytes, _Part]:
        """The part, grown by background to whole chroma samples where the format has fewer of them than pixels."""
        bottom, right = top + part.shape[0], left + part.shape[1]
        if min(left, top) < 0 or right > self._size[0] or bottom > self._size[1]:
            raise ValueError(f"a part of {part.shape[1]}x{part.shape[0]} at {left}, {top} leaves the picture")
        if self._format == "yuv444p":
            return part, (slice(top, bottom), slice(left, right))
        odd = (top % 2, bottom % 2, left % 2, right % 2)
        if any(odd):
            above, below, before, after = odd
            part = cv2.copyMakeBorder(
                part, above, below, before, after, cv2.BORDER_CONSTANT, value=tuple(map(float, self._background))
            )
            top, bottom, left, right = top - above, bottom + below, left - before, right + after
        return part, (slice(top, bottom), slice(left, right))

    def finish(self) -> bytes:
        """The mp4. Nothing can be added any more."""
        self._container.mux(self._stream.encode())
        self._container.close()
        return self._buffer.getvalue()


def encode(frames: Bytes, *, fps: float, crf: int, pixel_format: PixelFormat, keyframe_interval: int) -> bytes:
    """An mp4 of RGB `frames` (T, H, W, 3)."""
    encoder = Encoder(
        width_px=frames.shape[2],
        height_px=frames.shape[1],
        fps=fps,
        crf=crf,
        pixel_format=pixel_format,
        keyframe_interval=keyframe_interval,
    )
    for frame in frames:
        encoder.add(frame)
    return encoder.finish()


def pictures(data: bytes, *, start: int = 0) -> Iterator[Bytes]:
    """The frames from `start` on of a video that `encode` made, RGB (H, W, 3), one at a time."""
    for number, picture in decoded(data, start):
        if number >= start:
            yield _to_rgb(picture)


def decoded(data: bytes, start: int) -> Iterator[tuple[int, Any]]:
    """Numbers and PyAV frames of a video that `encode` made, from the key frame before `start` on."""
    with av.open(io.BytesIO(data), mode="r") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        per_frame = 1 / (stream.average_rate * stream.time_base)
        if start:
            container.seek(round(start * per_frame), stream=stream, backward=True)
        for picture in container.decode(stream):
            yield round(picture.pts / per_frame), picture


def decode(data: bytes, *, start: int = 0, count: int | None = None) -> Bytes:
    """Frames start .. start + count (or the end) of a video that `encode` made, RGB (T, H, W, 3)."""
    frames = list(islice(pictures(data, start=start), count))
    if not frames or (count is not None and len(frames) < count):
        raise ValueError(f"the video ends before frame {start + (count or 1)}")
    return np.stack(frames)
