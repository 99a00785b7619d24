from __future__ import annotations

import cv2
import numpy as np
import pytest

from rigmill.clips.camera import project
from rigmill.posemaps import posemap
from rigmill.reconstruct.discs.blur import STEP_PX, disc_profile, line_profile
from rigmill.reconstruct.discs.first_look import Condition, condition_of
from rigmill.reconstruct.discs.second_look import SecondLook
from rigmill.types import Bytes
from tests.support.pose_scenes import Scene, pose_maps, scene


def view_of(made: Scene, maps: Bytes) -> SecondLook:
    return SecondLook(
        maps,
        made.cameras[0],
        parents=made.rig.parents,
        colours=made.colours,
        radius_px=made.radius_px,
        condition=Condition(),
    )


def test_the_second_look_finds_centres_to_hundredths_of_a_pixel_behind_other_discs_too() -> None:
    made = scene(20, seed=3)
    pixels, _ = project(made.cameras[0], made.joints)
    view = view_of(made, pose_maps(made)[0])
    about = made.joints + np.random.default_rng(0).normal(scale=0.0008, size=made.joints.shape)  # a third of a pixel
    view.look_again(about, np.zeros(pixels.shape[:2], dtype=bool))
    errors = np.linalg.norm(view.discs.centres - pixels, axis=-1)
    half_hidden = (view.discs.confidence > 0.25) & (view.discs.confidence < 0.75)
    assert half_hidden.sum() > 5
    assert np.nanmedian(errors) < 0.015
    assert np.median(errors[half_hidden]) < 0.05
    blobs = np.linalg.norm(view.blobs - pixels, axis=-1)
    assert np.nanmedian(blobs[half_hidden]) > 10 * np.median(errors[half_hidden])


def test_a_disc_in_another_joints_colour_is_not_taken_for_the_joint() -> None:
    made = scene(4)
    colours = made.colours.copy()
    colours[[3, 12]] = colours[[12, 3]]
    pixels, depth = project(made.cameras[0], made.joints)
    maps = np.stack(
        [
            posemap.draw(
                places,
                away,
                parents=made.rig.parents,
                drawn=made.drawn,
                colours=colours,
                width_px=832,
                height_px=480,
                radius_px=3,
            )
            for places, away in zip(pixels, depth)
        ]
    )
    view = view_of(made, maps)
    view.look_again(made.joints, np.ones(pixels.shape[:2], dtype=bool))
    errors = np.linalg.norm(view.discs.centres - pixels, axis=-1)
    assert not (errors[:, [3, 12]] < 5).any()  # each is found where the other is, or not at all
    assert np.nanmedian(np.delete(errors, [3, 12], axis=1)) < 0.02


def test_what_was_lost_is_found_near_where_it_is_expected() -> None:
    made = scene(3)
    pixels, _ = project(made.cameras[0], made.joints)
    view = view_of(made, pose_maps(made)[0])
    view.blobs[:] = np.nan  # as if the first look had found nothing
    away = made.joints + [0.02, 0, 0]  # 8 pixels
    view.look_again(away, np.ones(pixels.shape[:2], dtype=bool))
    errors = np.linalg.norm(view.discs.centres - pixels, axis=-1)
    assert (errors < 0.5).mean() > 0.9


@pytest.mark.parametrize("blur_px", [0.0, 1.0])
def test_profiles_are_what_a_drawn_and_blurred_disc_looks_like(blur_px: float) -> None:
    centre = np.array([[30.3, 31.6]])
    picture = (
        posemap.draw(
            centre,
            np.ones(1),
            parents=np.array([-1]),
            drawn=np.ones(1, dtype=bool),
            colours=np.array([[255, 255, 255]], dtype=np.uint8),
            width_px=64,
            height_px=64,
            radius_px=3,
        ).astype(np.float64)[..., 0]
        / 255
    )
    if blur_px:
        picture = cv2.GaussianBlur(picture, (0, 0), blur_px)
    ys, xs = np.mgrid[:64, :64] + 0.5
    distance = np.hypot(xs - centre[0, 0], ys - centre[0, 1])
    profile = disc_profile(3.0, blur_px)
    expected = np.interp(distance / STEP_PX, np.arange(len(profile)), profile, right=0.0)
    assert np.abs(expected - picture).max() < 0.03


@pytest.mark.parametrize("radius_px", [1.6, 3.0, 5.0])
def test_lines_are_as_wide_as_cv2_draws_them(radius_px: float) -> None:
    places = np.array([[20.2, 40.3], [140.4, 40.3]])
    picture = posemap.draw(
        places,
        np.ones(2),
        parents=np.array([-1, 0]),
        drawn=np.ones(2, dtype=bool),
        colours=np.full((2, 3), 255, dtype=np.uint8),
        width_px=160,
        height_px=80,
        radius_px=radius_px,
    )
    across = picture[:, 80, 0] / posemap.LINE[0]
    profile = line_profile(posemap.line_half_px(radius_px), 0.0)
    assert across.sum() == pytest.approx(2 * profile.sum() * STEP_PX, abs=0.3)


@pytest.mark.parametrize(("blur_px", "noise"), [(0.0, 0.0), (1.0, 0.0), (1.5, 12.0)])
def test_blur_and_noise_are_read_off_the_maps(blur_px: float, noise: float) -> None:
    made = scene(8)
    maps = pose_maps(made)[0]
    rng = np.random.default_rng(1)
    for frame in maps:
        blurred = cv2.GaussianBlur(frame, (0, 0), blur_px) if blur_px else frame
        frame[:] = np.clip(np.rint(blurred + rng.normal(scale=max(noise, 1e-9), size=frame.shape)), 0, 255)
    found = condition_of(maps, colours=made.colours, radius_px=3)
    assert found.blur_px == pytest.approx(blur_px, abs=0.3)
    assert found.noise == pytest.approx(noise, abs=3)
