"""A coat of noise for previews: every surface gets a pattern of its own that moves with it, whatever its texture.

Optical flow sees patterns, not surfaces: it under-reports a plain grey body and is right about a checkered one. Under
this coat both look alike. The pattern is fixed to where each triangle is in one frame, in normalised coordinates, so
it is as fine on a giant as on a mouse. What is see-through in the asset's looks stays so.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import cv2
import numpy as np

from render.raster.types import Look, Shape, Surface, Texture
from rigmill.types import Bytes, Floats

CELLS_PER_EXTENT = 20.0  # cells of the noise along the subject's largest side: 13 px wide at 256 px
_TILE_CELLS, _CELL_PX = 32, 16
_CONTRAST = 1.6  # standard deviations from the middle at which the noise is black or white
_FINE = 0.5  # strength of a second noise of half the size


def coated(surface: Surface, looks: tuple[Look, ...], shape: Shape) -> tuple[Surface, tuple[Look, ...]]:
    """The surface and its looks under the coat, fixed to where `shape` is. Every triangle has corners of its own."""
    corners = surface.corners.reshape(-1)
    pattern = _flat_places(shape.vertices[surface.triangles]) * (CELLS_PER_EXTENT / _TILE_CELLS)
    layer = len(surface.uvs)
    noise = Texture(_tile(), uv=layer)
    return Surface(
        triangles=surface.triangles,
        corners=np.arange(len(corners), dtype=np.int32).reshape(-1, 3),
        look=surface.look,
        uvs=np.concatenate([surface.uvs[:, corners], pattern.reshape(1, -1, 2).astype(np.float32)]),
        colours=surface.colours[corners],
    ), tuple(_under(look, noise) for look in looks)


def coated_shape(surface: Surface, shape: Shape) -> Shape:
    """A frame's shape with the corners of the coated surface; nothing under the coat needs normals."""
    return Shape(vertices=shape.vertices, normals=np.zeros((surface.corners.size, 3), np.float32))


def _under(look: Look, noise: Texture) -> Look:
    """Nothing of the look but where it can be seen through, and the noise in its own light."""
    return replace(
        look,
        base=(0.0, 0.0, 0.0),
        base_texture=None if look.alpha_mode == "opaque" else look.base_texture,
        surface_texture=None,
        normal_texture=None,
        emission=(1.0, 1.0, 1.0),
        emission_texture=noise,
        unlit=True,
    )


def _flat_places(triangles: Floats) -> Floats:
    """Triangles (K, 3, 3) seen along the axis they face most, (K, 3, 2); each axis sees another part of the tile."""
    facing = np.abs(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]))
    axis = np.argmax(np.nan_to_num(facing), axis=1)
    kept = np.array([[1, 2], [2, 0], [0, 1]])[axis]
    flat = np.take_along_axis(triangles, kept[:, None, :].repeat(3, axis=1), axis=2)
    return np.nan_to_num(flat, posinf=0, neginf=0) + axis[:, None, None] * np.array([0.37, 0.61])


@functools.lru_cache(maxsize=1)
def _tile() -> Bytes:
    """The noise (N, N, 4), grey, without a seam: smooth between random values on two lattices."""
    generator = np.random.default_rng(20)
    side = _TILE_CELLS * _CELL_PX
    total = np.zeros((side, side), np.float32)
    for cells, strength in ((_TILE_CELLS, 1.0), (2 * _TILE_CELLS, _FINE)):
        lattice = generator.normal(size=(cells, cells)).astype(np.float32)
        around = cv2.copyMakeBorder(lattice, 4, 4, 4, 4, cv2.BORDER_WRAP)
        step = side // cells
        fine = cv2.resize(around, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        total += strength * fine[4 * step : -4 * step, 4 * step : -4 * step]
    linear = np.clip(0.5 + total / total.std() / (2 * _CONTRAST), 0, 1)
    grey = np.rint(255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))
    tile = np.full((side, side, 4), 255, np.uint8)
    tile[..., :3] = grey[..., None]
    tile.setflags(write=False)
    return tile
