"""Which sample is drawn when: a weighted mixture of sources whose whole state is one integer.

Draw t of a run is a pure function of (seed, t), so ranks split the draws by arithmetic, a resumed run continues
at t, and the number of ranks does not change what is drawn. Proportions are exact in every block, not on average.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rigmill.storage.files import canonical_json
from rigmill.types import Ints

MAX_BLOCK = 10_000
TOLERANCE = 1e-3  # largest relative error of a source's share


def keyed_generator(seed: int, *purpose: Any) -> np.random.Generator:
    """A random generator that is a function of (seed, purpose) alone; purposes are JSON-able."""
    name = hashlib.sha256(canonical_json([seed, *purpose]).encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(name[:16], "big")))


@lru_cache(maxsize=64)
def keyed_permutation(size: int, seed: int, *purpose: Any) -> Ints:
    """A permutation (size,) that is a function of (seed, purpose) alone.

    It sorts the generator's raw integers: unlike `Generator.permutation`, those are promised never to change
    from one numpy to the next.
    """
    order = np.argsort(keyed_generator(seed, *purpose).bit_generator.random_raw(size), kind="stable")
    order.flags.writeable = False  # the cache hands out one array many times
    return order


def block_counts(weights: Mapping[str, float]) -> dict[str, int]:
    """How often each source appears in one block: the smallest whole numbers in the weights' proportion."""
    total = math.fsum(weights.values())
    if not weights or min(weights.values()) <= 0 or not math.isfinite(total):
        raise ValueError(f"mixture weights must be positive numbers: {dict(weights)}")
    shares = {name: weights[name] / total for name in sorted(weights)}
    for size in range(len(shares), MAX_BLOCK + 1):
        counts = {name: round(share * size) for name, share in shares.items()}
        close = all(abs(counts[name] - share * size) <= TOLERANCE * share * size for name, share in shares.items())
        if close and sum(counts.values()) == size:
            return counts
    raise ValueError(f"mixture weights need a block of more than {MAX_BLOCK} draws: {dict(weights)}")


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw: an item of a source, and how often that source had been gone through before."""

    source: str
    item: int
    num_passes: int


class Mixture:
    """Weighted draws from sources of given sizes; every item of a source is drawn once before any is drawn again."""

    def __init__(self, sizes: Mapping[str, int], *, weights: Mapping[str, float], seed: int) -> None:
        if set(sizes) != set(weights) or min(sizes.values(), default=0) <= 0:
            raise ValueError(f"every weighted source needs items and every source a weight: {sizes}, {weights}")
        self.sizes, self.seed = dict(sizes), seed
        self.counts = block_counts(weights)
        self.block = tuple(name for name, count in self.counts.items() for _ in range(count))
        self._last: tuple[int, list[tuple[str, int]]] = -1, []

    def draw(self, position: int) -> Draw:
        """The draw at `position` of the run (0, 1, 2, ...)."""
        block, slot = divmod(position, len(self.block))
        source, earlier = self._laid_out(block)[slot]
        num_passes, place = divmod(block * self.counts[source] + earlier, self.sizes[source])
        items = keyed_permutation(self.sizes[source], self.seed, "pass", source, num_passes)
        return Draw(source=source, item=int(items[place]), num_passes=num_passes)

    def _laid_out(self, block: int) -> list[tuple[str, int]]:
        """Of every slot of a block its source, and how many slots of the block before it have the same.

        The last block is kept: draws mostly follow each other, and a block may have thousands of slots.
        """
        known, slots = self._last
        if known != block:
            seen: Counter[str] = Counter()
            slots = []
            for index in keyed_permutation(len(self.block), self.seed, "block", block).tolist():
                source = self.block[index]
                slots.append((source, seen[source]))
                seen[source] += 1
            self._last = block, slots  # one assignment: threads may draw side by side
        return slots
