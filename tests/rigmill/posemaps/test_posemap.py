from __future__ import annotations

import itertools

import numpy as np
import pytest

from rigmill.posemaps import posemap
from rigmill.posemaps.discs import discs
from rigmill.types import Bytes, Floats, Rig


def smallest_gap(colours: Bytes) -> float:
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(colours.astype(np.float64), 2))


def draw_one(
    places: Floats, *, colours: Bytes | None = None, depth: Floats | None = None, radius_px: float = 3
) -> Bytes:
    num = len(places)
    return posemap.draw(
        places,
        np.arange(1.0, num + 1) if depth is None else depth,
        parents=np.arange(num) - 1,
        drawn=np.ones(num, dtype=bool),
        colours=posemap.palette(num) if colours is None else colours,
        width_px=64,
        height_px=48,
        radius_px=radius_px,
    )


@pytest.mark.parametrize(("num", "least"), [(25, 90), (65, 60), (150, 45)])
def test_palette_colours_are_far_apart_and_far_from_background_and_line(num: int, least: float) -> None:
    colours = posemap.palette(num)
    members = np.vstack([colours, [posemap.BACKGROUND, posemap.LINE]])
    assert smallest_gap(members) >= least
    assert np.array_equal(colours, posemap.palette(num))


def test_changing_a_palette_does_not_change_the_next_one() -> None:
    posemap.palette(5)[:] = 0
    assert smallest_gap(posemap.palette(5)) > 0


def test_near_joints_get_colours_farther_apart_than_chance() -> None:
    rng = np.random.default_rng(0)
    centres = rng.uniform(50, 400, size=(12, 2))
    places = np.repeat(centres, 3, axis=0) + rng.normal(scale=3, size=(36, 2))  # twelve tight groups of three
    drawn = np.ones(36, dtype=bool)
    assigned = posemap.assign_colours(places[None], drawn)
    assert sorted(map(tuple, assigned)) == sorted(map(tuple, posemap.palette(36)))
    within = [smallest_gap(assigned[3 * i : 3 * i + 3]) for i in range(12)]
    shuffled = [
        smallest_gap(rng.permutation(posemap.palette(36))[3 * i : 3 * i + 3]) for _ in range(20) for i in range(12)
    ]
    assert np.mean(within) > 1.3 * np.mean(shuffled)


def test_joints_that_are_not_drawn_have_no_colour() -> None:
    places = np.random.default_rng(1).uniform(0, 100, size=(2, 6, 2))
    drawn = np.array([True, False, True, True, False, True])
    colours = posemap.assign_colours(places, drawn)
    assert not colours[~drawn].any()
    assert len(np.unique(colours[drawn], axis=0)) == 4


def fork(num_fingers: int) -> tuple[Rig, Floats]:
    """A long trunk and short fingers that crowd at its end; front view and side view."""
    joints = [[0, 0, 10.0 * i] for i in range(5)] + [[0.5 * (i + 1), 0, 41] for i in range(num_fingers)]
    rig = Rig(
        names=tuple(f"j{i}" for i in range(len(joints))),
        parents=np.array([-1, 0, 1, 2, 3] + [4] * num_fingers, dtype=np.int32),
        rest_joints=np.array(joints),
    )
    front, side = rig.rest_joints[:, [0, 2]], rig.rest_joints[:, [1, 2]]
    return rig, np.stack([front, side])


def test_crowded_joints_are_left_out_and_the_trunk_stays() -> None:
    rig, places = fork(8)
    drawn = posemap.choose_drawn(rig, places, radius_px=2, max_joints=64)
    assert drawn[:5].all()
    assert not drawn[5:].any()


def test_joints_apart_in_one_view_only_are_drawn() -> None:
    rig, places = fork(3)
    spread = places.copy()
    spread[0, 5:, 0] += 20 * np.arange(1, 4)
    drawn = posemap.choose_drawn(rig, spread, radius_px=2, max_joints=64)
    assert drawn.all()


def test_the_root_and_the_longest_chain_win_when_few_joints_are_allowed() -> None:
    rig, places = fork(3)
    drawn = posemap.choose_drawn(rig, places * 100, radius_px=2, max_joints=4)
    assert list(np.flatnonzero(drawn)) == [0, 1, 2, 3]


def test_lines_end_at_the_nearest_drawn_ancestor() -> None:
    parents = np.array([-1, 0, 1, 2, 0])
    drawn = np.array([True, False, False, True, True])
    assert list(posemap.drawn_parents(parents, drawn)) == [-1, 0, 0, 0, 0]


def test_a_joint_at_a_pixel_centre_fills_that_pixel_symmetrically() -> None:
    picture = draw_one(np.array([[10.5, 7.5]]), radius_px=2)
    assert np.array_equal(picture[7, 10], posemap.palette(1)[0])
    ys, xs = np.nonzero(picture.any(axis=-1))
    assert (ys.mean(), xs.mean()) == (7, 10)


def test_the_centroid_of_a_disc_is_the_joint_at_any_sub_pixel_place() -> None:
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:48, :64] + 0.5
    for place in rng.uniform(10, 38, size=(100, 2)):
        weight = draw_one(place[None], colours=np.full((1, 3), 255, dtype=np.uint8))[..., 0].astype(np.float64)
        centroid = np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
        assert np.abs(centroid - place).max() < 0.03


def test_nearer_discs_cover_farther_ones_and_all_cover_lines() -> None:
    places = np.array([[20.5, 20.5], [22.5, 20.5], [40.5, 20.5]])
    colours = posemap.palette(3)
    near_first = draw_one(places, depth=np.array([1.0, 2.0, 3.0]))
    far_first = draw_one(places, depth=np.array([2.0, 1.0, 3.0]))
    assert np.array_equal(near_first[20, 20], colours[0])
    assert np.array_equal(near_first[20, 21], colours[0])
    assert np.array_equal(far_first[20, 21], colours[1])
    assert np.array_equal(near_first[20, 30], posemap.LINE)
    assert np.array_equal(near_first[20, 40], colours[2])


def test_joints_behind_the_camera_or_far_outside_leave_no_trace() -> None:
    places = np.array([[20.0, 20.0], [1e12, np.nan], [-500.0, 20.0]])
    picture = draw_one(places, depth=np.array([-1.0, 1.0, 1.0]))
    assert not picture.any()
    half_out = draw_one(np.array([[0.0, 24.0]]))
    assert half_out[:, :3].any() and not half_out[:, 5:].any()


def test_radius_follows_the_height_of_the_picture() -> None:
    assert posemap.radius_for(3, 480) == 3
    assert posemap.radius_for(5, 256) == pytest.approx(2.6667, abs=1e-4)


def test_nothing_but_background_lies_outside_a_maps_box() -> None:
    generator = np.random.default_rng(3)
    for _ in range(20):
        joints = generator.normal(size=(12, 2)) * generator.uniform(5, 300) + [100, 60]
        depth, drawn = generator.uniform(-0.2, 2, 12), generator.random(12) < 0.8
        size = {"width_px": 200, "height_px": 120, "radius_px": 3.0}
        picture = posemap.draw(
            joints, depth, parents=np.arange(12, dtype=np.int32) - 1, drawn=drawn, colours=posemap.palette(12), **size
        )
        rows, columns = posemap.box(joints, drawn & (depth > 0), **size)
        picture[rows, columns] = 0
        assert picture.max() == 0


def blended(picture: np.ndarray, centre: np.ndarray, colour: np.ndarray, radius_px: float) -> np.ndarray:
    """A disc over the whole picture, by numpy."""
    x, y = (np.arange(side) + 0.5 - at for side, at in zip(picture.shape[1::-1], centre))
    cover = np.clip(radius_px + 0.5 - np.sqrt(x[None, :] ** 2 + y[:, None] ** 2), 0, 1)[..., None]
    return np.rint(picture * (1 - cover) + cover * colour).astype(np.uint8)


def test_compiled_discs_are_those_of_numpy_to_the_last_bit() -> None:
    """Places on halves of a pixel make many levels that lie between two: none may round the other way."""
    chance = np.random.default_rng(2)
    for _ in range(60):
        centres = np.round(chance.uniform(-5, 45, (12, 2)) * 2) / 2 + chance.choice([0, 0, 0.3], (12, 1))
        colours, radius_px = posemap.palette(12), float(chance.choice([1.0, 1.5, 3.0, 3.2]))
        found = np.full((40, 40, 3), 128, np.uint8)
        wanted = found.copy()
        discs(found, centres, colours, radius_px)
        for centre, colour in zip(centres, colours):
            wanted = blended(wanted, centre, colour, radius_px)
        assert np.array_equal(found, wanted)
