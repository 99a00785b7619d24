"""2D joints as the paper has them (3.3): k-means++ over the colours of a pose map's foreground. For comparison.

As many clusters as there are joints and one for the lines; a joint is at the mean place of the pixels in the cluster
whose colour is nearest to its own. The paper does not say how clusters are matched to joints; this is the most it can.
"""

from __future__ import annotations

import numpy as np

from rigmill.compiled import compiled
from rigmill.types import Bytes, Floats, Ints

_DARK = 24  # per channel: what is darker in all three is background
_ROUNDS = 20
_FAR = 80.0  # RGB units between a joint's colour and its cluster's from which the joint is missing
_LEAST_PIXELS = 3


@compiled("void(float64[:, ::1], float64[::1], int64, float64[:, ::1], int64[::1])", nogil=True)
def k_means(points: Floats, chances: Floats, rounds: int, centres: Floats, owners: Ints) -> None:
    """k-means++ of points (N, 3) into `centres` (K, 3) and `owners` (N,); `chances` (K,) in 0..1 choose the seeds."""
    num, size = points.shape[0], centres.shape[0]
    nearest = np.full(num, np.inf)
    for chosen in range(size):
        total = 0.0
        for index in range(num):
            total += nearest[index] if chosen else 1.0
        left, pick = chances[chosen] * total, num - 1
        for index in range(num):
            left -= nearest[index] if chosen else 1.0
            if left < 0.0:
                pick = index
                break
        centres[chosen] = points[pick]
        for index in range(num):
            square = 0.0
            for channel in range(3):
                square += (points[index, channel] - centres[chosen, channel]) ** 2
            nearest[index] = min(nearest[index], square)
    sums = np.empty((size, 4))
    for _ in range(rounds):
        sums[:] = 0.0
        changed = 0
        for index in range(num):
            best, least = 0, np.inf
            for cluster in range(size):
                square = 0.0
                for channel in range(3):
                    square += (points[index, channel] - centres[cluster, channel]) ** 2
                if square < least:
                    best, least = cluster, square
            changed += owners[index] != best
            owners[index] = best
            for channel in range(3):
                sums[best, channel] += points[index, channel]
            sums[best, 3] += 1.0
        for cluster in range(size):
            if sums[cluster, 3] > 0.0:
                for channel in range(3):
                    centres[cluster, channel] = sums[cluster, channel] / sums[cluster, 3]
        if changed == 0:
            break


def clustered(maps: Bytes, *, colours: Bytes, seed: int = 0) -> tuple[Floats, Floats]:
    """Centres (T, J, 2) in pixels, NaN if missing, and 1 or 0, if missing, (T, J), of maps (T, H, W, 3)."""
    num = len(colours)
    places, trust = np.full((len(maps), num, 2), np.nan), np.zeros((len(maps), num))
    rng = np.random.default_rng(seed)
    for frame, picture in enumerate(maps):
        chances = rng.random(num + 1)
        ys, xs = np.nonzero((picture > _DARK).any(axis=-1))
        if len(ys) <= num:
            continue
        centres, owners = np.zeros((num + 1, 3)), np.full(len(ys), -1)
        k_means(np.ascontiguousarray(picture[ys, xs], dtype=np.float64), chances, _ROUNDS, centres, owners)
        away = np.linalg.norm(colours[:, None].astype(np.float64) - centres, axis=-1)
        nearest = np.argmin(away, axis=1)
        count = np.bincount(owners, minlength=num + 1)[nearest]
        found = (away[np.arange(num), nearest] <= _FAR) & (count >= _LEAST_PIXELS)
        sums = [np.bincount(owners, weights=axis + 0.5, minlength=num + 1)[nearest] for axis in (xs, ys)]
        places[frame, found] = (np.stack(sums, axis=-1) / np.maximum(count, 1)[:, None])[found]
        trust[frame, found] = 1.0
    return places, trust
