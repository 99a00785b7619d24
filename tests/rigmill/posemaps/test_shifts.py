"""Shift maps: what their colours tell of joints is where these are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.redraw import redrawn, rest_map, resting, view_maps
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.posemaps.shifts import GREY, _told, agreed, read_shifts
from rigmill.types import Floats
from tests.support.drawn_clips import clip_of, dense_rig, turned

DRAWING = PoseMapDefinition(64, 2.0, 64, markers=False, shift_px=40.0)
UNIT_M = 0.04  # about a pixel


@pytest.fixture(scope="module")
def body() -> ClipGeometry:
    """It bends by 50 degrees."""
    return redrawn(clip_of(dense_rig(), turned(11, 4, np.linspace(0, 50, 4), (0.3, 1.0, 0.0))), DRAWING)


def unit(pictures: np.ndarray) -> Floats:
    return pictures / 127.5 - 1.0


def rests(geometry: ClipGeometry) -> list:
    return [resting(geometry, view, radius_px=2.0, shift_px=40.0) for view in range(len(geometry.cameras))]


def maps_of(geometry: ClipGeometry, view: int) -> np.ndarray:
    return view_maps(geometry, view, 2.0, shift_px=40.0)


def test_a_pose_at_rest_is_grey_and_motion_changes_colours_and_no_place(body: ClipGeometry) -> None:
    still, maps = rest_map(body, 0, 2.0, shift_px=40.0), maps_of(body, 0)
    np.testing.assert_array_equal(maps[0], still)
    assert (still.max(axis=-1) == still.min(axis=-1)).all() and still.max() == GREY
    moved = (maps[-1] != still).any(axis=-1)
    y, x = np.mgrid[:64, :64] + 0.5
    places = body.rest_joints_px[0, body.drawn]
    apart = np.hypot(x - places[:, 0, None, None], y - places[:, 1, None, None]).min(axis=0)
    assert moved.any() and not moved[apart > 2.5].any()


def test_joints_are_where_the_colours_of_all_views_say(body: ClipGeometry) -> None:
    views = rests(body)
    read = [read_shifts(unit(maps_of(body, view)), rest) for view, rest in enumerate(views)]
    joints, told = agreed(views, [levels for levels, _ in read], [seen for _, seen in read])
    assert told[:, body.drawn].all() and not told[:, ~body.drawn].any()
    off = np.linalg.norm(joints - body.joints, axis=-1)[:, body.drawn]
    assert off.max() < UNIT_M


def test_what_is_hidden_at_rest_is_not_told_in_that_view_but_by_others(body: ClipGeometry) -> None:
    """Of two discs on one another the nearer is seen."""
    first, second = np.flatnonzero(body.drawn)[:2]
    rest_px, depth = body.rest_joints_px.copy(), body.rest_joints_depth.copy()
    rest_px[0, second], depth[0, second] = rest_px[0, first], depth[0, first] + 0.2
    hidden = replace(body, rest_joints_px=rest_px, rest_joints_depth=depth)
    _, seen = read_shifts(unit(maps_of(hidden, 0)), rests(hidden)[0])
    assert seen[second] == 0 and seen[first] > 0.8


def test_views_that_disagree_tell_nothing(body: ClipGeometry) -> None:
    views = rests(body)
    levels, seen = zip(*(read_shifts(unit(maps_of(body, view)), rest) for view, rest in enumerate(views)))
    joint = int(np.flatnonzero(body.drawn)[0])
    levels[0][:, joint] = 0.9
    _, told = agreed(views, levels, seen)
    others = body.drawn.copy()
    others[joint] = False
    assert not told[:, joint].any() and told[:, others].all()


def test_views_may_disagree_about_what_is_far_away_by_a_share_of_that(body: ClipGeometry) -> None:
    views = rests(body)
    still = [np.zeros((1, len(body.drawn), 3)) for _ in views]
    seen = [body.drawn.astype(float) for _ in views]
    joint = int(np.flatnonzero(body.drawn)[0])

    def told(up: float, spread: float) -> bool:
        """Whether it is, where views say that it is so many pixels up, each another share of them."""
        levels = [level.copy() for level in still]
        for sign, view, level in zip((1, -1, 1, -1), views, levels):
            level[0, joint, 1] = -_told(np.array(up * (1 + sign * spread)), view.most_px)
        return bool(agreed(views, levels, seen)[1][0, joint])

    assert told(30.0, 0.2) and not told(30.0, 0.5)


def test_noise_moves_a_joint_by_less_than_a_pixel_of_what_it_is_told_by(body: ClipGeometry) -> None:
    chance = np.random.default_rng(0)
    views = rests(body)
    maps = [unit(maps_of(body, view)) for view in range(4)]
    read = [read_shifts(some + chance.normal(0, 0.05, some.shape), rest) for some, rest in zip(maps, views)]
    joints, told = agreed(views, [levels for levels, _ in read], [seen for _, seen in read])
    off = np.linalg.norm(joints - body.joints, axis=-1)[:, body.drawn]
    assert off.mean() < UNIT_M and told[:, body.drawn].mean() > 0.9


def test_rows_of_maps_that_are_no_shift_maps_are_those_of_before_there_were_any() -> None:
    assert not [key for key in replace(DRAWING, shift_px=None).to_row() if key.startswith("shift")]
    assert PoseMapDefinition.from_row(DRAWING.to_row()) == DRAWING


def test_shift_maps_that_are_told_otherwise_are_refused() -> None:
    with pytest.raises(ValueError, match="shift_rule"):
        PoseMapDefinition.from_row({**DRAWING.to_row(), "shift_rule": "another"})
