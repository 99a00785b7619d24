"""How much of a pixel a blurred disc or line covers, by distance: tables that `measure` and `localize` look up."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from rigmill.types import Floats

STEP_PX = 0.0625  # of the tables
_BLURS = np.linspace(0.0, 3.0, 31)


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


@lru_cache(maxsize=256)
def _cross(radius_px: float, blur_px: float) -> float:
    """Mean coverage of the pixel that the centre is in and of its four neighbours, over all places in it."""
    profile = disc_profile(radius_px, blur_px)
    inside = (np.arange(8) + 0.5) / 8 - 0.5
    total = 0.0
    for x, y in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
        distance = np.hypot(x - inside[:, None], y - inside)
        total += float(np.interp(distance / STEP_PX, np.arange(len(profile)), profile).mean())
    return total / 5


def peak_of(radius_px: float, blur_px: float) -> float:
    """What is left of a disc's colour in its middle."""
    return float(disc_profile(radius_px, round(blur_px, 2))[0])


def blur_of(radius_px: float, cross: float) -> float:
    """The blur, in pixels, after which the middle pixel and its four neighbours have this share of the colour."""
    shares = np.array([_cross(radius_px, float(blur)) for blur in _BLURS])
    return round(float(np.interp(-cross, -shares, _BLURS)), 2)
