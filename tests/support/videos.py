"""Frames and settings of small videos."""

from __future__ import annotations

import numpy as np

from rigmill.clips.video import PixelFormat
from rigmill.types import Bytes


def smooth(num_frames: int = 9, height: int = 64, width: int = 96) -> Bytes:
    """Slow colour waves that move, (T, H, W, 3)."""
    t, y, x = np.meshgrid(np.arange(num_frames), np.arange(height), np.arange(width), indexing="ij")
    waves = [np.sin(x / 15 + t / 5), np.sin(y / 11 - t / 7), np.sin((x + y) / 23)]
    return np.rint(np.stack(waves, axis=-1) * 100 + 128).astype(np.uint8)


def settings(pixel_format: PixelFormat = "yuv420p") -> dict:
    return {"fps": 16.0, "crf": 18, "pixel_format": pixel_format, "keyframe_interval": 4}
