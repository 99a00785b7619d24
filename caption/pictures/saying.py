"""The words between pictures: whose view it is, and when."""

from __future__ import annotations

from collections.abc import Sequence

_SIDES = ("front", "front left", "left side", "back left", "back", "back right", "right side", "front right")


def azimuth_words(azimuth_deg: float) -> str:
    """What a camera there sees: 'front (0 degrees)', 'left side (90 degrees)'."""
    azimuth = azimuth_deg % 360
    return f"{_SIDES[round(azimuth / 45) % 8]} ({azimuth:g} degrees)"


def label(azimuth_deg: float) -> str:
    """What stands before a picture."""
    return f"{azimuth_words(azimuth_deg)}:"


def seconds(frame: int, fps: float) -> str:
    """When a frame is, as a model reads it."""
    return f"t = {frame / fps:.2f} s"


def strip_words(times: Sequence[str]) -> str:
    """What stands before a strip."""
    return f"One sheet: a row per camera, its name above the row; time goes from left to right: {', '.join(times)}."
