"""How far a clip's surface really moves on the screen, from Blender's evaluated vertices and our own projection.

No optical flow here: this is what optical flow is held against. Import inside a Blender process only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from render.blender.subject.player import Player
from render.numbers import ClipNumbers
from rigmill.clips.camera import project
from rigmill.types import Camera, Floats, Ints, Motion

NUM_POINTS = 30_000
CELL_PX = 2.0  # points are sorted into cells of this size at 256 px on the subject's bounding square
HIDDEN_BEHIND = 0.02  # of the subject's largest side: further behind the nearest point of a cell is hidden
SUBJECT_PX = 256


def surface_points(player: Player, numbers: ClipNumbers, frames: list[int]) -> dict[int, Floats]:
    """The same NUM_POINTS points of the surface in every frame, normalised world, (N, 3) each."""
    player.subject.normalise(numbers.offset, numbers.scale)
    player.start(numbers.scale)
    chosen: tuple[Ints, Floats] | None = None
    result = {}
    for frame in sorted(frames):
        player.show(frame)
        corners = _triangles(player.subject.meshes)
        if chosen is None:
            areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=-1)
            random = np.random.RandomState(0)
            triangles = random.choice(len(corners), NUM_POINTS, p=areas / areas.sum())
            first, second = np.sqrt(random.rand(NUM_POINTS)), random.rand(NUM_POINTS)
            chosen = triangles, np.stack([1 - first, first * (1 - second), first * second], axis=-1)
        result[frame] = np.einsum("nc,ncx->nx", chosen[1], corners[chosen[0]])
    player.subject.reset()
    player.subject.normalise(np.zeros(3), 1.0)
    return result


def _triangles(meshes: list[Any]) -> Floats:
    depsgraph = bpy.context.evaluated_depsgraph_get()
    parts = []
    for mesh in meshes:
        evaluated = mesh.evaluated_get(depsgraph)
        data = evaluated.data
        data.calc_loop_triangles()
        points = np.empty(len(data.vertices) * 3, dtype=np.float32)
        data.vertices.foreach_get("co", points)
        index = np.empty(len(data.loop_triangles) * 3, dtype=np.int32)
        data.loop_triangles.foreach_get("vertices", index)
        to_world = np.array(evaluated.matrix_world)
        world = points.reshape(-1, 3).astype(np.float64) @ to_world[:3, :3].T + to_world[:3, 3]
        parts.append(world[index].reshape(-1, 3, 3))
    return np.concatenate(parts)


def true_shift_px(before: Floats, after: Floats, camera: Camera) -> Floats:
    """How far what is seen `before` has moved `after`, one number per covered cell; pixels at 256 px on the square."""
    from_px, depth = project(camera, before)
    to_px, _ = project(camera, after)
    both = np.concatenate([from_px, to_px])
    scale = SUBJECT_PX / max(float(np.ptp(both, axis=0).max()), 1e-9)
    column, row = np.floor((from_px - both.min(axis=0)) * scale / CELL_PX).astype(int).T
    cell = row * 1000 + column
    order = np.lexsort((depth, cell))
    cells, first = np.unique(cell[order], return_index=True)
    nearest = order[first]  # the nearest point of each cell
    del cells
    return np.linalg.norm(to_px[nearest] - from_px[nearest], axis=-1) * scale


@dataclass(frozen=True)
class Ladder:
    """One motion at a share of its strength: every joint's turn and way since the first frame."""

    share: float
    joints: frozenset[int] | None = None  # these alone move; None: all
    drift: float = 0.0  # added to the root's way over the whole clip, in the subject's largest sides, along X

    def apply(self, motion: Motion, *, unit: float) -> Motion:
        """`unit` is the subject's largest side in the motion's own units."""
        first = motion.rotations[:1] * np.array([1.0, -1.0, -1.0, -1.0])  # the inverse turn
        turn = _product(first, motion.rotations)
        turn *= np.where(turn[..., :1] < 0, -1.0, 1.0)
        half = np.arccos(np.clip(turn[..., :1], -1, 1))
        axis = turn[..., 1:] / np.maximum(np.sin(half), 1e-12)
        share = np.full(motion.rotations.shape[1], self.share)
        if self.joints is not None:
            share[[joint for joint in range(len(share)) if joint not in self.joints]] = 0.0
        half = half * share[None, :, None]
        part = np.concatenate([np.cos(half), np.sin(half) * axis], axis=-1)
        way = (motion.translations - motion.translations[:1]) * share[None, :, None]
        way[:, 0, 0] += np.linspace(0, 1, len(way)) * self.drift * unit
        return Motion(
            rotations=_product(motion.rotations[:1], part), translations=motion.translations[:1] + way, fps=motion.fps
        )


def swing(motion: Motion, *, joint: int, amplitude_deg: float) -> Motion:
    """The first frame's pose, in which one joint swings to and fro about the X axis, twice in the clip."""
    num_frames = len(motion.rotations)
    half = np.radians(amplitude_deg) / 2 * np.sin(np.arange(num_frames) / num_frames * 4 * np.pi)
    turn = np.stack([np.cos(half), np.sin(half), np.zeros(num_frames), np.zeros(num_frames)], axis=-1)
    rotations = np.repeat(motion.rotations[:1], num_frames, axis=0)
    rotations[:, joint] = _product(rotations[:, joint], turn)
    return Motion(
        rotations=rotations, translations=np.repeat(motion.translations[:1], num_frames, axis=0), fps=motion.fps
    )


def _product(left: Floats, right: Floats) -> Floats:
    """Hamilton product of quaternions w x y z."""
    a, b, c, d = np.moveaxis(left, -1, 0)
    e, f, g, h = np.moveaxis(right, -1, 0)
    return np.stack(
        [
            a * e - b * f - c * g - d * h,
            a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f,
            a * h + b * g - c * f + d * e,
        ],
        axis=-1,
    )
