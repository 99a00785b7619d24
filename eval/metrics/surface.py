"""Points spread over a mesh's surface, by area, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.types import Floats, Ints


@dataclass(frozen=True, slots=True)
class Spots:
    """P places on a mesh of certain faces, wherever its vertices are."""

    corners: Ints  # (P, 3) vertices
    weights: Floats  # (P, 3) barycentric

    def at(self, vertices: Floats) -> Floats:
        """Where they are, (..., P, 3), on vertices (..., N, 3)."""
        corners = vertices[..., self.corners, :]
        return np.einsum("...pcx,pc->...px", corners, self.weights)


def spots_on(vertices: Floats, faces: Ints, num_points: int, *, seed: int) -> Spots:
    """`num_points` places by area on a mesh of vertices (N, 3) and faces (F, 3).

    A mesh without any area has its points at the corners of its faces.
    """
    if not len(faces):
        raise ValueError("a mesh without faces has no surface")
    corners = vertices[faces]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=-1)
    reached = np.cumsum(areas) if areas.sum() > 0 else np.arange(1.0, len(faces) + 1)
    rng = np.random.default_rng(seed)
    chosen = np.searchsorted(reached, rng.random(num_points) * reached[-1], side="right")
    root, along = np.sqrt(rng.random(num_points)), rng.random(num_points)
    weights = np.stack([1 - root, root * (1 - along), root * along], axis=-1)
    return Spots(faces[np.minimum(chosen, len(faces) - 1)], weights)
