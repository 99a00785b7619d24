"""Points on surfaces, clouds laid onto each other, and Chamfer distances, against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from eval.metrics import mesh
from eval.metrics.chamfer import ChamferOptions, chamfer, cloud_distance, motion_distance
from eval.metrics.icp import Icp, quarter_turns, register
from eval.metrics.surface import spots_on

FEW = ChamferOptions(num_points=2000)
NONE = ChamferOptions(num_points=2000, icp=Icp.NONE)


def bumpy() -> tuple[np.ndarray, np.ndarray]:
    """A closed body without any symmetry, about 1 high, and its faces."""
    rows, columns = 24, 32
    polar, around = np.meshgrid(np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, columns), indexing="ij")
    x = 0.3 * np.sin(polar) * np.cos(around) * (1 + 0.3 * np.cos(3 * around))
    y = 0.15 * np.sin(polar) * np.sin(around)
    z = 0.5 * np.cos(polar) + 0.1 * np.sin(around)
    grid = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]))
    return np.stack([x, y, z], axis=-1).reshape(-1, 3), np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])


def swaying(frames: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rest, faces = bumpy()
    sway = 0.1 * np.sin(3 * rest[:, 2] + 0.8 * np.arange(frames)[:, None])
    return rest + sway[..., None] * np.array([1.0, 0, 0]), faces


def test_points_lie_on_the_surface_by_area_and_are_the_same_for_a_seed() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [5, 0, 0], [5, 4, 0], [9, 0, 0.0]])
    faces = np.array([[0, 1, 2], [1, 3, 2], [4, 5, 6]])  # areas 0.5, 0.5, 8
    spots = spots_on(square, faces, 20_000, seed=1)
    points = spots.at(square)
    assert (points[:, 2] == 0).all() and (spots.weights >= 0).all()
    assert (points[:, 0] > 2).mean() == pytest.approx(8 / 9, abs=0.01)
    assert points[points[:, 0] < 2].mean(axis=0) == pytest.approx([0.5, 0.5, 0], abs=0.02)
    assert np.array_equal(points, spots_on(square, faces, 20_000, seed=1).at(square))
    assert not np.array_equal(points, spots_on(square, faces, 20_000, seed=2).at(square))


def test_points_follow_their_faces() -> None:
    rest, faces = bumpy()
    spots = spots_on(rest, faces, 100, seed=0)
    turn = Rotation.from_rotvec([0.3, 0.2, 0.9]).as_matrix()
    assert spots.at(np.stack([rest, rest @ turn.T])) == pytest.approx(
        np.stack([spots.at(rest), spots.at(rest) @ turn.T])
    )


def test_a_mesh_without_area_or_faces() -> None:
    line = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0.0]])
    assert np.isfinite(spots_on(line, np.array([[0, 1, 2]]), 10, seed=0).at(line)).all()
    with pytest.raises(ValueError, match="no surface"):
        spots_on(line, np.zeros((0, 3), dtype=np.int64), 10, seed=0)


def test_cloud_distance_is_what_all_pairs_say() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(300, 3)), rng.normal(size=(200, 3))
    apart = cdist(one, other)
    assert cloud_distance(one, other) == pytest.approx(apart.min(axis=1).mean() + apart.min(axis=0).mean(), abs=1e-12)
    assert cloud_distance(np.zeros((1, 3)), np.array([[3, 4, 0.0]])) == 10  # unsquared, both ways


def test_motion_distance_keeps_the_pairs_of_the_first_frame() -> None:
    here = np.array([[[0, 0, 0], [1, 0, 0.0]], [[0, 0, 0], [1, 0, 0]]])
    swapped = np.array([[[0, 0, 0], [1, 0, 0.0]], [[1, 0, 0], [0, 0, 0]]])  # the same clouds in every frame
    assert motion_distance(here, here) == 0
    assert motion_distance(here, swapped) == 1  # 0 in one frame, 1 in the other, two directions
    assert cloud_distance(here[1], swapped[1]) == 0


def test_there_are_24_quarter_turns_and_the_first_is_none() -> None:
    turns = quarter_turns()
    assert len({tuple(turn.ravel()) for turn in turns}) == 24 and (turns[0] == np.eye(3)).all()
    assert np.linalg.det(turns) == pytest.approx(np.ones(24))


@pytest.mark.parametrize("number", [5, 11, 22])
def test_a_cloud_that_was_scaled_turned_and_shifted_is_laid_back(number: int) -> None:
    rest, faces = bumpy()
    found = spots_on(rest, faces, 2000, seed=1).at(rest)
    truth = found * [1.2, 0.8, 1.1] @ quarter_turns()[number].T + [0.5, -0.3, 1.0]
    back = register(found, truth, Icp.ANISOTROPIC)
    assert np.abs(back.moved(found) - truth).max() < 1e-3
    assert back.scale == pytest.approx([1.2, 0.8, 1.1], abs=1e-3)
    rigid = register(found, truth, Icp.RIGID)
    assert (rigid.scale == 1).all() and cloud_distance(rigid.moved(found), truth) > 0.02
    assert register(found, truth, Icp.NONE).moved(found) is not None
    assert np.array_equal(register(found, truth, Icp.NONE).moved(found), found)


def test_a_turn_between_the_starts_is_found() -> None:
    rest, faces = bumpy()
    found = spots_on(rest, faces, 2000, seed=1).at(rest)
    turn = Rotation.from_rotvec([0.2, 0.3, -0.25]) * Rotation.from_matrix(quarter_turns()[9])
    back = register(found, turn.apply(found) + [1, 2, 3], Icp.RIGID)
    assert (Rotation.from_matrix(back.turn).inv() * turn).magnitude() < 1e-3


@pytest.mark.parametrize("flat", [[1, 1, 0], [1, 0, 0], [0, 0, 0]], ids=["sheet", "stick", "point"])
def test_flat_bodies_are_laid_back_too(flat: list[int]) -> None:
    found = np.random.default_rng(0).normal(size=(600, 3)) * flat
    moved = found @ quarter_turns()[13].T + [0.3, 0.2, 0.1]
    for kind in Icp:
        back = register(found, moved, kind)
        assert np.isfinite(back.moved(found)).all()
        if kind is not Icp.NONE:
            assert cloud_distance(back.moved(found), moved) < 0.02


def test_a_copy_has_the_floor_of_its_points_and_no_fit_is_better_or_worse() -> None:
    body, faces = swaying()
    copy = chamfer(body, faces, body, faces, NONE)
    assert 0.015 < copy.cd_3d < 0.04 and copy.cd_4d == copy.cd_3d
    assert chamfer(body, faces, body, faces, FEW).cd_4d == pytest.approx(copy.cd_4d, rel=0.05)
    more = chamfer(body, faces, body, faces, ChamferOptions(num_points=8000, icp=Icp.NONE))
    assert more.cd_3d == pytest.approx(copy.cd_3d / 2, rel=0.1)  # half as far to the next point


def test_the_three_are_what_all_pairs_of_the_same_points_say() -> None:
    body, faces = swaying(3)
    other = body * [1.1, 1, 1] + [0.05, 0, 0]
    few = ChamferOptions(icp=Icp.NONE, num_points=400)
    found = chamfer(other, faces, body, faces, few)
    goals = spots_on(body[0], faces, 400, seed=few.seed - 1).at(body)
    clouds = [spots_on(frame, faces, 400, seed=few.seed + number).at(frame) for number, frame in enumerate(other)]
    apart = [cdist(cloud, goal) for cloud, goal in zip(clouds, goals)]
    both_ways = [each.min(axis=0).mean() + each.min(axis=1).mean() for each in apart]
    assert found.cd_3d == found.cd_4d == pytest.approx(np.mean(both_ways), abs=1e-12)
    points = spots_on(other[0], faces, 400, seed=few.seed).at(other)
    first = cdist(points[0], goals[0])
    there = np.linalg.norm(points - goals[:, first.argmin(axis=1)], axis=-1).mean()
    back = np.linalg.norm(points[:, first.argmin(axis=0)] - goals, axis=-1).mean()
    assert found.cd_m == pytest.approx(there + back, abs=1e-12)


def test_a_shift_and_a_turn_of_all_frames_cost_nothing_once_laid_back() -> None:
    body, faces = swaying()
    floor = chamfer(body, faces, body, faces, NONE)
    moved = (body * [1.0, 1.0, 0.8]) @ quarter_turns()[7].T + 0.3
    back = chamfer(moved, faces, body, faces, FEW)
    assert back.cd_3d < 1.2 * floor.cd_3d and back.cd_m < 1.25 * floor.cd_m
    rigid = chamfer(moved, faces, body, faces, ChamferOptions(num_points=2000, icp=Icp.RIGID))
    assert rigid.cd_3d > 1.5 * floor.cd_3d  # the squashed shape is not forgiven
    assert chamfer(moved, faces, body, faces, NONE).cd_3d > 0.2


def test_what_each_of_the_three_sees() -> None:
    body, faces = swaying()
    floor = chamfer(body, faces, body, faces, NONE)
    still = chamfer(np.repeat(body[:1], 4, axis=0), faces, body, faces, FEW)
    assert still.cd_4d > 1.5 * floor.cd_4d and still.cd_m > 2 * floor.cd_m
    drifting = body + np.linspace(0, 0.5, 4)[:, None, None]
    laid = chamfer(drifting, faces, body, faces, FEW)
    assert laid.cd_3d < 1.3 * floor.cd_3d < 0.2 < laid.cd_4d  # each frame alone forgives the drift, the first does not


def test_other_faces_are_compared_and_other_lengths_refused() -> None:
    body, faces = swaying()
    doubled = chamfer(np.concatenate([body, body], axis=1), faces + body.shape[1], body, faces, NONE)
    assert doubled.cd_3d == pytest.approx(chamfer(body, faces, body, faces, NONE).cd_3d, rel=0.05)
    with pytest.raises(ValueError, match="3 frames are held against 4"):
        chamfer(body[:3], faces, body, faces, NONE)


def test_it_repeats_to_the_bit() -> None:
    body, faces = swaying(2)
    assert chamfer(body + 0.01, faces, body, faces, FEW) == chamfer(body + 0.01, faces, body, faces, FEW)


def test_vertices_of_a_known_shift_and_of_another_mesh() -> None:
    body, _ = swaying()
    assert mesh.vertex_error_pct(body + [0.03, 0, 0.04], body, height=0.5) == pytest.approx(10)
    assert mesh.vertex_error_pct(body, body, height=0.5) == 0
    some = body.copy()
    some[:, :100] += [0, 0.05, 0]  # more than 5 %
    assert mesh.vertex_error_p95_pct(some, body, height=0.5) == pytest.approx(10)
    with pytest.raises(ValueError, match="not the same mesh"):
        mesh.vertex_error_pct(body[:, 1:], body, height=0.5)
