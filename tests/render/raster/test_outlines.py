"""Outlines of the rasteriser against the share of a pixel that Cycles' filter gives to what is on one side of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad as integral

from render.raster.rasteriser import Rasteriser
from render.raster.types import Look, Texture
from rigmill.clips.camera import project
from rigmill.types import Floats
from tests.support.raster.meshes import DARK, QUAD_UVS, front_camera, quad, subject

WHITE = Texture(np.full((8, 8, 4), 255, np.uint8), 0)
LASHES = Texture(np.concatenate([np.zeros((8, 32, 4)), np.full((24, 32, 4), 255)]).astype(np.uint8), 0)


def blackman_harris(x: float) -> float:
    """Cycles' pixel filter of 1.5 pixels, not normalised."""
    turn = 2 * math.pi * (x / 1.5 + 0.5)
    return 0.35875 - 0.48829 * math.cos(turn) + 0.14128 * math.cos(2 * turn) - 0.01168 * math.cos(3 * turn)


def share_right_of(edge_px: float) -> float:
    """The share of a pixel's filter that is right of an edge, so many pixels right of its centre."""
    whole = integral(blackman_harris, -0.75, 0.75)[0]
    return integral(blackman_harris, min(max(edge_px, -0.75), 0.75), 0.75)[0] / whole


def wall(edge_px: float) -> tuple[Floats, int]:
    """A quad (2, 3, 3) whose left edge is so far right of the centre of a column of pixels, and that column."""
    camera = front_camera(160, 120)
    (left, right), _ = project(camera, np.array([[-0.3, 0, 0], [0.3, 0, 0]]))
    per_world = (right[0] - left[0]) / 0.6
    column = math.floor(left[0])
    corners = quad(half=0.3)
    corners[..., 0] += (column + 0.5 + edge_px - left[0]) / per_world * (corners[..., 0] < 0)
    return corners, column


@pytest.mark.parametrize("edge_px", [-0.4, -0.15, -0.013, 0.013, 0.05, 0.3, 0.6])
@pytest.mark.parametrize("mode", ["opaque", "clip", "blend"])
def test_an_outline_covers_what_the_filter_says(edge_px: float, mode: str) -> None:
    corners, column = wall(edge_px)
    surface, shape = subject(corners, uvs=QUAD_UVS)
    look = Look("wall", base=(1, 1, 1), alpha_mode=mode, base_texture=WHITE, unlit=True)  # type: ignore[arg-type]
    (picture,) = Rasteriser(surface, (look,), DARK).draw(shape, [front_camera(160, 120)])
    alpha = picture.whole(160, 120)[50:70, column, 3] / 255
    assert np.abs(alpha - share_right_of(edge_px)).max() < 1 / 64 + 1 / 255


def test_an_outline_beside_something_see_through_is_as_fine() -> None:
    corners, column = wall(0.013)
    pane = quad(half=0.05) + [0.1, -0.1, 0]
    surface, shape = subject(np.concatenate([corners, pane]), look=np.array([0, 0, 1, 1]))
    looks = (Look("wall", unlit=True), Look("pane", alpha=0.5, alpha_mode="blend", unlit=True))
    (picture,) = Rasteriser(surface, looks, DARK).draw(shape, [front_camera(160, 120)])
    alpha = picture.whole(160, 120)[50:70, column, 3] / 255
    assert np.abs(alpha - share_right_of(0.013)).max() < 1 / 64 + 1 / 255


def test_of_a_see_through_material_only_what_lets_light_through_is_peeled() -> None:
    """The lower part of the texture is solid and hides what is behind it, the upper one is not there."""
    corners = np.concatenate([quad(half=0.3), quad(half=0.3, y=0.1)])
    low, high = QUAD_UVS * [1, 0.5] + [0, 0.4], QUAD_UVS * [1, 0.2]
    for part, seen in ((low, 255), (high, 0)):
        surface, shape = subject(corners, look=np.array([0, 0, 1, 1]), uvs=np.concatenate([part, QUAD_UVS]))
        looks = (
            Look("lashes", base=(1, 1, 1), alpha_mode="blend", base_texture=LASHES, unlit=True),
            Look("behind", base=(0, 0, 0), unlit=True),
        )
        rasteriser = Rasteriser(surface, looks, DARK)
        assert len(rasteriser._blend) == (0 if seen else 2)
        (picture,) = rasteriser.draw(shape, [front_camera(160, 120)])
        assert (picture.whole(160, 120)[55:65, 75:85] == [seen, seen, seen, 255]).all()
