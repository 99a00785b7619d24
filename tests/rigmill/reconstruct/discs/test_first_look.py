from __future__ import annotations

import cv2
import numpy as np
import pytest

from rigmill.clips.camera import project
from rigmill.posemaps import posemap
from rigmill.reconstruct.discs.first_look import BlobFinder, Condition, localize
from rigmill.types import Bytes, Floats
from tests.support.pose_scenes import pose_maps, scene


def map_of(places: Floats, *, colours: Bytes, radius_px: float = 3, depth: Floats | None = None) -> Bytes:
    num = len(places)
    return posemap.draw(
        places,
        np.arange(1.0, num + 1) if depth is None else depth,
        parents=np.arange(num) - 1,
        drawn=np.ones(num, dtype=bool),
        colours=colours,
        width_px=96,
        height_px=80,
        radius_px=radius_px,
    )


def test_the_first_look_finds_centres_to_a_fifth_of_a_pixel() -> None:
    made = scene(10)
    pixels, _ = project(made.cameras[0], made.joints)
    centres, confidence = localize(pose_maps(made)[0], colours=made.colours, radius_px=made.radius_px)
    errors = np.linalg.norm(centres - pixels, axis=-1)
    assert np.nanmedian(errors) < 0.2
    assert (errors < 1).mean() > 0.95
    assert confidence[errors < 0.2].mean() > 1.3 * confidence[errors > 0.5].mean()


def test_a_hidden_joint_is_missing_and_not_invented() -> None:
    colours = posemap.palette(3)
    places = np.array([[30.0, 30.0], [30.3, 30.1], [60.0, 50.0]])
    centres, confidence = localize(
        map_of(places, colours=colours, depth=np.array([2.0, 1.0, 1.0]))[None], colours=colours, radius_px=3
    )
    assert confidence[0, 0] == 0 and np.isnan(centres[0, 0]).all()
    assert np.abs(centres[0, 1:] - places[1:]).max() < 0.2


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_pictures_hold_no_joints(value: int) -> None:
    colours = posemap.palette(10)
    colours = colours[~(colours == 255).all(axis=1)]
    centres, confidence = localize(np.full((2, 40, 50, 3), value, dtype=np.uint8), colours=colours, radius_px=3)
    assert not confidence.any() and np.isnan(centres).all()


def test_specks_of_a_joints_colour_elsewhere_do_not_move_it() -> None:
    colours = posemap.palette(4)
    places = np.array([[20.0, 20.0], [60.0, 20.0], [20.0, 60.0], [60.0, 60.0]])
    picture = map_of(places, colours=colours)
    picture[40:43, 85:88] = colours[0]
    centres, _ = localize(picture[None], colours=colours, radius_px=3)
    assert np.abs(centres[0] - places).max() < 0.3


def test_blur_and_noise_cost_the_first_look_less_than_half_a_pixel() -> None:
    rng = np.random.default_rng(0)
    colours = posemap.palette(12)
    places = np.stack(np.meshgrid(np.linspace(12, 84, 4), np.linspace(12, 68, 3)), axis=-1).reshape(-1, 2)
    places = places + rng.uniform(0, 1, places.shape)
    blurred = cv2.GaussianBlur(map_of(places, colours=colours), (0, 0), 1.0).astype(float)
    noisy = np.clip(blurred + rng.normal(scale=8, size=blurred.shape), 0, 255).astype(np.uint8)
    centres, confidence = localize(noisy[None], colours=colours, radius_px=3)
    assert (confidence > 0).all()
    assert np.linalg.norm(centres[0] - places, axis=-1).max() < 0.45


def test_150_joints_keep_their_own_colours() -> None:
    made = posemap.palette(150)
    places = np.stack(np.meshgrid(np.arange(15) * 12 + 10.3, np.arange(10) * 12 + 10.7), axis=-1).reshape(-1, 2)
    picture = posemap.draw(
        places,
        np.ones(150),
        parents=np.full(150, -1),
        drawn=np.ones(150, dtype=bool),
        colours=made,
        width_px=200,
        height_px=140,
        radius_px=3,
    )
    centres, _ = localize(picture[None], colours=made, radius_px=3)
    assert np.abs(centres[0] - places).max() < 0.3


@pytest.mark.parametrize("noise", [0.0, 12.0])
def test_a_blob_that_stands_out_is_a_joint_in_clean_maps_and_chance_in_noisy_ones(noise: float) -> None:
    colours = posemap.palette(4)
    places = np.array([[20.0, 20.0], [60.0, 20.0], [20.0, 60.0], [60.0, 60.0]])
    picture = map_of(places, colours=colours)
    for left in range(3, 90, 8):
        picture[38:41, left : left + 3] = colours[0]  # many patches of its colour, none as large as its disc
    condition = Condition(noise=noise)
    finder = BlobFinder(picture.shape[:2], colours=colours, radius_px=3, condition=condition)
    found = finder.find(picture)
    assert (found[1:, 2] > 0).all()
    if noise:
        assert found[0, 2] == 0
    else:
        assert found[0, 2] > 0 and np.abs(found[0, :2] - places[0]).max() < 0.3
