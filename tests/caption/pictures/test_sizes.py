"""Which views and times are shown, and how large pictures are."""

from __future__ import annotations

import numpy as np
import pytest

from caption.pictures.saying import azimuth_words
from caption.pictures.sizes import chosen_frames, chosen_views, picture_sizes, video_step
from rigmill.config.caption import Pictures


@pytest.mark.parametrize(
    ("azimuths", "most", "expected"),
    [
        ((0, 90, 180, 270), 4, [0, 1, 2, 3]),
        ((0, 90, 180, 270), 9, [0, 1, 2, 3]),
        ((180, 270, 0, 90), 4, [2, 3, 0, 1]),
        ((0, 90, 180, 270), 1, [0]),
        ((0, 90, 180, 270), 2, [0, 1]),  # not front and back: one outline twice
        ((0, 45, 90, 135, 180, 225, 270, 315), 4, [0, 1, 2, 3]),
        ((350, 80, 170), 1, [0]),
        ((-90, 0), 2, [1, 0]),
    ],
)
def test_views_are_spread_and_go_round_from_the_front(
    azimuths: tuple[float, ...], most: int, expected: list[int]
) -> None:
    if len(azimuths) == 8:
        chosen = chosen_views(azimuths, most)
        gaps = np.diff([azimuths[view] % 180 for view in chosen])
        assert chosen[0] == 0 and len({azimuths[view] % 180 for view in chosen}) == 4 and gaps.any()
    else:
        assert chosen_views(azimuths, most) == expected


def test_times_run_from_the_first_frame_to_the_last_and_rise() -> None:
    for num_frames in range(1, 90):
        for times in range(2, 20):
            frames = chosen_frames(num_frames, times)
            assert len(frames) == min(times, num_frames)
            assert frames[0] == 0 and frames[-1] == num_frames - 1 or num_frames == 1
            assert all(later > earlier for earlier, later in zip(frames, frames[1:]))
    assert chosen_frames(81, 4) == [0, 21, 49, 80]
    assert chosen_frames(81, 1) == [40]


@pytest.mark.parametrize("cycles", [1, 1.5, 2, 3, 4.5, 6])
def test_what_repeats_is_not_shown_in_the_same_two_poses(cycles: float) -> None:
    """A walk of 1.5 cycles shown at even times is twice the same two poses: nobody could tell which way it goes."""
    phases = [frame / 80 * cycles % 1 for frame in chosen_frames(81, 4)]
    apart = {min(abs(a - b), 1 - abs(a - b)) for a in phases for b in phases}
    assert max(apart) > 0.2 and any(0.06 < distance < 0.44 for distance in apart)  # a step that has a direction


def test_cameras_are_named_by_azimuth_alone() -> None:
    assert azimuth_words(0) == azimuth_words(360) == "front (0 degrees)"
    assert azimuth_words(90) == "left side (90 degrees)"
    assert azimuth_words(-90) == "right side (270 degrees)"
    assert azimuth_words(225) == "back right (225 degrees)"
    assert azimuth_words(10.5) == "front (10.5 degrees)"


def test_a_picture_is_never_larger_than_what_was_rendered() -> None:
    assert set(picture_sizes(832, 480, Pictures(), 4, 81)) == {(280, 280)}
    assert set(picture_sizes(96, 64, Pictures(), 4, 81)) == {(96, 96)}
    assert len(picture_sizes(832, 480, Pictures(times=3, views=2), 4, 81)) == 6
    assert len(picture_sizes(832, 480, Pictures(times=8), 2, 5)) == 10
    assert picture_sizes(832, 480, Pictures(form="strip"), 4, 81) == [(560, 4 * 158 + 18)]


def test_videos_are_shown_at_no_more_than_8_frames_a_second() -> None:
    assert [video_step(fps) for fps in (6, 8, 12, 16, 24, 30)] == [1, 1, 2, 2, 3, 4]
