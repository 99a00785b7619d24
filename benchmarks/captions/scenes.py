"""Motions and what is true of them: the questions are those that a caption needs an answer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.captions.acting import Acting
from benchmarks.captions.rigs import Made
from rigmill.types import Motion


@dataclass
class Truth:
    """What is asked. None means: not asked of this motion."""

    travel: str = "none"
    distance: float = 0.0  # heights
    turn_deg: float = 0.0
    jumps: int | None = 0
    gait: str = "none"
    gait_heading: str | None = None
    in_place: bool = False
    idle: bool = False
    rise: float | None = 0.0  # heights
    sink: float | None = 0.0
    flip_deg: float | None = 0.0
    period_s: float | None = None
    posture_end: str | None = None
    lies: bool | None = False
    moves: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # part -> what is asked of it
    still: tuple[str, ...] = ()  # parts that do not move
    facing: bool = True


@dataclass(frozen=True)
class Scene:
    """A motion of a rig, named for the person who reads a wrong answer."""

    name: str
    made: Made
    motion: Motion
    truth: Truth


def scene(name: str, acting: Acting, truth: Truth) -> Scene:
    return Scene(f"{acting.made.name}: {name}", acting.made, acting.motion(), truth)


def all_scenes() -> Iterator[Scene]:
    """Every scene, always the same."""
    from benchmarks.captions.animals import animals
    from benchmarks.captions.people import people
    from benchmarks.captions.rigs import rigs
    from benchmarks.captions.things import things

    for made in rigs():
        random = np.random.default_rng(len(made.name))
        yield from {"humanoid": people, "articulated": things}.get(made.kind, animals)(made, random)
