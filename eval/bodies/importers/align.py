"""Where a result lies against the asset that it was made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eval.bodies.body import Body
from rigmill.types import Floats

NEAR = 0.02  # of the asset's size: fits that leave more apart are none
_AS_IT_IS = 1e-4  # of the size: nearer than that nothing is moved


@dataclass(frozen=True, slots=True)
class Similarity:
    """x -> scale * rotation @ x + shift."""

    scale: float
    rotation: Floats  # (3, 3)
    shift: Floats  # (3,)

    def __call__(self, points: Floats) -> Floats:
        return np.asarray(self.scale * points @ self.rotation.T + self.shift)


def similarity(points: Floats, onto: Floats) -> Similarity:
    """The similarity that brings points (N, 3) nearest to as many others, in the mean of squares (Umeyama)."""
    middle, target = points.mean(axis=0), onto.mean(axis=0)
    centred, wanted = points - middle, onto - target
    left, sizes, right = np.linalg.svd(wanted.T @ centred)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right)) or 1.0])
    rotation = (left * signs) @ right
    spread = float((centred**2).sum())
    scale = float((sizes * signs).sum()) / spread if spread > 0 else 1.0
    return Similarity(scale, rotation, target - scale * rotation @ middle)


def onto_asset(points: Floats, asset: Floats) -> tuple[Similarity | None, float]:
    """What brings points onto the same ones of the asset (None: nothing), and how far apart they stay, of its size."""
    size = float(np.ptp(asset, axis=0).max()) or 1.0
    if np.abs(points - asset).max() <= _AS_IT_IS * size:
        return None, 0.0
    change = similarity(points, asset)
    return change, float(np.linalg.norm(change(points) - asset, axis=-1).max()) / size


def shared_points(body: Body, asset: Body) -> tuple[Floats, Floats] | None:
    """Points of a body at rest, and the same of the asset: vertices of equal faces, or joints of equal names."""
    if (
        body.faces.shape == asset.faces.shape
        and (body.faces == asset.faces).all()
        and len(body.rest) == len(asset.rest)
    ):
        return body.rest, asset.rest
    if body.bones is None or asset.bones is None:
        return None
    place = {name: index for index, name in enumerate(asset.bones.names)}
    both = [(index, place[name]) for index, name in enumerate(body.bones.names) if name in place]
    if len(both) < 3:
        return None
    mine, theirs = (np.array(part) for part in zip(*both))
    return body.bones.rest[mine], asset.bones.rest[theirs]
