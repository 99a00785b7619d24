"""Small subjects as plain arrays, and a camera in front of them."""

from __future__ import annotations

import numpy as np

from render.raster.pack import decode, encode
from render.raster.types import Light, Look, Shape, Surface
from rigmill.clips.camera import camera_ring
from rigmill.types import Camera, Floats, Ints

DARK = Light((0.0, 0.0, 0.0), ())
EVEN = Light((1.0, 1.0, 1.0), ())
MATTE = {"roughness": 1.0, "specular": 0.0}


def front_camera(width_px: int = 64, height_px: int = 48, *, azimuth_deg: float = 0.0) -> Camera:
    """Sees the box from -0.5 to 0.5; the front of a subject faces -Y."""
    bounds = np.array([[-0.5, -0.5, -0.5], [0.5, 0.5, 0.5]])
    (camera,) = camera_ring(
        bounds=bounds,
        azimuths_deg=[azimuth_deg],
        elevation_deg=0.0,
        width_px=width_px,
        height_px=height_px,
        field_of_view_deg=40.0,
        margin=0.05,
    )
    return camera


def subject(
    corners: Floats, *, look: Ints | None = None, uvs: Floats | None = None, colours: Floats | None = None
) -> tuple[Surface, Shape]:
    """Separate flat triangles (K, 3, 3), each corner with its own vertex; uvs (K, 3, 2), colours (K, 3, 4)."""
    num = len(corners)
    index = np.arange(num * 3, dtype=np.int32).reshape(-1, 3)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).repeat(3, axis=0)
    with np.errstate(invalid="ignore"):
        normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    surface = Surface(
        triangles=index,
        corners=index,
        look=np.zeros(num, np.int32) if look is None else look.astype(np.int32),
        uvs=np.zeros((0, num * 3, 2), np.float32) if uvs is None else uvs.reshape(1, -1, 2).astype(np.float32),
        colours=np.ones((num * 3, 4), np.float32) if colours is None else colours.reshape(-1, 4).astype(np.float32),
    )
    return surface, Shape(corners.reshape(-1, 3).astype(np.float32), normals.astype(np.float32))


def quad(*, y: float = 0.0, half: float = 0.4, centre: tuple[float, float] = (0.0, 0.0)) -> Floats:
    """Two triangles (2, 3, 3) of an upright square that faces the front."""
    x, z = centre
    a, b, c, d = [(x + i * half, y, z + j * half) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return np.array([[a, b, c], [a, c, d]])


QUAD_UVS = np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]], float)


def unlit(name: str, colour: tuple[float, float, float]) -> Look:
    return Look(name, base=colour, unlit=True)


def to_byte(linear: float) -> int:
    return round(float(encode(np.array(linear))) * 255)


def to_linear(byte: int) -> float:
    return float(decode(np.array(byte / 255)))
