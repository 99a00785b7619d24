"""Bodies and takes drawn by the rasteriser without Blender: for looking at them while they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.world.body import Body
from curate.world.mesh import Mesh, mesh_of, skinned
from curate.world.take import Take, forward
from render.raster.rasteriser import Rasteriser
from render.raster.types import Light, Look, Shape, Sun, Surface, Texture
from rigmill.clips.camera import camera_ring
from rigmill.clips.pictures import over_background
from rigmill.types import Bytes, Floats

LIGHT = Light(
    ambient=(0.6, 0.6, 0.6),
    suns=(Sun((0.5, -0.8, 1.3), strength=1.5, angle_deg=20.0), Sun((-0.6, 0.9, 1.0), strength=0.7, angle_deg=20.0)),
)
SQUARES = 14  # of the floor, along each side


@dataclass
class Stage:
    """A body ready to be drawn on a chequered floor whose squares are a quarter of its height."""

    body: Body
    mesh: Mesh
    rasteriser: Rasteriser
    floor: Floats  # (F, 3)

    @classmethod
    def of(cls, body: Body, *, floor: bool = True) -> Stage:
        mesh = mesh_of(body)
        size = float(np.ptp(mesh.vertices, axis=0).max()) / 4
        points, triangles, colours = _floor(size)
        count, extra = len(mesh.vertices), len(points) if floor else 0
        points, triangles, colours = points[:extra], triangles if floor else triangles[:0], colours[:extra]
        corners = np.concatenate([mesh.triangles, triangles + count]).astype(np.int32)
        pixels = np.concatenate([mesh.picture, np.full((*mesh.picture.shape[:2], 1), 255, np.uint8)], axis=2)[::-1]
        uvs = np.concatenate([mesh.uvs * (1, -1) + (0, 1), np.zeros((extra, 2))]).astype(np.float32)
        white = np.concatenate([np.ones((count, 4)), colours]).astype(np.float32)
        look = np.concatenate([np.zeros(len(mesh.triangles)), np.ones(len(triangles))]).astype(np.int32)
        surface = Surface(corners, corners, look, uvs[None], white)
        looks = (
            Look("paint", base=(1, 1, 1), base_texture=Texture(np.ascontiguousarray(pixels), 0), roughness=0.75),
            Look("floor", base=(1, 1, 1), vertex_colours=True, roughness=1.0),
        )
        return cls(body, mesh, Rasteriser(surface, looks, LIGHT), points)

    def posed(self, take: Take) -> Floats:
        """The vertices (T, V, 3) of a take."""
        turns, heads = forward(self.body.skeleton, take)
        rest = np.array([bone.head for bone in self.body.skeleton.bones])
        return skinned(self.mesh.vertices, self.mesh.weights, rest, turns, heads)

    def draw(
        self,
        vertices: Floats,
        *,
        bounds: Floats,
        azimuths_deg: Sequence[float],
        size_px: int,
        elevation_deg: float = 8.0,
    ) -> list[Bytes]:
        """Pictures (H, W, 3) of vertices (V, 3), framed for bounds (2, 3)."""
        cameras = camera_ring(
            bounds=bounds,
            azimuths_deg=azimuths_deg,
            elevation_deg=elevation_deg,
            width_px=size_px,
            height_px=size_px,
            field_of_view_deg=30.0,
            margin=0.04,
        )
        points = np.concatenate([vertices, self.floor]).astype(np.float32)
        up = np.tile([0.0, 0.0, 1.0], (len(self.floor), 1))
        normals = np.concatenate([_normals(vertices, self.mesh), up]).astype(np.float32)
        pictures = self.rasteriser.draw(Shape(points, normals), cameras)
        white = (255, 255, 255)
        return [over_background(picture.whole(size_px, size_px), white) for picture in pictures]


def _normals(vertices: Floats, mesh: Mesh) -> Floats:
    a, b, c = (vertices[mesh.triangles[:, corner]] for corner in range(3))
    face = np.cross(b - a, c - a)
    _, merged = np.unique(np.round(mesh.vertices, 4) @ (1.0, 1e3, 1e6), return_inverse=True)
    sums = np.zeros((merged.max() + 1, 3))
    for corner in range(3):
        np.add.at(sums, merged[mesh.triangles[:, corner]], face)
    own = sums[merged]
    # Sharp edges keep their own direction: what the mesh says at rest decides which.
    rest = np.zeros_like(sums)
    for corner in range(3):
        r = [mesh.vertices[mesh.triangles[:, k]] for k in range(3)]
        np.add.at(rest, merged[mesh.triangles[:, corner]], np.cross(r[1] - r[0], r[2] - r[0]))
    soft = rest[merged] / np.maximum(np.linalg.norm(rest[merged], axis=1, keepdims=True), 1e-12)
    sharp = np.sum(soft * mesh.normals, axis=1) < 0.97
    flat = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(flat, mesh.triangles[:, corner], face)
    out = np.where(sharp[:, None], flat, own)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12))


def _floor(size: float) -> tuple[Floats, Floats, Floats]:
    points, triangles, colours = [], [], []
    for row in range(-SQUARES, SQUARES):
        for column in range(-SQUARES, SQUARES):
            start = len(points)
            points += [
                (column * size + dx, row * size + dy, -0.002) for dx, dy in ((0, 0), (size, 0), (size, size), (0, size))
            ]
            triangles += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
            tone = 0.75 if (row + column) % 2 else 0.55
            colours += [(tone, tone, tone, 1.0)] * 4
    return np.array(points, float), np.array(triangles, int), np.array(colours, float)
