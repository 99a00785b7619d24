"""How sure a mean over clips is: bootstrap intervals, the same for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from rigmill.types import Ints

LEVEL = 0.95
DRAWS = 10_000


def mean_interval(values: Sequence[float], *, seed: int = 0) -> tuple[float, float] | None:
    """The interval in which the mean over clips would be, were they drawn again: percentiles of a seeded bootstrap.

    None of fewer than two clips. The draws are a function of seed and number of clips, so that all methods of a table
    have the same.
    """
    if len(values) < 2:
        return None
    means = np.asarray(values, dtype=np.float64)[_draws(len(values), seed)].mean(axis=1)
    low, high = np.percentile(means, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)


@lru_cache(maxsize=8)
def _draws(count: int, seed: int) -> Ints:
    return np.random.default_rng([seed, count]).integers(0, count, size=(DRAWS, count))
