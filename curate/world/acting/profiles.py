"""Curves over a take's share (0..1), from which motions are put together."""

from __future__ import annotations

import numpy as np

from rigmill.types import Floats


def ease(share: Floats, start: float = 0.0, end: float = 1.0) -> Floats:
    """0 before `start`, 1 after `end`, without a jerk between."""
    u = np.clip((share - start) / max(end - start, 1e-9), 0.0, 1.0)
    return np.asarray(u * u * u * (10 - 15 * u + 6 * u * u))


def bump(share: Floats, start: float, rise: float, fall: float, end: float) -> Floats:
    """0, up to 1 from `start` to `rise`, held to `fall`, back to 0 at `end`."""
    return ease(share, start, rise) * (1 - ease(share, fall, end))


def snap(share: Floats, start: float, hit: float, end: float) -> Floats:
    """0, fast up to 1 from `start` to `hit`, slowly back to 0 at `end`: a blow."""
    up = np.clip((share - start) / max(hit - start, 1e-9), 0.0, 1.0) ** 2
    return np.asarray(up * (1 - ease(share, hit + 0.02, end)))


def stopped(share: Floats, start: float, end: float, *, bounce: float = 0.0) -> Floats:
    """0 to 1 as a thing that is pushed and meets a stop: it slows little, and springs back by `bounce`."""
    u = np.clip((share - start) / max(end - start, 1e-9), 0.0, 1.0)
    way = np.where(u < 1, np.sin(u * np.pi / 2) ** 1.6, 1.0)
    after = np.maximum(share - end, 0.0) * 14
    back = bounce * np.abs(np.sin(after)) * np.exp(-0.9 * after)
    return np.asarray(np.minimum(way - back, 1.0))


def cycle(share_of_cycles: Floats) -> Floats:
    """Phase in radians of cycles counted from 0."""
    return 2 * np.pi * share_of_cycles
