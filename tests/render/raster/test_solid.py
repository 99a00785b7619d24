from __future__ import annotations

import numpy as np
import pytest

from render.raster.groups import Mesh
from render.raster.pack import pack
from render.raster.solid import find_solid
from render.raster.types import Look, Texture, Wrap

TRIANGLES = np.array([[0, 1, 2], [3, 4, 5]], np.int32)


def solid(
    uvs: list[tuple[float, float]], *, alpha: float = 1.0, wrap: Wrap = "repeat", seen: float = 1.0
) -> list[bool]:
    """Whether two triangles with six UV pairs let nothing through. The picture's right half does."""
    pixels = np.full((64, 64, 4), 255, np.uint8)
    pixels[:, 32:, 3] = 100
    look = Look(
        name="lash", alpha_mode="blend", alpha=alpha, vertex_colours=True, base_texture=Texture(pixels, 0, wrap=wrap)
    )
    colours = np.ones((6, 4), np.float32)
    colours[4, 3] = seen
    layers = np.array(uvs, np.float32).reshape(1, 6, 2)
    mesh = Mesh(TRIANGLES, TRIANGLES, np.zeros(2, np.int32), layers, colours)
    found = np.zeros(2, np.bool_)
    find_solid(np.array([0, 1], np.int32), mesh, pack((look,), 1), found)
    return [bool(value) for value in found]


LEFT, RIGHT = [(0.1, 0.1), (0.4, 0.1), (0.1, 0.6)], [(0.6, 0.1), (0.9, 0.1), (0.6, 0.6)]


def test_a_triangle_is_solid_where_its_part_of_the_picture_is() -> None:
    assert solid(LEFT + RIGHT) == [True, False]
    assert solid(RIGHT + LEFT) == [False, True]


def test_alpha_beside_the_picture_makes_a_triangle_see_through() -> None:
    assert solid(LEFT + LEFT, alpha=0.9) == [False, False]
    assert solid(LEFT + LEFT, seen=0.5) == [True, False]


@pytest.mark.parametrize(("wrap", "expected"), [("repeat", [True, False]), ("clip", [False, False])])
def test_outside_the_picture_it_is_repeated_or_there_is_nothing(wrap: Wrap, expected: list[bool]) -> None:
    moved = [(u + 3, v - 2) for u, v in LEFT + RIGHT]
    assert solid(moved, wrap=wrap) == expected


def test_an_edge_that_touches_what_is_see_through_counts_as_that() -> None:
    assert solid([(0.1, 0.1), (0.499, 0.1), (0.1, 0.6)] + LEFT) == [False, True]
