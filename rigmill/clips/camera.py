"""The azimuth ring of cameras, projection and Pluecker rays. This is where a clip's cameras are computed.

World: right-handed, +Z up, subject facing -Y, unless `front_deg` says otherwise. Cameras: OpenCV (+x right, +y down,
+z forward); pixels from the top-left corner with pixel centres at .5. Azimuth 0 sees the subject's front, and azimuths
grow counter-clockwise seen from above, so azimuth 90 stands at +X, on the subject's left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rigmill.types import Camera, Floats


def look_direction(azimuth_deg: float, elevation_deg: float = 0.0) -> Floats:
    """The unit vector from the subject towards the camera, (3,)."""
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    return np.array(
        [math.cos(elevation) * math.sin(azimuth), -math.cos(elevation) * math.cos(azimuth), math.sin(elevation)]
    )


def view_rotation(towards_camera: Floats) -> Floats:
    """Rows are the camera's right, down and forward axes in the world, (3, 3)."""
    forward = -towards_camera
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def focal_length_px(width_px: int, height_px: int, field_of_view_deg: float) -> float:
    """The focal length for a field of view measured over the larger side, as Blender's AUTO sensor fit does."""
    return max(width_px, height_px) / 2 / math.tan(math.radians(field_of_view_deg) / 2)


def camera_ring(
    *,
    bounds: Floats,
    azimuths_deg: Sequence[float],
    elevation_deg: float,
    width_px: int,
    height_px: int,
    field_of_view_deg: float,
    margin: float,
    front_deg: float = 0.0,
) -> tuple[Camera, ...]:
    """Cameras on one circle, as close as keeps `bounds` ((2, 3) min and max corner) inside every picture.

    `margin` is the share of the half picture left free on each side. All cameras share one distance, so the
    subject has the same size in all views. Azimuths are counted from the subject's front, which is at the azimuth
    `front_deg` of the world.
    """
    centre = bounds.mean(axis=0)
    corners = np.array([[bounds[i, 0], bounds[j, 1], bounds[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    focal = focal_length_px(width_px, height_px, field_of_view_deg)
    limit_x, limit_y = width_px / 2 * (1 - margin), height_px / 2 * (1 - margin)
    distance = 1e-6
    rotations = [view_rotation(look_direction(front_deg + azimuth, elevation_deg)) for azimuth in azimuths_deg]
    for rotation in rotations:
        right, down, forward = rotation @ (corners - centre).T
        reach = np.maximum(np.abs(right) * focal / limit_x, np.abs(down) * focal / limit_y) - forward
        distance = max(distance, float(reach.max()))
    intrinsics = np.array([[focal, 0, width_px / 2], [0, focal, height_px / 2], [0, 0, 1.0]])
    cameras = []
    for azimuth, rotation in zip(azimuths_deg, rotations):
        world_to_view = np.eye(4)
        world_to_view[:3, :3] = rotation
        world_to_view[:3, 3] = -rotation @ (centre - distance * rotation[2])
        cameras.append(
            Camera(
                azimuth_deg=float(azimuth),
                intrinsics=intrinsics.copy(),
                world_to_view=world_to_view,
                width_px=width_px,
                height_px=height_px,
            )
        )
    return tuple(cameras)


def project(camera: Camera, points: Floats) -> tuple[Floats, Floats]:
    """World points (..., 3) to pixels (..., 2) and depth along the view axis (...); depth <= 0 is behind."""
    in_view = points @ camera.world_to_view[:3, :3].T + camera.world_to_view[:3, 3]
    depth = in_view[..., 2]
    safe = np.where(np.abs(depth) < 1e-9, 1e-9, depth)[..., None]
    pixels = in_view[..., :2] / safe * np.array([camera.intrinsics[0, 0], camera.intrinsics[1, 1]])
    return pixels + camera.intrinsics[:2, 2], depth


def pixel_rays(camera: Camera, pixels: Floats) -> Floats:
    """Unit world directions (..., 3) from the camera centre through `pixels` (..., 2)."""
    focal = np.array([camera.intrinsics[0, 0], camera.intrinsics[1, 1]])
    in_view = np.concatenate([(pixels - camera.intrinsics[:2, 2]) / focal, np.ones(pixels.shape[:-1] + (1,))], axis=-1)
    rays = in_view @ camera.world_to_view[:3, :3]
    return rays / np.linalg.norm(rays, axis=-1, keepdims=True)


def plucker_rays(camera: Camera, *, rows: int, columns: int) -> Floats:
    """A ray map (6, rows, columns): direction d and moment o x d, sampled at the centres of a coarse grid."""
    v, u = np.meshgrid(
        (np.arange(rows) + 0.5) * camera.height_px / rows,
        (np.arange(columns) + 0.5) * camera.width_px / columns,
        indexing="ij",
    )
    directions = pixel_rays(camera, np.stack([u, v], axis=-1))
    moments = np.cross(np.broadcast_to(camera.position, directions.shape), directions)
    return np.concatenate([directions, moments], axis=-1).transpose(2, 0, 1)
