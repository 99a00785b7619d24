"""Motions. Every module of this package holds some; a new file is found by itself (docs/world.md)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from curate.world.acting.act import Act
from curate.world.acting.truth import Truth
from curate.world.body import Body

Play = Callable[[Act], Truth]
SIDES = ("left", "right")
PLACES = (True, False)  # in place, and travelling
TRAVELS = (False,)


@dataclass(frozen=True, slots=True)
class Motion:
    """What a body with the right slots can do. `needs` looks at the body; the rest are choices that a seed makes."""

    name: str
    play: Play
    needs: Callable[[Body], bool]
    sides: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    places: tuple[bool, ...] = ()  # what Manner.in_place may be; empty: it never travels
    styles: tuple[str, ...] = ()
    called: tuple[str, ...] = ()  # how files call it; empty: by its name
    # What it does in words, the plainest first, for words.py: 'waves with {its} {side} hand'. Gaps: way, side, its,
    # style, part, parts, turn, times.
    says: tuple[str, ...] = ()


_FOUND: dict[str, Motion] = {}


def motion(
    name: str,
    needs: Callable[[Body], bool],
    *,
    sides: tuple[str, ...] = (),
    ways: tuple[str, ...] = (),
    places: tuple[bool, ...] = (),
    styles: tuple[str, ...] = (),
    called: tuple[str, ...] = (),
    says: tuple[str, ...] = (),
) -> Callable[[Play], Play]:
    """Register a function that plays a motion into an act and says what is true of it."""

    def keep(play: Play) -> Play:
        if name in _FOUND:
            raise ValueError(f"two motions are called '{name}'")
        _FOUND[name] = Motion(name, play, needs, sides, ways, places, styles, called, says or (f"{name}s {{way}}",))
        return play

    return keep


@cache
def motions() -> dict[str, Motion]:
    """All motions by name, in the order of their names."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_FOUND.items()))


def motions_of(body: Body) -> dict[str, Motion]:
    """What a body can do."""
    return {name: motion for name, motion in motions().items() if motion.needs(body)}
