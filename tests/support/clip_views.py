"""Clips of a two-coloured block on white, of which everything is known: where it is in every frame of every view."""

from __future__ import annotations

import cv2
import numpy as np

from caption.pictures.parts import Part, Picture
from caption.pictures.views import ClipViews
from rigmill.clips.video import encode
from rigmill.types import Bytes

WHITE = (255, 255, 255)
RED, BLUE, GREEN = (200, 30, 30), (30, 30, 200), (20, 160, 40)
BLOCK_PX = (40, 60)  # width and height


def block_left_px(view: int, frame: int) -> int:
    """Left edge of the block: it goes to the right in view 0, to the left in view 2, and stays in the others."""
    return {0: 20 + 3 * frame, 2: 160 - 3 * frame}.get(view, 100)


def block_frames(view: int, num_frames: int, *, width_px: int = 256, height_px: int = 144) -> Bytes:
    """The left half of the block is red, the right half blue; a green bar on top of it says the view by its height."""
    frames = np.full((num_frames, height_px, width_px, 3), 255, np.uint8)
    for frame, picture in enumerate(frames):
        left, (width, height) = block_left_px(view, frame), BLOCK_PX
        picture[50 : 50 + height, left : left + width // 2] = RED
        picture[50 : 50 + height, left + width // 2 : left + width] = BLUE
        picture[50 : 54 + 8 * view, left : left + width] = GREEN
    return frames


def block_clip(num_frames: int = 25, azimuths_deg: tuple[float, ...] = (0, 90, 180, 270)) -> ClipViews:
    """That, as a rendered clip is stored."""
    videos = [
        encode(block_frames(view, num_frames), fps=16, crf=10, pixel_format="yuv420p", keyframe_interval=12)
        for view in range(len(azimuths_deg))
    ]
    return ClipViews(
        videos=tuple(videos),
        stored_azimuths_deg=azimuths_deg,
        joints_px=np.full((len(azimuths_deg), 1, 2), np.nan),
        width_px=256,
        height_px=144,
        num_frames=num_frames,
        fps=16.0,
        background=WHITE,
    )


def pixels(part: Part) -> Bytes:
    """A picture as a model's processor would read it, RGB."""
    assert isinstance(part, Picture)
    bgr = cv2.imdecode(np.frombuffer(part.jpeg, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def middle_px(rgb: Bytes, colour: tuple[int, int, int], far: int = 60) -> float:
    """Mean column of the pixels of about that colour."""
    near = np.abs(rgb.astype(int) - colour).max(axis=-1) < far
    assert near.any()
    return float(np.nonzero(near)[-1].mean())
