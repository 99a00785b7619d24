"""Pose maps drawn anew at a small size: they can be read there, which shrunk ones cannot, and show what hinges do."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from rigmill.clips.camera import camera_ring, project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.redraw import fitted, redrawn, rest_map, view_maps
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.posemaps.posemap import radius_for
from rigmill.reconstruct.metrics import turn_errors_deg
from rigmill.reconstruct.reconstruct import Reconstruction, reconstruct
from rigmill.rigs import skeleton
from rigmill.types import Bytes, Motion, Rig

FRAMES, SIZE = 4, 256


def clip_of(rig: Rig, rotations: np.ndarray) -> ClipGeometry:
    """The clip of a motion in pictures of 256 pixels, every joint drawn."""
    motion = Motion(rotations=rotations, translations=np.zeros((*rotations.shape[:2], 3)), fps=16.0)
    joints, _ = skeleton.forward(rig, motion)
    cameras = camera_ring(
        bounds=np.array([[-1.0, -1, -1], [1, 1, 1]]),
        azimuths_deg=[0, 90, 180, 270],
        elevation_deg=0,
        width_px=SIZE,
        height_px=SIZE,
        field_of_view_deg=40,
        margin=0.05,
    )
    seen, rest = ([project(camera, places) for camera in cameras] for places in (joints, rig.rest_joints))
    definition = PoseMapDefinition.of_render(height_px=SIZE, joint_radius_px=5, max_joints=64, markers=False)
    rest_px = np.stack([pixels for pixels, _ in rest])
    drawn = definition.drawn(rig, 0, rest_px)
    return ClipGeometry(
        rig=rig,
        drawn=drawn,
        colours=definition.colours(rest_px, drawn),
        motion=motion,
        joints=joints,
        cameras=cameras,
        joints_px=np.stack([pixels for pixels, _ in seen]),
        joints_depth=np.stack([depth for _, depth in seen]),
        visible=np.ones((4, len(joints), rig.num_joints), bool),
        rest_joints_px=rest_px,
        rest_joints_depth=np.stack([depth for _, depth in rest]),
        scale=1.0,
        offset=np.zeros(3),
    )


def turned(num_joints: int, joint: int, degrees: np.ndarray, axis: tuple[float, float, float]) -> np.ndarray:
    """Rotations (T, J, 4) in which one joint turns."""
    rotations = np.zeros((len(degrees), num_joints, 4))
    rotations[..., 0] = 1
    half = np.radians(degrees)[:, None] / 2
    rotations[:, joint] = np.concatenate([np.cos(half), np.sin(half) * np.array(axis)], axis=1)
    return rotations


@pytest.fixture(scope="module")
def dense() -> ClipGeometry:
    """A body of many joints near each other that bends."""
    places = [(0, 0, -0.8), (0, 0, -0.5), (0, 0, -0.2), (0, 0, 0.1), (0, 0, 0.4)]
    places += [(0.25 * side, 0.04 * side, 0.4 + 0.01 * side) for side in (-3, -2, -1, 1, 2, 3)]
    parents = [-1, 0, 1, 2, 3, 6, 7, 4, 4, 8, 9]
    order = [0, 1, 2, 3, 4, 7, 6, 5, 8, 9, 10]
    renamed = {old: new for new, old in enumerate(order)}
    rig = Rig(
        names=tuple(f"j{number}" for number in range(11)),
        parents=np.array([renamed[parents[old]] if parents[old] >= 0 else -1 for old in order]),
        rest_joints=np.array([places[old] for old in order], dtype=float),
    )
    return clip_of(rig, turned(11, 4, np.linspace(0, 40, FRAMES), (0.0, 1.0, 0.0)))


def read(maps: Bytes, geometry: ClipGeometry, radius_px: float) -> Reconstruction:
    return reconstruct(
        maps,
        cameras=geometry.cameras,
        rig=geometry.rig,
        drawn=geometry.drawn,
        colours=geometry.colours,
        radius_px=radius_px,
        fps=16.0,
    )


def maps_of(geometry: ClipGeometry, radius_px: float) -> Bytes:
    return np.stack([view_maps(geometry, view, radius_px) for view in range(len(geometry.cameras))])


def test_maps_drawn_for_a_small_picture_are_read_where_shrunk_ones_lose_joints(dense: ClipGeometry) -> None:
    small = redrawn(dense, PoseMapDefinition(64, 2.0, 64, markers=False))
    assert small.cameras[0].width_px == 64 and maps_of(small, 2.0).shape == (4, FRAMES, 64, 64, 3)
    found = read(maps_of(small, 2.0), small, 2.0)
    assert found.usable.mean() > 0.95
    np.testing.assert_allclose(found.joints[:, small.drawn], dense.joints[:, small.drawn], atol=0.03)
    large = maps_of(dense, radius_for(5, SIZE))
    shrunk = np.stack([[cv2.resize(frame, (64, 64), interpolation=cv2.INTER_AREA) for frame in view] for view in large])
    assert read(shrunk, fitted(dense, size_px=64), radius_for(5, SIZE) / 4).usable.mean() < 0.75


def test_fewer_joints_have_room_in_a_small_picture_and_each_has_a_colour(dense: ClipGeometry) -> None:
    few, many = (redrawn(dense, PoseMapDefinition(size, 2.0, 64, markers=False)) for size in (32, 128))
    assert 2 <= few.drawn.sum() < many.drawn.sum() == dense.rig.num_joints
    for clip in (few, many):
        assert (clip.colours[clip.drawn].max(axis=1) > 0).all() and (clip.colours[~clip.drawn] == 0).all()


def test_a_door_shows_that_it_opens_by_its_markers_alone() -> None:
    rig = Rig(
        names=("frame", "door"), parents=np.array([-1, 0]), rest_joints=np.array([[-0.6, 0, -0.8], [0.6, 0, -0.5]])
    )
    clip = clip_of(rig, turned(2, 1, np.linspace(0, 80, FRAMES), (0.0, 0.0, 1.0)))
    plain = redrawn(clip, PoseMapDefinition(64, 2.0, 64, markers=False))
    drawing = PoseMapDefinition(64, 2.0, 64, markers=True, marker_sizes=(0.2, 0.4), marked_joints=12)
    marked = redrawn(clip, drawing)
    assert plain.num_markers == 0 and marked.num_markers > 0 and marked.drawn[2:].any()
    assert np.array_equal(maps_of(plain, 2.0)[:, 0], maps_of(plain, 2.0)[:, -1]), "no joint of a door moves"
    _, true = skeleton.forward(rig, clip.motion)

    def wrong_deg(geometry: ClipGeometry) -> float:
        _, own = geometry.own(read(maps_of(geometry, 2.0), geometry, 2.0).motion)
        return float(turn_errors_deg(skeleton.forward(rig, own)[1], true)[-1, 1])

    assert wrong_deg(plain) > 60 and wrong_deg(marked) < 8


def test_markers_come_and_go_as_the_definition_says(dense: ClipGeometry) -> None:
    with_them = PoseMapDefinition(64, 2.0, 64, markers=True, marker_sizes=(0.2, 0.4), marked_joints=11)
    marked = redrawn(dense, with_them)
    assert marked.num_markers > 0
    assert redrawn(dense, replace(with_them, marked_joints=10)).num_markers == 0, "a body of more joints has none"
    back = redrawn(marked, PoseMapDefinition(64, 2.0, 64, markers=False))
    assert back.num_markers == 0 and back.rig.names == dense.rig.names
    np.testing.assert_array_equal(back.joints, dense.joints)


def test_the_map_of_the_rest_pose_is_that_of_a_frame_at_rest(dense: ClipGeometry) -> None:
    small = redrawn(dense, PoseMapDefinition(64, 2.0, 64, markers=False))
    for view in range(4):
        np.testing.assert_array_equal(rest_map(small, view, 2.0), view_maps(small, view, 2.0)[0])


def test_a_definition_travels_as_json_and_an_unknown_rule_is_refused() -> None:
    drawing = PoseMapDefinition(64, 2.0, 64, markers=True, marker_sizes=(0.2, 0.4), marked_joints=12)
    row = {key: list(value) if isinstance(value, tuple) else value for key, value in drawing.to_row().items()}
    assert PoseMapDefinition.from_row(row) == drawing
    with pytest.raises(ValueError, match="palette_rule"):
        PoseMapDefinition.from_row({**row, "palette_rule": "another"})
