"""What a generator hands to Blender, and small helpers that all generators share. Plain numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from render.blender.procedural.rig import Skeleton, Take
from render.blender.procedural.shapes import Shell
from rigmill.types import Bools, Floats

FPS = 24
NUM_FRAMES = 49  # two seconds, the last frame repeats the first

Colours = Mapping[str, tuple[float, float, float]]
ColourOf = Callable[[Floats, Sequence[str]], Floats]  # points (N, 3) and their labels -> sRGB in 0..1 (N, 3)


@dataclass(frozen=True, slots=True)
class Character:
    """A generated asset before it becomes a file. No shells: a motion without a mesh."""

    title: str
    tags: tuple[str, ...]
    skeleton: Skeleton
    shells: tuple[Shell, ...]
    takes: tuple[Take, ...]


def cycle(num_cycles: int, num_frames: int = NUM_FRAMES) -> Floats:
    """Phase in radians (T,) of a loop that runs `num_cycles` times."""
    return np.linspace(0.0, 2 * np.pi * num_cycles, num_frames)


def take(name: str, turns: Mapping[str, Floats], shifts: Mapping[str, Floats] | None = None, *, fps: int = FPS) -> Take:
    """A motion as long as its turns (T, 3, 3); `shifts` (T, 3) are metres."""
    length = len(next(iter({**turns, **(shifts or {})}.values())))
    return Take(name=name, fps=fps, turns=turns, shifts=shifts or {}, num_frames=length)


def shifted(z: Floats, *, x: Floats | float = 0.0, y: Floats | float = 0.0) -> Floats:
    """Translations (T, 3) from curves."""
    return np.stack([np.broadcast_to(x, z.shape), np.broadcast_to(y, z.shape), z], axis=1)


def palette(**colours: str) -> Colours:
    """Named sRGB colours from '#rrggbb'."""
    return {name: tuple(byte / 255 for byte in bytes.fromhex(text[1:])) for name, text in colours.items()}  # type: ignore[misc]


def colours_by_label(labels: Sequence[str], colours: Colours) -> Floats:
    """The colour (N, 3) of every label."""
    names = sorted(set(labels))
    table = np.array([colours[name] for name in names])
    index = {name: number for number, name in enumerate(names)}
    return table[[index[label] for label in labels]]


def dab(colour: Floats, where: Bools, tint: Sequence[float] | Floats) -> None:
    """Paint `tint` over the points for which `where` holds."""
    colour[where] = tint


def mottled(colour: Floats, points: Floats, *, strength: float = 0.05, size: float = 0.07) -> Floats:
    """The colour with soft spots, so that a plain surface still shows how it moves."""
    x, y, z = (points / size).T
    spots = np.sin(x + 1.7 * np.sin(0.9 * z)) * np.sin(y + 1.3 * np.sin(1.1 * x)) * np.sin(z + 1.1 * np.sin(0.8 * y))
    return np.clip(colour * (1.0 + strength * 2 * spots[:, None]), 0, 1)
