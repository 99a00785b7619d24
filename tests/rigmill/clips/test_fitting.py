"""Pictures at another size: their aspect is kept, and cameras and places go with them."""

from __future__ import annotations

import numpy as np
import pytest

from rigmill.clips.camera import camera_ring, project
from rigmill.clips.fitting import Fit

SIZES = [(128, 128), (480, 832), (832, 480), (130, 70)]


@pytest.mark.parametrize("size", SIZES)
def test_the_shorter_side_is_as_asked_and_the_aspect_is_kept(size: tuple[int, int]) -> None:
    width, height = size
    fit = Fit.of(width, height, size_px=64, multiple=16)
    assert fit.width_px % 16 == fit.height_px % 16 == 0 and min(fit.width_px, fit.height_px) == 64
    corners = fit.places(np.array([[0.0, 0.0], [width, height]]))
    across, down = corners[1] - corners[0]
    assert abs(across / down - width / height) < 0.02 * width / height
    assert (corners >= 0).all() and (corners <= [fit.width_px, fit.height_px]).all()


@pytest.mark.parametrize("size", SIZES)
def test_a_point_lies_where_the_new_camera_sees_it_and_where_its_picture_is(size: tuple[int, int]) -> None:
    width, height = size
    fit = Fit.of(width, height, size_px=64, multiple=16)
    bounds = np.array([[-1.0, -1, -1], [1, 1, 1]])
    (camera,) = camera_ring(
        bounds=bounds,
        azimuths_deg=[30],
        elevation_deg=10,
        width_px=width,
        height_px=height,
        field_of_view_deg=40,
        margin=0.1,
    )
    points = np.random.default_rng(3).uniform(-0.8, 0.8, (20, 3))
    np.testing.assert_allclose(project(fit.camera(camera), points)[0], fit.places(project(camera, points)[0]))
    picture = np.zeros((1, height, width, 3), np.uint8)
    x, y = width // 3, height // 4
    picture[0, y - 6 : y + 6, x - 6 : x + 6] = 255
    small = fit.pictures(picture)[0, :, :, 0].astype(float)
    assert small.shape == (fit.height_px, fit.width_px)
    rows, columns = np.mgrid[: fit.height_px, : fit.width_px] + 0.5
    centre = [(small * columns).sum() / small.sum(), (small * rows).sum() / small.sum()]
    np.testing.assert_allclose(centre, fit.places(np.array([float(x), float(y)])), atol=0.1)


def test_what_is_beside_a_picture_goes_on_with_its_edge() -> None:
    fit = Fit.of(130, 70, size_px=64, multiple=16)
    assert (fit.width_px, fit.height_px) == (128, 64) and fit.inner_px == (119, 64)
    seen = fit.pictures(np.full((2, 70, 130, 3), 200, np.uint8))
    assert (seen == 200).all()
