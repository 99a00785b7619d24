"""The camera ring against geometry worked out by hand and by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from rigmill.clips.camera import camera_ring, pixel_rays, plucker_rays, project
from rigmill.types import Camera, Floats

CUBE = np.array([[-0.5] * 3, [0.5] * 3])


def ring(
    bounds: Floats = CUBE,
    *,
    width_px: int = 256,
    height_px: int = 256,
    elevation_deg: float = 0.0,
    margin: float = 0.08,
    azimuths_deg: tuple[float, ...] = (0, 90, 180, 270),
) -> tuple[Camera, ...]:
    return camera_ring(
        bounds=bounds,
        azimuths_deg=azimuths_deg,
        elevation_deg=elevation_deg,
        width_px=width_px,
        height_px=height_px,
        field_of_view_deg=40,
        margin=margin,
    )


def test_azimuth_0_sees_the_front_and_90_the_subjects_left() -> None:
    """The subject faces -Y, so its left is +X."""
    front, left, back, right = (camera.position for camera in ring())
    assert front[1] < -1 and abs(front[0]) < 1e-9
    assert left[0] > 1 and abs(left[1]) < 1e-9
    assert back[1] > 1 and right[0] < -1


def test_from_the_front_the_subjects_left_is_on_the_right_and_up_is_up() -> None:
    pixels, _ = project(ring()[0], np.array([[0.4, 0, 0], [0, 0, 0.4]]))
    assert pixels[0, 0] > 128 and pixels[0, 1] == pytest.approx(128)
    assert pixels[1, 1] < 128 and pixels[1, 0] == pytest.approx(128)


@pytest.mark.parametrize("elevation_deg", [0.0, 25.0, -15.0])
def test_every_camera_is_rigid_right_handed_and_level(elevation_deg: float) -> None:
    for camera in ring(elevation_deg=elevation_deg):
        rotation = camera.world_to_view[:3, :3]
        assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.linalg.det(rotation) == pytest.approx(1)
        assert rotation[0, 2] == pytest.approx(0)  # no roll
        assert rotation[1, 2] < 0  # +y is down
        look = camera.position / np.linalg.norm(camera.position)
        assert np.degrees(np.arcsin(look[2])) == pytest.approx(elevation_deg)


def test_projection_is_that_of_scipys_rotations() -> None:
    """Turn the world by minus the azimuth; then the camera looks along +Y and the pinhole can be written down."""
    points = np.random.default_rng(3).uniform(-0.5, 0.5, (50, 3))
    for camera in ring(width_px=832, height_px=480):
        turned = Rotation.from_euler("z", -camera.azimuth_deg, degrees=True).apply(points)
        distance = np.linalg.norm(camera.position)
        depth = turned[:, 1] + distance
        focal = 832 / 2 / np.tan(np.radians(20))
        expected = np.stack([416 + focal * turned[:, 0] / depth, 240 - focal * turned[:, 2] / depth], axis=1)
        pixels, found_depth = project(camera, points)
        assert np.allclose(pixels, expected) and np.allclose(found_depth, depth)


corner = st.floats(0.01, 3.0)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(corner, corner, corner),
    st.tuples(*[st.floats(-5, 5)] * 3),
    st.sampled_from([(256, 256), (832, 480)]),
    st.floats(0, 0.4),
    st.floats(-40, 40),
)
def test_bounds_fill_the_picture_up_to_the_margin(
    size: tuple[float, ...], centre: tuple[float, ...], picture: tuple[int, int], margin: float, elevation_deg: float
) -> None:
    half = np.array(size) / 2
    bounds = np.stack([np.array(centre) - half, np.array(centre) + half])
    cameras = ring(bounds, width_px=picture[0], height_px=picture[1], margin=margin, elevation_deg=elevation_deg)
    corners = np.array([[bounds[i, 0], bounds[j, 1], bounds[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    reach = []
    for camera in cameras:
        pixels, depth = project(camera, corners)
        assert (depth > 0).all()
        reach.append(np.abs(pixels / np.array(picture) * 2 - 1).max())
    assert max(reach) == pytest.approx(1 - margin, abs=1e-6)  # one view touches the margin, none passes it
    distances = [np.linalg.norm(camera.position - np.array(centre)) for camera in cameras]
    assert np.allclose(distances, distances[0])


def test_a_pixels_ray_goes_through_every_point_that_projects_there() -> None:
    points = np.random.default_rng(5).uniform(-0.4, 0.4, (40, 3))
    for camera in ring(elevation_deg=20, width_px=832, height_px=480):
        pixels, _ = project(camera, points)
        away = points - camera.position
        assert np.allclose(pixel_rays(camera, pixels), away / np.linalg.norm(away, axis=1, keepdims=True))


def test_pluecker_rays_meet_their_camera_and_have_unit_directions() -> None:
    for camera in ring(width_px=832, height_px=480):
        rays = plucker_rays(camera, rows=6, columns=10)
        direction, moment = rays[:3], rays[3:]
        assert rays.shape == (6, 6, 10)
        assert np.allclose((direction**2).sum(axis=0), 1)
        # A line (d, m) holds the point p exactly when p x d = m.
        assert np.allclose(np.cross(camera.position, direction.transpose(1, 2, 0)), moment.transpose(1, 2, 0))
        # The middle of the grid looks along the camera's axis.
        assert np.allclose(direction[:, 2:4, 4:6].mean(axis=(1, 2)) / 0.99, camera.world_to_view[2, :3], atol=0.02)


def test_a_point_behind_the_camera_has_negative_depth() -> None:
    camera = ring()[0]
    _, depth = project(camera, camera.position * 2)
    assert depth < 0
