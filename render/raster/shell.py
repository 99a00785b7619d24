"""Telling a shell, whose faces look inwards, from a body."""

from __future__ import annotations

import math

import numpy as np

from rigmill.rigs.moments import triangle_areas
from rigmill.types import Floats

# Of the volume of a ball with the same surface: less than this, and the faces look inwards as those of a shell do.
_INWARDS = -0.05
_BALL = 1 / (6 * math.sqrt(math.pi))  # volume over area ** 1.5


def looks_inwards(corners: Floats) -> bool:
    """Whether triangles (K, 3, 3), counter-clockwise from their fronts, surround something with their fronts to it."""
    areas = triangle_areas(corners)
    area = float(areas.sum())
    if not area > 0:
        return False
    centre = (corners.mean(axis=1) * areas[:, None]).sum(axis=0) / area
    a, b, c = (corners[:, corner] - centre for corner in range(3))
    volume = float(np.einsum("kc,kc->", a, np.cross(b, c))) / 6
    return volume < _INWARDS * _BALL * area**1.5
