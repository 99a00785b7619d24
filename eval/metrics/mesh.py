"""How far the vertices of a mesh are from the true ones, where both are the same mesh."""

from __future__ import annotations

import numpy as np

from eval.metrics.metric import Better, Metric
from rigmill.types import Floats

METRICS = (
    Metric(
        "vertex_error_pct",
        "vertex error",
        "%",
        Better.LOWER,
        "mean distance of vertices from the true ones, of the height; only where the faces are the same",
    ),
    Metric(
        "vertex_error_p95_pct",
        "vertex error, 95 % below",
        "%",
        Better.LOWER,
        "the distance from the true ones below which 95 % of vertices and frames stay, of the height",
    ),
)


def vertex_error_pct(found: Floats, truth: Floats, *, height: float) -> float:
    """The mean distance between vertices (T, N, 3) of one order, in per cent of the height."""
    return float(100 * _distances(found, truth).mean() / height)


def vertex_error_p95_pct(found: Floats, truth: Floats, *, height: float) -> float:
    """The 95th percentile of the distances between vertices (T, N, 3)."""
    return float(100 * np.percentile(_distances(found, truth), 95) / height)


def _distances(found: Floats, truth: Floats) -> Floats:
    if found.shape != truth.shape:
        raise ValueError(f"vertices {found.shape} are held against {truth.shape}: not the same mesh")
    return np.linalg.norm(found - truth, axis=-1)
