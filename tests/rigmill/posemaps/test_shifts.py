"""Shift maps: what their colours tell of joints is where these are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rigmill.clips.camera import project
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.redraw import redrawn, rest_map, resting, view_maps
from rigmill.posemaps.definition import SHIFT_RULES, PoseMapDefinition
from rigmill.posemaps.shifts import GREY, GROUND, Shifts, _told, agreed, read_shifts, told_points
from rigmill.types import Floats
from tests.support.drawn_clips import clip_of, dense_rig, turned

DRAWING = PoseMapDefinition(64, 2.0, 64, markers=False, shift_px=40.0)
UNIT_M = 0.04  # about a pixel
WAYS = (Shifts(40.0, apart=False), Shifts(40.0, apart=True))


@pytest.fixture(params=WAYS, ids=["at once", "apart"])
def way(request: pytest.FixtureRequest) -> Shifts:
    """How shifts are told."""
    told: Shifts = request.param
    return told


@pytest.fixture(scope="module")
def body() -> ClipGeometry:
    """It bends by 50 degrees."""
    return redrawn(clip_of(dense_rig(), turned(11, 4, np.linspace(0, 50, 4), (0.3, 1.0, 0.0))), DRAWING)


def unit(pictures: np.ndarray) -> Floats:
    return pictures / 127.5 - 1.0


def rests(geometry: ClipGeometry, way: Shifts) -> list:
    return [resting(geometry, view, radius_px=2.0, shifts=way) for view in range(len(geometry.cameras))]


def maps_of(geometry: ClipGeometry, view: int, way: Shifts) -> np.ndarray:
    return view_maps(geometry, view, 2.0, shifts=way)


def gone(geometry: ClipGeometry, way_m: Floats) -> ClipGeometry:
    """The same body, which besides goes that way (T, 3)."""
    joints = geometry.joints + way_m[:, None]
    seen = [project(camera, joints) for camera in geometry.cameras]
    return replace(
        geometry,
        joints=joints,
        joints_px=np.stack([places for places, _ in seen]),
        joints_depth=np.stack([depth for _, depth in seen]),
    )


def test_a_pose_at_rest_is_grey_and_motion_changes_colours_and_no_place(body: ClipGeometry, way: Shifts) -> None:
    still, maps = rest_map(body, 0, 2.0, shifts=way), maps_of(body, 0, way)
    np.testing.assert_array_equal(maps[0], still)
    assert (still.max(axis=-1) == still.min(axis=-1)).all() and still.max() == GREY
    moved = (np.abs(maps[-1].astype(int) - still) > 14).any(axis=-1)  # the ground moves by no more than that
    y, x = np.mgrid[:64, :64] + 0.5
    places = body.rest_joints_px[0, body.drawn]
    apart = np.hypot(x - places[:, 0, None, None], y - places[:, 1, None, None]).min(axis=0)
    assert moved.any() and not moved[apart > 2.5].any()


def test_joints_are_where_the_colours_of_all_views_say(body: ClipGeometry, way: Shifts) -> None:
    views = rests(body, way)
    read = [read_shifts(unit(maps_of(body, view, way)), rest) for view, rest in enumerate(views)]
    joints, told = agreed(views, [levels for levels, _ in read], [seen for _, seen in read])
    assert told[:, body.drawn].all() and not told[:, ~body.drawn].any()
    off = np.linalg.norm(joints - body.joints, axis=-1)[:, body.drawn]
    assert off.max() < UNIT_M


def test_what_is_hidden_at_rest_is_not_told_in_that_view_but_by_others(body: ClipGeometry, way: Shifts) -> None:
    """Of two discs on one another the nearer is seen."""
    first, second = np.flatnonzero(body.drawn)[:2]
    rest_px, depth = body.rest_joints_px.copy(), body.rest_joints_depth.copy()
    rest_px[0, second], depth[0, second] = rest_px[0, first], depth[0, first] + 0.2
    hidden = replace(body, rest_joints_px=rest_px, rest_joints_depth=depth)
    _, seen = read_shifts(unit(maps_of(hidden, 0, way)), rests(hidden, way)[0])
    assert seen[second] == 0 and seen[first] > 0.8


def test_views_that_disagree_tell_nothing(body: ClipGeometry, way: Shifts) -> None:
    views = rests(body, way)
    levels, seen = zip(*(read_shifts(unit(maps_of(body, view, way)), rest) for view, rest in enumerate(views)))
    joint = int(np.flatnonzero(body.drawn)[0])
    levels[0][:, joint] = 0.9
    _, told = agreed(views, levels, seen)
    others = body.drawn.copy()
    others[joint] = False
    assert not told[:, joint].any() and told[:, others].all()


def test_views_may_disagree_about_what_is_far_away_by_a_share_of_that(body: ClipGeometry, way: Shifts) -> None:
    views = rests(body, way)
    still = [view.stillness[None] for view in views]
    seen = [np.append(body.drawn, True)[: len(view.drawn)].astype(float) for view in views]
    joint = int(np.flatnonzero(body.drawn)[0])

    def told(up: float, spread: float) -> bool:
        """Whether it is, where views say that it is so many pixels up, each another share of them."""
        levels = [level.copy() for level in still]
        for sign, view, level in zip((1, -1, 1, -1), views, levels):
            level[0, joint, 1] = -_told(np.array(up * (1 + sign * spread)), view.told.most_px)
        return bool(agreed(views, levels, seen)[1][0, joint])

    assert told(30.0, 0.2) and not told(30.0, 0.5)


def test_noise_moves_a_joint_by_less_than_a_pixel_of_what_it_is_told_by(body: ClipGeometry, way: Shifts) -> None:
    chance = np.random.default_rng(0)
    views = rests(body, way)
    maps = [unit(maps_of(body, view, way)) for view in range(4)]
    read = [read_shifts(some + chance.normal(0, 0.05, some.shape), rest) for some, rest in zip(maps, views)]
    joints, told = agreed(views, [levels for levels, _ in read], [seen for _, seen in read])
    off = np.linalg.norm(joints - body.joints, axis=-1)[:, body.drawn]
    assert off.mean() < UNIT_M and told[:, body.drawn].mean() > 0.9


def test_what_goes_as_a_whole_is_told_by_the_ground_alone(body: ClipGeometry) -> None:
    still = replace(body, joints=np.repeat(body.rig.rest_joints[None], 4, axis=0))
    far = gone(still, np.linspace(0, 1, 4)[:, None] * np.array([0.8, 0.1, 0.0]))
    maps, rest = maps_of(far, 0, WAYS[1]), rest_map(far, 0, 2.0, shifts=WAYS[1])
    changed = (maps[-1] != rest).any(axis=-1)
    y, x = np.mgrid[:64, :64] + 0.5
    places = body.rest_joints_px[0, body.drawn]
    apart = np.hypot(x - places[:, 0, None, None], y - places[:, 1, None, None]).min(axis=0)
    assert changed[apart > 6].mean() > 0.95 and not changed[apart < 1].any()


def test_the_ground_tells_less_than_one_of_its_levels(body: ClipGeometry) -> None:
    """Half a pixel is half a level of it."""
    still = replace(body, joints=np.repeat(body.rig.rest_joints[None], 4, axis=0))
    far = gone(still, np.linspace(0, 1, 4)[:, None] * np.array([0.02, 0.0, 0.02]))
    assert np.abs(maps_of(far, 0, WAYS[1])[:, :4].astype(int) - GROUND).max() <= 2
    joints, told = joints_of(far, WAYS[1])
    assert told[:, body.drawn].all()
    assert np.linalg.norm(joints - far.joints, axis=-1)[:, body.drawn].max() < 0.1 * UNIT_M


def test_limbs_of_a_body_that_goes_far_are_told_as_finely_as_those_of_one_that_stays(body: ClipGeometry) -> None:
    """Each level a little off: bones of what is told at once are off by the more, the farther the body has gone."""
    far = gone(body, np.linspace(0, 1, 4)[:, None] * np.array([0.9, 0.0, 0.0]))

    def off(geometry: ClipGeometry, way: Shifts) -> float:
        joints, _ = joints_of(geometry, way, noise=0.03)
        bones = [
            points[:, body.drawn] - points[:, body.drawn].mean(axis=1, keepdims=True)
            for points in (joints, geometry.joints)
        ]
        return float(np.linalg.norm(bones[0] - bones[1], axis=-1)[-1].mean())

    at_once, apart = (off(far, way) / off(body, way) for way in WAYS)
    assert apart < 1.2 and at_once > 1.5


def test_the_way_of_a_thing_with_one_moving_part_is_none(body: ClipGeometry) -> None:
    joints = np.repeat(body.rig.rest_joints[None], 2, axis=0)
    joints[1, np.flatnonzero(body.drawn)[0]] += 1.0
    told = told_points(joints, rest=body.rig.rest_joints, drawn=body.drawn)
    np.testing.assert_array_equal(told[0, -1], told[1, -1])


def joints_of(geometry: ClipGeometry, way: Shifts, *, noise: float = 0.0) -> tuple[Floats, np.ndarray]:
    """What is read of its maps, the same noise added to every view's."""
    chance = np.random.default_rng(0)
    views = rests(geometry, way)
    maps = [unit(maps_of(geometry, view, way)) for view in range(len(views))]
    read = [read_shifts(some + chance.normal(0, noise, some.shape), rest) for some, rest in zip(maps, views)]
    return agreed(views, [levels for levels, _ in read], [seen for _, seen in read])


def test_rows_of_maps_that_are_no_shift_maps_are_those_of_before_there_were_any() -> None:
    assert not [key for key in replace(DRAWING, shift_px=None).to_row() if key.startswith("shift")]
    for rule, apart in SHIFT_RULES.items():
        drawing = replace(DRAWING, shift_rule=rule)
        assert PoseMapDefinition.from_row(drawing.to_row()) == drawing
        assert drawing.shifts == Shifts(40.0, apart=apart)
    assert replace(DRAWING, shift_px=None).shifts is None


def test_shift_maps_that_are_told_otherwise_are_refused() -> None:
    with pytest.raises(ValueError, match="shift_rule"):
        PoseMapDefinition.from_row({**DRAWING.to_row(), "shift_rule": "another"})
