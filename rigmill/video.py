"""H.264 in memory: the same frames and settings give the same bytes.

Colour is BT.709, limited range, tagged as such. RGB <-> YUV is computed here and not by swscale, so that both
directions round to nearest and agree. In 4:2:0 a chroma sample is the mean of its 2x2 pixels (chroma location
"centre", written into the stream).
"""

from __future__ import annotations

import io
from fractions import Fraction
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


_TO_YUV = _rgb_to_yuv_matrix()
_TO_RGB = np.linalg.inv(_TO_YUV[:, :3])
_TO_RGB = np.concatenate([_TO_RGB, -_TO_RGB @ _TO_YUV[:, 3:]], axis=1)


def _to_planes(frame: Bytes, pixel_format: PixelFormat) -> Bytes:
    """RGB (H, W, 3) to the planes that PyAV takes: (3, H, W), or (H * 3 / 2, W) for 4:2:0."""
    if pixel_format == "yuv444p":
        return np.ascontiguousarray(cv2.transform(frame, _TO_YUV).transpose(2, 0, 1))
    height, width = frame.shape[:2]
    # Chroma is averaged before it is rounded to bytes.
    yuv = cv2.transform(frame.astype(np.float32), _TO_YUV)
    chroma = cv2.resize(yuv[:, :, 1:], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    parts = [yuv[:, :, 0].ravel(), chroma[:, :, 0].ravel(), chroma[:, :, 1].ravel()]
    planes = np.rint(np.concatenate(parts)).clip(0, 255).astype(np.uint8)
    return planes.reshape(height * 3 // 2, width)


def _to_rgb(frame: Any) -> Bytes:
    """A decoded PyAV frame to RGB (H, W, 3)."""
    height, width, name = frame.height, frame.width, frame.format.name
    planes = frame.to_ndarray()
    if name == "yuv444p":
        yuv = np.ascontiguousarray(planes.reshape(3, height, width).transpose(1, 2, 0))
        return np.asarray(cv2.transform(yuv, _TO_RGB), dtype=np.uint8)
    if name != "yuv420p":
        raise ValueError(f"not a video of ours: pixel format {name}")
    flat, luma_size = planes.ravel(), height * width
    chroma = flat[luma_size:].reshape(2, height // 2, width // 2).transpose(1, 2, 0)
    yuv = np.empty((height, width, 3), np.float32)
    yuv[:, :, 0] = flat[:luma_size].reshape(height, width)
    yuv[:, :, 1:] = cv2.resize(chroma.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.rint(cv2.transform(yuv, _TO_RGB)).clip(0, 255).astype(np.uint8)


def encode(
    frames: Bytes, *, fps: float, crf: int, pixel_format: PixelFormat, keyframe_interval: int
) -> bytes:
    """An mp4 of RGB `frames` (T, H, W, 3)."""
    _, height, width, _ = frames.shape
    if pixel_format == "yuv420p" and (height % 2 or width % 2):
        raise ValueError(f"4:2:0 needs even sides, got {width}x{height}")
    rate = Fraction(fps).limit_denominator(1001)
    buffer = io.BytesIO()
    with av.open(buffer, mode="w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.thread_count = 1
        stream.codec_context.color_range = _LIMITED
        stream.codec_context.colorspace = _BT709
        stream.codec_context.color_primaries = _BT709
        stream.codec_context.color_trc = _BT709
        # One thread: x264 decides differently with more. cpu-independent: its fastest routines read memory that
        # nobody wrote, so that without it the same frames give other bytes now and then (at 832x480, not at 256x256).
        stream.options = {
            "crf": str(crf), "preset": "veryfast", "g": str(keyframe_interval), "threads": "1",
            "flags": "+bitexact", "x264-params": "chromaloc=1:cpu-independent=1",
        }
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(_to_planes(frame, pixel_format), format=pixel_format)
            picture.color_range, picture.colorspace = _LIMITED, _BT709
            picture.pts, picture.time_base = index, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return buffer.getvalue()


def decode(data: bytes, *, start: int = 0, count: int | None = None) -> Bytes:
    """Frames start .. start + count (or the end) of a video that `encode` made, RGB (T, H, W, 3)."""
    frames: list[Bytes] = []
    with av.open(io.BytesIO(data), mode="r") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        per_frame = 1 / (stream.average_rate * stream.time_base)
        if start:
            container.seek(round(start * per_frame), stream=stream, backward=True)
        for picture in container.decode(stream):
            if count is not None and len(frames) >= count:
                break
            if round(picture.pts / per_frame) >= start:
                frames.append(_to_rgb(picture))
    if not frames or (count is not None and len(frames) < count):
        raise ValueError(f"the video ends before frame {start + (count or 1)}")
    return np.stack(frames)
