"""Bytes and spans of time as a person reads them."""

from __future__ import annotations

from datetime import timedelta


def bytes_text(num_bytes: int) -> str:
    """Such as '3.1 GB'."""
    if num_bytes < 1000:
        return f"{num_bytes} B"
    value = float(num_bytes)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.95 or unit == "TB":
            break
    return f"{value:.1f} {unit}"


def age_text(age: timedelta) -> str:
    """Such as '9 days'; the largest unit alone."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            number = seconds // length
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return "less than a minute"
