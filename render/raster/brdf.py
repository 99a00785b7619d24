"""Blender's Principled surface under even light and under suns with a disc: what can be integrated beforehand.

GGX with Smith's shadowing, energy lost by single scattering given back as Cycles does (Turquin 2019). Numbers come
from integration here, once per process.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from render.raster.groups import Tables
from rigmill.types import Floats

NUM_VIEWS, NUM_ROUGHNESSES, NUM_HALVES = 32, 32, 192
MIN_ROUGHNESS = 0.03
INDEX = 1.5  # of refraction, whose Fresnel curve all dielectrics get between their own ends


def dielectric(cosine: Floats) -> Floats:
    """Fresnel's reflectance of INDEX from its value facing (0) to grazing (1)."""
    sine = 1 - cosine**2
    inside = np.sqrt(INDEX**2 - sine)
    across = (cosine - inside) / (cosine + inside)
    along = (INDEX**2 * cosine - inside) / (INDEX**2 * cosine + inside)
    facing = ((INDEX - 1) / (INDEX + 1)) ** 2
    curve: Floats = ((across**2 + along**2) / 2 - facing) / (1 - facing)
    return curve


def half_angle(column: Floats) -> Floats:
    """The angle in radians that a column 0..NUM_HALVES - 1 of the lobe table stands for: finer near 0."""
    angle: Floats = np.arccos(1 - (column / (NUM_HALVES - 1)) ** 2)
    return angle


def make_tables(sun_angles_deg: tuple[float, ...]) -> Tables:
    """The tables for suns of these diameters."""
    lobe = np.array([_lobes(angle) for angle in sun_angles_deg], np.float32)
    return Tables(sky=_SKY, mean=_MEAN, lobe=lobe.reshape(-1, NUM_ROUGHNESSES, NUM_HALVES), curve=_CURVE)


def _reflected(cosines: Floats, alpha: float) -> Floats:
    """Reflected shares (V, 3) of an even sky, by sampling the normals that the viewer sees (Heitz 2018)."""
    num = 32
    first, second = (np.stack(np.meshgrid(np.arange(num), np.arange(num)), axis=-1).reshape(-1, 2).T + 0.5) / num
    view = np.stack([np.sqrt(1 - cosines**2), np.zeros_like(cosines), cosines], axis=-1)
    stretched = view * [alpha, alpha, 1.0]
    stretched /= np.linalg.norm(stretched, axis=-1, keepdims=True)
    x, z = stretched[:, :1], stretched[:, 2:]
    radius, turn = np.sqrt(first), 2 * math.pi * second
    p, q = radius * np.cos(turn), radius * np.sin(turn)
    lean = (1 + z) / 2
    q = (1 - lean) * np.sqrt(1 - p**2) + lean * q
    r = np.sqrt(np.maximum(0, 1 - p**2 - q**2))
    # The view is in the xz plane, so the basis around it is (0, 1, 0) and (-z, 0, x).
    half = np.stack([-q * z + r * x, np.broadcast_to(p, q.shape), q * x + r * z], axis=-1) * [alpha, alpha, 1.0]
    half[..., 2] = np.maximum(half[..., 2], 1e-9)
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    cosine = np.clip((half * view[:, None]).sum(axis=-1), 0, 1)
    light = 2 * cosine[..., None] * half - view[:, None]
    weight = np.where(light[..., 2] > 0, _share(light[..., 2], view[:, None, 2], alpha), 0)
    kinds = np.stack([np.ones_like(cosine), dielectric(cosine), (1 - cosine) ** 5], axis=-1)
    shares: Floats = (weight[..., None] * kinds).mean(axis=1)
    return shares


def _share(light: Floats, view: Floats, alpha: float) -> Floats:
    """Smith's height-correlated shadowing given that the viewer sees the facet: G2 / G1."""
    light = np.maximum(light, 1e-6)

    def hidden(cosine: Floats) -> Floats:
        return np.asarray((np.sqrt(1 + alpha**2 * (1 / cosine**2 - 1)) - 1) / 2)

    return np.asarray((1 + hidden(view)) / (1 + hidden(view) + hidden(light)))


@lru_cache(maxsize=8)
def _lobes(sun_angle_deg: float) -> Floats:
    """GGX's D (roughness, NUM_HALVES), averaged over the half vectors of a sun's disc: half as wide as the disc."""
    rings, spokes = 6, 12
    r = math.radians(sun_angle_deg) / 4 * np.sqrt((np.arange(rings) + 0.5) / rings)[:, None]
    turn = 2 * math.pi * (np.arange(spokes) + 0.5) / spokes
    x, y = (r * np.cos(turn)).reshape(-1), (r * np.sin(turn)).reshape(-1)
    angle = np.minimum(np.hypot(half_angle(np.arange(float(NUM_HALVES)))[:, None] + x, y), math.pi / 2)
    cosine2 = np.cos(angle) ** 2
    alpha2 = (np.maximum(_ROUGHNESSES, MIN_ROUGHNESS) ** 4)[:, None, None]
    mean: Floats = (alpha2 / (math.pi * (cosine2 * (alpha2 - 1) + 1) ** 2)).mean(axis=-1)
    return mean


# Computed when this is imported, so that forked children need not.
_ROUGHNESSES, _COSINES = np.linspace(0, 1, NUM_ROUGHNESSES), np.linspace(0, 1, NUM_VIEWS)
_SKY = np.array(
    [_reflected(np.maximum(_COSINES, 1e-3), max(roughness, MIN_ROUGHNESS) ** 2) for roughness in _ROUGHNESSES.tolist()]
).astype(np.float32)
_WEIGHTS = _COSINES * np.where((_COSINES == 0) | (_COSINES == 1), 0.5, 1.0)
_MEAN = (_SKY[..., 0] @ _WEIGHTS / _WEIGHTS.sum()).astype(np.float32)
_FINE = (np.arange(512) + 0.5) / 512
_CURVE = float((dielectric(_FINE) * _FINE).sum() / _FINE.sum())
