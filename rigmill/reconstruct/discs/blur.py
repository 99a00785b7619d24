"""How much of a pixel a blurred disc or line covers, by distance: tables that `measure` and `localize` look up."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from rigmill.types import Floats

STEP_PX = 0.0625  # of the tables
_BLURS = np.linspace(0.0, 3.0, 31)
# Inside the edge: where the ring begins and ends that tells the blur. Near the edge it tells most; under noise, discs'
# middles are not known as well, and the ring has to be farther inside.
_RING_PX, _NOISY_RING_PX = (1.8, 0.4), (3.0, 1.5)
_LEAST_END_PX = 1.5


def _blurred(cover: Floats, blur_px: float) -> Floats:
    if blur_px < STEP_PX:
        return cover
    sigma = blur_px / STEP_PX
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), sigmaX=sigma, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE))


@lru_cache(maxsize=64)
def disc_profile(radius_px: float, blur_px: float) -> Floats:
    """Coverage (N,) of a pixel by its distance from the centre of a disc as `posemap` draws it, then blurred.

    At distances 0, STEP_PX, ...; the last one is 0.
    """
    reach = radius_px + 1.0 + 3.0 * blur_px
    num = int(np.ceil(reach / STEP_PX)) + 1
    axis = np.arange(-num, num + 1) * STEP_PX
    cover = np.clip(radius_px + 0.5 - np.hypot(axis[:, None], axis), 0.0, 1.0)
    profile = np.append(_blurred(cover, blur_px)[num, num:], 0.0)
    return profile


@lru_cache(maxsize=64)
def line_profile(half_px: float, blur_px: float) -> Floats:
    """The same across a line that covers pixels wholly to `half_px` - 0.5 and not at all from `half_px` + 0.5."""
    num = int(np.ceil((half_px + 1.0 + 3.0 * blur_px) / STEP_PX)) + 1
    axis = np.arange(-num, num + 1) * STEP_PX
    cover = np.clip(half_px + 0.5 - np.abs(axis), 0.0, 1.0)[None].repeat(3, axis=0)
    profile = np.append(_blurred(cover, blur_px)[1, num:], 0.0)
    return profile


def peak_of(radius_px: float, blur_px: float) -> float:
    """What is left of a disc's colour in its middle."""
    return float(disc_profile(radius_px, round(blur_px, 2))[0])


def blur_of(radius_px: float, rims: Floats, *, is_noisy: bool) -> float:
    """The blur, in pixels, after which discs fade towards their edges as these do: the median over the discs.

    `rims` (N, 2, P): pixels' distances from the disc's middle, and their shares of its colour. The ring just inside the
    edge tells it for discs of any size; what lies outside may belong to lines and neighbours.
    """
    distances, shares = rims[:, 0], rims[:, 1]
    begin, end = _NOISY_RING_PX if is_noisy else _RING_PX
    ring = (distances >= radius_px - begin) & (distances <= max(radius_px - end, _LEAST_END_PX))
    num = np.maximum(ring.sum(axis=1), 1)
    seen = (shares * ring).sum(axis=1) / num
    expected = []
    for blur in _BLURS:
        profile = disc_profile(radius_px, round(float(blur), 2))
        cover = np.interp(distances / STEP_PX, np.arange(len(profile)), profile)
        expected.append((cover * ring).sum(axis=1) / num)
    curves = np.stack(expected, axis=1)  # (N, blurs), falling
    found = [float(np.interp(-own, -curve, _BLURS)) for own, curve in zip(seen, curves)]
    return round(float(np.median(found)), 2)
