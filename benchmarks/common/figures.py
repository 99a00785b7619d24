"""How benchmarks print what they measured."""

from __future__ import annotations

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
