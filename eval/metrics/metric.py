"""What a metric is called, which way is better, and what it may be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Better(StrEnum):
    """Which way a metric orders methods."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"  # it describes, as the amount of motion does


@dataclass(frozen=True, slots=True)
class Metric:
    """One column of a table. Its name is a key in per-clip JSON and never means anything else."""

    name: str  # mpjpe_pct, ssim, motion_smoothness.dis
    label: str  # as tables print it
    unit: str  # "%", "deg", "dB", "" for shares and numbers without one
    better: Better
    says: str  # one sentence: what is measured, against what
    backend: str = "reconstruction"  # reconstruction, pictures, embedded, vbench, lpips
    comparable_to: str | None = None  # "VBench 0.1.5", "ActionBench"; None: with nothing but itself
