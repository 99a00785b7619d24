"""Parts of shading: how a surface reflects even light and suns, from the tables of brdf.py."""

from __future__ import annotations

import math

from render.raster.brdf import NUM_HALVES, NUM_ROUGHNESSES, NUM_VIEWS
from rigmill.compiled import inlined
from rigmill.types import Floats


@inlined
def from_sky(sky: Floats, roughness: float, cosine: float) -> tuple[float, float, float]:
    """The three reflected shares of even light, between the table's entries."""
    row, column = roughness * (NUM_ROUGHNESSES - 1), cosine * (NUM_VIEWS - 1)
    i, j = min(int(row), NUM_ROUGHNESSES - 2), min(int(column), NUM_VIEWS - 2)
    p, q = row - i, column - j
    a, b, c, d = (1 - p) * (1 - q), (1 - p) * q, p * (1 - q), p * q
    return (
        a * sky[i, j, 0] + b * sky[i, j + 1, 0] + c * sky[i + 1, j, 0] + d * sky[i + 1, j + 1, 0],
        a * sky[i, j, 1] + b * sky[i, j + 1, 1] + c * sky[i + 1, j, 1] + d * sky[i + 1, j + 1, 1],
        a * sky[i, j, 2] + b * sky[i, j + 1, 2] + c * sky[i + 1, j, 2] + d * sky[i + 1, j + 1, 2],
    )


@inlined
def from_sun(lobe: Floats, sun: int, roughness: float, cosine: float) -> float:
    """GGX's D averaged over a sun's disc, where the half vector has `cosine` with the normal."""
    row = roughness * (NUM_ROUGHNESSES - 1)
    column = math.sqrt(1.0 - min(max(cosine, 0.0), 1.0)) * (NUM_HALVES - 1)
    i, j = min(int(row), NUM_ROUGHNESSES - 2), min(int(column), NUM_HALVES - 2)
    p, q = row - i, column - j
    return (1 - p) * ((1 - q) * lobe[sun, i, j] + q * lobe[sun, i, j + 1]) + p * (
        (1 - q) * lobe[sun, i + 1, j] + q * lobe[sun, i + 1, j + 1]
    )


@inlined
def risen(cosine: float, sine: float) -> float:
    """Mean cosine over a disc with `cosine` at its centre and `sine` of its radius; under the horizon it is dark."""
    if cosine >= sine:
        return cosine
    if cosine <= -sine:
        return 0.0
    return (cosine + sine) ** 2 / (4 * sine)


@inlined
def share_above(cosine: float, sine: float) -> float:
    """The share of that disc that is above the horizon."""
    x = min(max(cosine / sine, -1.0), 1.0)
    return 0.5 + (x * math.sqrt(1 - x * x) + math.asin(x)) / math.pi


@inlined
def schlick(cosine: float) -> float:
    """Schlick's weight of the grazing reflection, (1 - cosine)^5."""
    x = 1.0 - cosine
    return x * x * x * x * x


@inlined
def returned(fresnel: float, kept: float) -> float:
    """Of the light that a single reflection loses, the share that comes back after several, as Cycles has it."""
    return fresnel * kept / (1 - fresnel * (1 - kept))
