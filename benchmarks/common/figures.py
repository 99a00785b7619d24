"""How benchmarks print what they measured."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any


def rounded(value: Any) -> Any:
    """The figures, in dicts in dicts, with four digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def lines(result: dict[str, Any], start: str = "") -> list[str]:
    """One line a figure, its keys joined by dots."""
    found: list[str] = []
    for key, value in result.items():
        found += lines(value, f"{start}{key}.") if isinstance(value, dict) else [f"{start}{key}: {value}"]
    return found


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Blender prints a line per picture: not here."""
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(out, 1)
