"""Normals of corners from vertices alone, where they are known by heart."""

from __future__ import annotations

import numpy as np

from render.raster.corner_normals import Fans, corner_normals, find_fans, with_leans
from rigmill.types import Floats, Ints

CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float32)
FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]  # seen from outside


def cube(*, sharp: set[frozenset[int]] | None = None, flat: bool = False, all_smooth: bool = False) -> Fans:
    vertices = np.array([vertex for face in FACES for vertex in face], dtype=np.int32)
    sides = [frozenset((face[place], face[(place + 1) % 4])) for face in FACES for place in range(4)]
    edges = sorted(set(sides), key=sorted)
    return find_fans(
        starts=np.arange(0, 25, 4, dtype=np.int32),
        vertices=vertices,
        edges=np.array([edges.index(side) for side in sides], dtype=np.int32),
        sharp_edges=np.array([side in (sharp or set()) for side in edges], dtype=np.int32),
        sharp_faces=np.full(6, int(flat), dtype=np.int32),
        all_smooth=all_smooth,
    )


def normals_of(fans: Fans, points: Floats, turn: Floats | None = None) -> Floats:
    out = np.empty((len(fans.vertices), 3), dtype=np.float32)
    corner_normals(fans, points, turn=np.eye(3) if turn is None else turn, out=out)
    return out


def face_normals() -> Floats:
    centres = np.array([CUBE[list(face)].mean(axis=0) for face in FACES])
    return np.repeat(centres, 4, axis=0)


def corners() -> Ints:
    return np.array([vertex for face in FACES for vertex in face])


def test_a_flat_cube_has_its_faces_normals() -> None:
    assert np.allclose(normals_of(cube(flat=True), CUBE), face_normals(), atol=1e-6)


def test_a_smooth_cube_points_along_its_diagonals() -> None:
    expected = CUBE[corners()] / np.sqrt(3)
    for fans in (cube(), cube(all_smooth=True)):
        assert len(fans.axes) == 8
        assert np.allclose(normals_of(fans, CUBE), expected, atol=1e-4)


def test_sharp_edges_around_one_face_cut_it_off() -> None:
    top = frozenset(FACES[5])
    fans = cube(sharp={side for side in map(frozenset, [(1, 5), (5, 7), (7, 3), (3, 1)])})
    found = normals_of(fans, CUBE)
    assert len(fans.axes) == 12 and top == {1, 3, 5, 7}
    assert np.allclose(found[20:], [0, 0, 1], atol=1e-4)
    sides = [corner for corner in range(16) if corners()[corner] in top]
    assert np.allclose(found[sides, 2], 0, atol=1e-4)
    assert np.allclose(np.abs(found[sides, :2]), np.sqrt(0.5), atol=1e-4)


def test_normals_that_lean_turn_with_what_turns_rigidly() -> None:
    rng = np.random.default_rng(0)
    given = CUBE[corners()] / np.sqrt(3)
    by_vertex = rng.normal(0, 0.3, (8, 3))
    given = given + by_vertex[corners()]
    given = (given / np.linalg.norm(given, axis=1, keepdims=True)).astype(np.float32)
    fans = with_leans(cube(), CUBE, given)
    assert len(fans.leans) and np.allclose(normals_of(fans, CUBE), given, atol=1e-3)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    moved = (CUBE @ turn.T * 3 + [5, -2, 1]).astype(np.float32)
    assert np.allclose(normals_of(fans, moved), given @ turn.T, atol=1e-3)
    assert np.allclose(normals_of(fans, CUBE, turn), given @ turn.T, atol=1e-3)


def test_a_face_without_area_leaves_no_nan() -> None:
    squeezed = CUBE * [1, 1, 0]
    for fans in (cube(), cube(flat=True), with_leans(cube(), CUBE, np.tile([[0, 0, 1.0]], (24, 1)).astype(np.float32))):
        found = normals_of(fans, np.ascontiguousarray(squeezed, dtype=np.float32))
        assert np.isfinite(found).all()
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
