"""Body plans. Every module of this package is one or a few; a new file is found by itself (docs/world.md)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

import numpy as np

from curate.world.body import Body

Maker = Callable[[np.random.Generator], Body]
_FOUND: dict[str, Maker] = {}


def plan(name: str) -> Callable[[Maker], Maker]:
    """Register a function from random numbers to a body as the plan `name`."""

    def keep(maker: Maker) -> Maker:
        if name in _FOUND:
            raise ValueError(f"two plans are called '{name}'")
        _FOUND[name] = maker
        return maker

    return keep


@cache
def plans() -> dict[str, Maker]:
    """All plans by name, in the order of their names."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_FOUND.items()))
