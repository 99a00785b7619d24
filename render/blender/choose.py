"""Which engine draws a clip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from render.blender.engines import BlenderEngine, Engine
from render.blender.frames import Player
from render.jobs import ClipNumbers
from rigmill.types import Camera


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine ready to draw, and why it is this one."""

    engine: Engine
    reason: str = ""
    agreement: float | None = None


def open_engine(
    player: Player, numbers: ClipNumbers, *, cameras: tuple[Camera, ...], render: dict[str, Any],
    state: dict[str, Any], folder: Path,
) -> Choice:
    """The engine that the profile names."""
    return Choice(BlenderEngine(cameras, render, folder))
