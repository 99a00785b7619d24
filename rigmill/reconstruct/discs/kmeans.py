"""2D joints as the paper has them (3.3): k-means++ over the colours of a pose map's foreground. For comparison.

As many clusters as there are joints and one for the lines; a joint is at the mean place of the pixels in the cluster
whose colour is nearest to its own. The paper does not say how clusters are matched to joints; this is the most it can.
OpenCV's k-means++ tries three places for every next seed and takes the best, and gives a cluster that has lost all its
pixels one from the largest; otherwise it is the textbook's. The one door to it is `Options.method`.
"""

from __future__ import annotations

import cv2
import numpy as np

from rigmill.types import Bytes, Floats

_DARK = 24  # per channel: what is darker in all three is background
_ROUNDS = 20
_FAR = 80.0  # RGB units between a joint's colour and its cluster's from which the joint is missing
_LEAST_PIXELS = 3


def clustered(maps: Bytes, *, colours: Bytes, seed: int = 0) -> tuple[Floats, Floats]:
    """Centres (T, J, 2) in pixels, NaN if missing, and 1 or 0, if missing, (T, J), of maps (T, H, W, 3)."""
    num = len(colours)
    places, trust = np.full((len(maps), num, 2), np.nan), np.zeros((len(maps), num))
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, _ROUNDS, 0.0)
    for frame, picture in enumerate(maps):
        ys, xs = np.nonzero((picture > _DARK).any(axis=-1))
        if len(ys) <= num:
            continue
        cv2.setRNGSeed(seed + frame)  # of this thread
        pixels = picture[ys, xs].astype(np.float32)
        _, labels, centres = cv2.kmeans(pixels, num + 1, None, stop, 1, cv2.KMEANS_PP_CENTERS)
        owners = labels.ravel()
        away = np.linalg.norm(colours[:, None].astype(np.float64) - centres, axis=-1)
        nearest = np.argmin(away, axis=1)
        count = np.bincount(owners, minlength=num + 1)[nearest]
        found = (away[np.arange(num), nearest] <= _FAR) & (count >= _LEAST_PIXELS)
        sums = [np.bincount(owners, weights=axis + 0.5, minlength=num + 1)[nearest] for axis in (xs, ys)]
        places[frame, found] = (np.stack(sums, axis=-1) / np.maximum(count, 1)[:, None])[found]
        trust[frame, found] = 1.0
    return places, trust
