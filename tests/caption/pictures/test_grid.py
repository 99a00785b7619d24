"""The rest pose from four sides in one picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from caption.pictures.foreseen import foreseen_grid
from caption.pictures.grid import grid
from caption.pictures.sizes import grid_size
from rigmill.clips.pictures import image_bytes
from tests.support.clip_views import BLUE, GREEN, RED, WHITE, pixels

AZIMUTHS = (0.0, 90.0, 180.0, 270.0)
BLACK = (10, 10, 10)


def template(colour: tuple[int, int, int], left: int = 100, width: int = 30) -> bytes:
    rgb = np.full((144, 256, 3), 255, np.uint8)
    rgb[30:110, left : left + width] = colour
    return image_bytes(".png", rgb)


def four() -> list[bytes]:
    return [template(colour, left) for colour, left in ((RED, 10), (BLUE, 60), (GREEN, 120), (BLACK, 220))]


def test_four_sides_stand_in_the_order_of_reading_and_in_the_middle_of_their_cells() -> None:
    picture = grid(four(), AZIMUTHS, WHITE, 100)
    rgb = pixels(picture)
    assert rgb.shape == (200, 200, 3) and (picture.width_px, picture.height_px) == (200, 200)
    cells = [rgb[:100, :100], rgb[:100, 100:], rgb[100:, :100], rgb[100:, 100:]]
    for cell, colour in zip(cells, (RED, BLUE, GREEN, BLACK)):
        inside = np.abs(cell.astype(int) - colour).max(axis=-1) < 60
        rows, columns = np.nonzero(inside)
        assert abs(columns.mean() - 49.5) < 2 and abs(rows.mean() - 49.5) < 2
        assert 84 < np.ptp(rows) + 1 < 94  # one scale, a margin around


def test_views_are_ordered_by_azimuth_however_they_were_rendered() -> None:
    turned = four()[2:] + four()[:2]
    assert grid(turned, (180, 270, 0, 90), WHITE, 100) == grid(four(), AZIMUTHS, WHITE, 100)


@pytest.mark.parametrize("views", [1, 2, 3, 4])
def test_fewer_sides_leave_background(views: int) -> None:
    picture = grid(four()[:views], AZIMUTHS[:views], WHITE, 100)
    assert replace(picture, jpeg=b"") == foreseen_grid(256, 144, 100, views)
    assert pixels(picture).shape == (picture.height_px, picture.width_px, 3)
    if views == 3:
        assert pixels(picture)[110:, 110:].min() > 245


def test_of_more_than_four_sides_four_are_shown() -> None:
    eight = [template(RED) for _ in range(8)]
    picture = grid(eight, tuple(45.0 * view for view in range(8)), WHITE, 64)
    assert (picture.width_px, picture.height_px) == (128, 128) == grid_size(256, 144, 64, 8)


def test_an_empty_rest_pose_is_an_empty_grid_and_no_error() -> None:
    picture = grid([template(WHITE)] * 4, AZIMUTHS, WHITE, 64)
    assert pixels(picture).min() > 250


def test_a_large_cell_is_no_larger_than_what_was_rendered() -> None:
    assert grid_size(256, 144, 1000, 4) == (512, 512)
    assert pixels(grid(four(), AZIMUTHS, WHITE, 1000)).shape == (512, 512, 3)
