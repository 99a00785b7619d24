"""What a question is made of: words, pictures, videos. The exact bytes that are sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Words of ours."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, the exact bytes that are sent."""

    jpeg: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Video:
    """An mp4, the exact bytes that are sent, for servers that take videos."""

    mp4: bytes
    width_px: int
    height_px: int
    num_frames: int
    fps: float


Part = Text | Picture | Video
