"""Surfaces of generated assets in plain numpy: soft unions of capsules, lofted wings, boxes; with skin weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from render.blender.procedural.rig import Skeleton
from rigmill.types import Floats, Ints

Paint = Callable[[Floats, Floats], Floats]  # points (N, 3) and face normals (N, 3) at rest -> sRGB in 0..1 (N, 3)
WEIGHT_DECIMALS = 4
CHUNK = 8192  # points at a time: temporary arrays stay in the cache
POINT_DECIMALS = 5  # a hundredth of a millimetre: swallows the last bits in which numpy builds differ


@dataclass(frozen=True, slots=True)
class Shell:
    """A skinned quad surface. vertices (V, 3), quads (F, 4) seen anticlockwise from outside, weights (V, J)."""

    vertices: Floats
    quads: Ints
    weights: Floats
    paint: Paint
    smooth: bool = True


@dataclass(frozen=True, slots=True)
class Blob:
    """A capsule from a to b whose radius goes from `radii[0]` to `radii[1]`, squeezed by `squeeze` about its axis."""

    bone: str
    a: Floats
    b: Floats
    radii: tuple[float, float]
    squeeze: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blend: float = 0.03  # metres over which it melts into its neighbours
    label: str = ""


def distances(blobs: Sequence[Blob], points: Floats) -> Floats:
    """Approximate signed distance of points (N, 3) to every blob, (N, B), metres; negative inside."""
    result = np.empty((len(points), len(blobs)))
    for start in range(0, len(points), CHUNK):
        some = np.ascontiguousarray(points[start : start + CHUNK].T)
        for number, blob in enumerate(blobs):
            result[start : start + CHUNK, number] = _distance(blob, some)
    return result


def _distance(blob: Blob, points: Floats) -> Floats:
    """The same for one blob and points (3, N)."""
    squeeze = np.array(blob.squeeze)
    axis = (blob.b - blob.a) / squeeze
    x, y, z = ((points[side] - blob.a[side]) / squeeze[side] for side in range(3))
    length = float(axis @ axis)
    radius: Floats | float = blob.radii[0]
    if length > 1e-12:
        along = np.clip((x * axis[0] + y * axis[1] + z * axis[2]) / length, 0.0, 1.0)
        radius = blob.radii[0] + along * (blob.radii[1] - blob.radii[0])
        x, y, z = x - along * axis[0], y - along * axis[1], z - along * axis[2]
    x, y, z = x * x, y * y, z * z
    square = x + y + z
    away = np.sqrt(square) - radius
    if blob.squeeze == (1.0, 1.0, 1.0):
        return away
    # Lengths shrink with the squeeze along the way out; without this a flat blob would look too far away.
    outward = (x * squeeze[0] + y * squeeze[1] + z * squeeze[2]) / np.maximum(square, 1e-12)
    return away * np.maximum(outward, squeeze.min())


def soft_union(blobs: Sequence[Blob], points: Floats) -> Floats:
    """Signed distance (N,) to the blobs melted together."""
    each = distances(blobs, points)
    union = each[:, 0]
    for number, blob in enumerate(blobs[1:], start=1):
        other = each[:, number]
        overlap = np.maximum(blob.blend - np.abs(union - other), 0.0) / blob.blend
        union = np.minimum(union, other) - overlap * overlap * blob.blend * 0.25
    return union


def surface_net(blobs: Sequence[Blob], voxel: float) -> tuple[Floats, Ints]:
    """Vertices (V, 3) and quads (F, 4) of the melted surface, about one vertex per voxel that it passes through."""
    reach = np.array([max(blob.radii) * max(blob.squeeze) for blob in blobs])[:, None]
    low = np.min([np.minimum(blob.a, blob.b) for blob in blobs] - reach, axis=0) - 2.5 * voxel
    high = np.max([np.maximum(blob.a, blob.b) for blob in blobs] + reach, axis=0) + 2.5 * voxel
    shape = np.ceil((high - low) / voxel).astype(int) + 1
    low = (low + high - (shape - 1) * voxel) / 2  # symmetric bodies get symmetric grids
    grid = np.stack(np.meshgrid(*[np.arange(size) for size in shape], indexing="ij"), axis=-1)
    values = soft_union(blobs, low + voxel * grid.reshape(-1, 3)).reshape(shape)

    sums = np.zeros((*shape, 3))
    counts = np.zeros(shape)
    corners: list[Ints] = []
    for axis in range(3):
        here, there = np.take(values, range(shape[axis] - 1), axis), np.take(values, range(1, shape[axis]), axis)
        edges = np.argwhere((here < 0) != (there < 0))
        first, second = here[tuple(edges.T)], there[tuple(edges.T)]
        crossing = edges.astype(np.float64)
        crossing[:, axis] += first / (first - second)
        one, two = (axis + 1) % 3, (axis + 2) % 3
        around = []
        for back_one, back_two in ((1, 1), (0, 1), (0, 0), (1, 0)):
            cell = edges.copy()
            cell[:, one] -= back_one
            cell[:, two] -= back_two
            np.add.at(sums, tuple(cell.T), crossing)
            np.add.at(counts, tuple(cell.T), 1)
            around.append(np.ravel_multi_index(tuple(cell.T), tuple(shape)))
        quads = np.stack(around, axis=1)
        quads[first >= 0] = quads[first >= 0][:, ::-1]
        corners.append(quads)
    flat = np.concatenate(corners)
    used, quads = np.unique(flat, return_inverse=True)
    vertices = low + voxel * (sums.reshape(-1, 3)[used] / counts.reshape(-1)[used][:, None])
    quads = quads.reshape(-1, 4)
    for _ in range(3):
        vertices = _settled(blobs, vertices + 0.5 * (neighbour_mean(vertices, quads) - vertices), voxel)
    return vertices, quads


def _settled(blobs: Sequence[Blob], vertices: Floats, voxel: float) -> Floats:
    """The vertices moved onto the surface along its gradient."""
    step = 0.02 * voxel
    value = soft_union(blobs, vertices)
    gradient = np.stack(
        [
            (soft_union(blobs, vertices + step * axis) - soft_union(blobs, vertices - step * axis)) / (2 * step)
            for axis in np.eye(3)
        ],
        axis=1,
    )
    length = np.maximum(np.einsum("ni,ni->n", gradient, gradient), 0.25)
    move = -value[:, None] * gradient / length[:, None]
    return vertices + np.clip(move, -0.5 * voxel, 0.5 * voxel)


def neighbour_mean(values: Floats, quads: Ints) -> Floats:
    """For each vertex the mean of `values` (V, C) over the vertices that it shares a quad's side with."""
    sums, counts = np.zeros_like(values), np.zeros((len(values), 1))
    for side in range(4):
        start, end = quads[:, side], quads[:, (side + 1) % 4]
        for here, there in ((start, end), (end, start)):
            np.add.at(sums, here, values[there])
            np.add.at(counts, here, 1)
    return sums / np.maximum(counts, 1)


def blob_weights(
    blobs: Sequence[Blob], skeleton: Skeleton, vertices: Floats, quads: Ints, *, softness: float, smoothing: int = 4
) -> Floats:
    """Skin weights (V, J): the nearest bone and its parent and children by distance, smoothed over the surface.

    Only neighbours of the nearest bone count, and `Left...` bones count on their side alone, so that one leg hardly
    pulls at the other.
    """
    names = list(skeleton.names)
    each = distances(blobs, vertices)
    to_bone = np.full((len(vertices), len(names)), np.inf)
    for number, blob in enumerate(blobs):
        column = names.index(blob.bone)
        to_bone[:, column] = np.minimum(to_bone[:, column], each[:, number])
    linked = np.eye(len(names), dtype=bool)
    for child, parent in enumerate(skeleton.parents):
        if parent >= 0:
            linked[child, parent] = linked[parent, child] = True
    nearest = to_bone.argmin(axis=1)
    excess = to_bone - to_bone.min(axis=1, keepdims=True)
    weights = np.where(linked[nearest], np.exp(-excess / softness), 0.0)
    for column, name in enumerate(names):
        if name.startswith(("Left", "Right")):
            side = 1.0 if name.startswith("Left") else -1.0
            weights[:, column] *= np.clip(0.5 + side * vertices[:, 0] / softness, 0.0, 1.0)
    for _ in range(smoothing):
        weights = 0.5 * weights + 0.5 * neighbour_mean(weights, quads)
    return tidy_weights(weights)


def tidy_weights(weights: Floats) -> Floats:
    """At most four influences a vertex, none of them tiny, rounded and adding up to one."""
    kept = np.argsort(-weights, axis=1, kind="stable")[:, :4]
    result = np.zeros_like(weights)
    np.put_along_axis(result, kept, np.take_along_axis(weights, kept, axis=1), axis=1)
    result /= result.sum(axis=1, keepdims=True)
    result[result < 0.02] = 0.0
    result = np.round(result / result.sum(axis=1, keepdims=True), WEIGHT_DECIMALS)
    rows = np.arange(len(result))
    result[rows, result.argmax(axis=1)] += 1.0 - result.sum(axis=1)
    return result


def blob_shell(
    blobs: Sequence[Blob], skeleton: Skeleton, colour_of: Callable[[Floats, Sequence[str]], Floats], *, voxel: float
) -> Shell:
    """One seamless skinned surface; `colour_of(points, labels)` paints, labels being those of the nearest blobs."""
    vertices, quads = surface_net(blobs, voxel)
    weights = blob_weights(blobs, skeleton, vertices, quads, softness=0.5 * voxel)

    def paint(points: Floats, _normals: Floats) -> Floats:
        nearest = distances(blobs, points).argmin(axis=1)
        return colour_of(points, [blobs[number].label for number in nearest])

    return Shell(np.round(vertices, POINT_DECIMALS), quads, weights, paint)


def loft(sections: Floats, weights: Floats, paint: Paint) -> Shell:
    """A skin over closed rings (S, R, 3); weights (S, J) hold for a whole ring. Ends stay open: make them flat."""
    num_sections, num_points = sections.shape[:2]
    index = np.arange(num_sections * num_points).reshape(num_sections, num_points)
    around = np.roll(index, -1, axis=1)
    quads = np.stack([index[:-1], around[:-1], around[1:], index[1:]], axis=-1).reshape(-1, 4)
    spread = np.repeat(tidy_weights(weights), num_points, axis=0)
    return Shell(np.round(sections.reshape(-1, 3), POINT_DECIMALS), quads, spread, paint)


def chain_weights(
    positions: Floats, joints: Sequence[float], columns: Sequence[int], count: int, *, blend: float
) -> Floats:
    """Weights (N, count) along a chain: bone i rules from joints[i] on, blending over `blend` around each joint."""
    weights = np.zeros((len(positions), count))
    remaining = np.ones(len(positions))
    for start, previous in zip(joints[1:], columns[:-1]):
        share = np.clip((positions - start) / blend + 0.5, 0, 1)
        share = share * share * (3 - 2 * share)
        weights[:, previous] += remaining * (1 - share)
        remaining = remaining * share
    weights[:, columns[-1]] += remaining
    return weights


def box(low: Floats, high: Floats, weights: Floats, paint: Paint, *, cell: float = 0.12) -> Shell:
    """An axis-aligned box with hard edges, its sides cut into cells of about `cell` metres; weights (J,) for all."""
    vertices: list[Floats] = []
    quads: list[Ints] = []
    start = 0
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        steps = [max(1, int(np.ceil((high[side] - low[side]) / cell - 1e-9))) for side in (one, two)]
        u, v = np.meshgrid(np.linspace(0, 1, steps[0] + 1), np.linspace(0, 1, steps[1] + 1), indexing="ij")
        index = np.arange(u.size).reshape(u.shape)
        flat = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], axis=-1).reshape(-1, 4)
        for outward in (False, True):
            side = np.empty((u.size, 3))
            side[:, axis] = high[axis] if outward else low[axis]
            side[:, one] = low[one] + u.reshape(-1) * (high[one] - low[one])
            side[:, two] = low[two] + v.reshape(-1) * (high[two] - low[two])
            vertices.append(side)
            quads.append((flat if outward else flat[:, ::-1]) + start)
            start += u.size
    points = np.round(np.concatenate(vertices), POINT_DECIMALS)
    return Shell(points, np.concatenate(quads), np.tile(weights, (len(points), 1)), paint, smooth=False)
