"""Pose maps drawn anew at a small size: they can be read there, which shrunk ones cannot, and show what hinges do."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.redraw import fitted, redrawn, rest_map, view_maps
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.posemaps.posemap import radius_for
from rigmill.reconstruct.metrics import turn_errors_deg
from rigmill.reconstruct.reconstruct import Reconstruction, reconstruct
from rigmill.rigs import skeleton
from rigmill.types import Bytes, Rig
from tests.support.drawn_clips import SIZE, clip_of, dense_rig, turned

FRAMES = 4


@pytest.fixture(scope="module")
def dense() -> ClipGeometry:
    """A body of many joints near each other that bends."""
    return clip_of(dense_rig(), turned(11, 4, np.linspace(0, 40, FRAMES), (0.0, 1.0, 0.0)))


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
