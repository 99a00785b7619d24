"""CD-3D, CD-4D and CD-M of an animated mesh against the true one, by ActionBench's definition.

Surfaces as points; of each point the distance (not squared) to the nearest one of the other surface, its mean, and the
two directions added up. CD-3D lays every frame onto the truth by itself, CD-4D all frames as the first one. CD-M
follows the same places of both surfaces over time: pairs are made in the first frame, and their distances averaged over
all.

As there: points by area with a seed a frame, the truth's places chosen once and followed. Other than there: how a frame
is laid onto another (`icp`), and how many points, which has a floor of its own: two samples of one surface are apart by
the distance between neighbours, so numbers of different `num_points` are unlike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from eval.metrics.icp import Alignment, Icp, register
from eval.metrics.metric import Better, Metric
from eval.metrics.surface import spots_on
from rigmill.types import Floats, Ints

METRICS = (
    Metric("cd_3d", "CD-3D", "", Better.LOWER, "Chamfer distance of surfaces, every frame laid onto the true one"),
    Metric("cd_4d", "CD-4D", "", Better.LOWER, "Chamfer distance of surfaces, all frames laid as the first one"),
    Metric("cd_m", "CD-M", "", Better.LOWER, "distance over all frames of points that are nearest in the first one"),
)


@dataclass(frozen=True, slots=True)
class ChamferOptions:
    """What a Chamfer distance depends on. ActionBench has 100,000 points, of which it asks 10,000, and seed 44."""

    icp: Icp = Icp.ANISOTROPIC
    num_points: int = 10_000  # of each surface
    num_asked: int = 10_000  # of these, how many look for their nearest
    seed: int = 44


@dataclass(frozen=True, slots=True)
class ChamferScores:
    """In the unit of the vertices, means over frames."""

    cd_3d: float
    cd_4d: float
    cd_m: float


DEFAULT = ChamferOptions()


def chamfer(
    vertices: Floats, faces: Ints, true_vertices: Floats, true_faces: Ints, options: ChamferOptions = DEFAULT
) -> ChamferScores:
    """A mesh of vertices (T, N, 3) against the true one (T, M, 3); they may have other faces, but as many frames."""
    if len(vertices) != len(true_vertices):
        raise ValueError(f"{len(vertices)} frames are held against {len(true_vertices)}")
    # Other points than the found mesh's, also where it is the true one: every method meets the same floor.
    truth = spots_on(true_vertices[0], true_faces, options.num_points, seed=options.seed - 1).at(true_vertices)
    clouds = np.stack(
        [
            spots_on(frame, faces, options.num_points, seed=options.seed + number).at(frame)
            for number, frame in enumerate(vertices)
        ]
    )
    trees = [cKDTree(points) for points in truth]
    first = register(clouds[0], truth[0], options.icp)
    as_first = [
        _cloud_distance(first.moved(cloud), goal, tree, options) for cloud, goal, tree in zip(clouds, truth, trees)
    ]
    alone = as_first
    if options.icp is not Icp.NONE:
        alone = as_first[:1] + [
            _cloud_distance(register(cloud, goal, options.icp).moved(cloud), goal, tree, options)
            for cloud, goal, tree in zip(clouds[1:], truth[1:], trees[1:])
        ]
    followed = spots_on(vertices[0], faces, options.num_points, seed=options.seed).at(vertices)
    return ChamferScores(
        cd_3d=float(np.mean(alone)),
        cd_4d=float(np.mean(as_first)),
        cd_m=_motion_distance(first, followed, truth, trees[0]),
    )


def cloud_distance(found: Floats, truth: Floats) -> float:
    """The Chamfer distance of two clouds (P, 3) and (Q, 3): the mean distance to the nearest, both ways added up."""
    return float(cKDTree(truth).query(found)[0].mean() + cKDTree(found).query(truth)[0].mean())


def motion_distance(found: Floats, truth: Floats) -> float:
    """Of points (T, P, 3) and (T, Q, 3): pairs of the first frame, how far they are apart over all frames."""
    return _motion_distance(None, found, truth, cKDTree(truth[0]))


def _cloud_distance(found: Floats, truth: Floats, tree: cKDTree, options: ChamferOptions) -> float:
    # Points lie in random order, so the first ones are a sample.
    there, _ = tree.query(found[: options.num_asked])
    back, _ = cKDTree(found).query(truth[: options.num_asked])
    return float(there.mean() + back.mean())


def _motion_distance(alignment: Alignment | None, found: Floats, truth: Floats, first_tree: cKDTree) -> float:
    moved = alignment.moved(found) if alignment else found
    _, there = first_tree.query(moved[0])
    _, back = cKDTree(moved[0]).query(truth[0])
    apart = np.linalg.norm(moved - truth[:, there], axis=-1), np.linalg.norm(moved[:, back] - truth, axis=-1)
    return float(apart[0].mean() + apart[1].mean())
