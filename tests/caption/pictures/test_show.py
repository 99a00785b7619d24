"""What a model is shown of a clip, against clips of which every pixel is known."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from caption.pictures.foreseen import foreseen
from caption.pictures.parts import Part, Picture, Text, Video
from caption.pictures.show import shown
from caption.pictures.sizes import chosen_frames, picture_sizes, video_sizes
from caption.pictures.views import ClipViews
from rigmill.clips.video import decode
from rigmill.config.caption import Pictures
from rigmill.storage.files import sha256_bytes
from tests.support.clip_views import BLUE, GREEN, RED, block_clip, block_left_px, middle_px, pixels
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def clip() -> ClipViews:
    return block_clip()


def pictures(parts: tuple[Part, ...]) -> list[Picture]:
    return [part for part in parts if isinstance(part, Picture)]


@pytest.mark.parametrize("form", ["frames", "strip", "video"])
def test_the_same_clip_gives_the_same_bytes(clip: ClipViews, form: str) -> None:
    settings = Pictures(form=form)
    assert shown(clip, settings) == shown(block_clip(), settings)


def test_another_process_makes_the_same_bytes(clip: ClipViews) -> None:
    """Digests are keys of the cache: threads, hash seeds and what ran before must not show in them."""
    program = (
        "from caption.pictures.show import shown; from caption.pictures.parts import Picture\n"
        "from rigmill.config.caption import Pictures; from rigmill.storage.files import sha256_bytes\n"
        "from tests.support.clip_views import block_clip\n"
        "print(*(sha256_bytes(one.jpeg) for one in shown(block_clip(), Pictures()) if isinstance(one, Picture)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "5", "OMP_NUM_THREADS": "1"},
    )
    assert done.stdout.split() == [sha256_bytes(one.jpeg) for one in pictures(shown(clip, Pictures()))]


def test_each_time_step_stands_under_its_seconds_and_each_picture_under_its_camera(clip: ClipViews) -> None:
    parts = shown(clip, Pictures())
    words = [part.text if isinstance(part, Text) else "picture" for part in parts]
    cameras = ("front (0 degrees):", "left side (90 degrees):", "back (180 degrees):", "right side (270 degrees):")
    step = [word for camera in cameras for word in (camera, "picture")]
    times = [f"t = {frame / 16:.2f} s" for frame in chosen_frames(25, 4)]
    assert times == ["t = 0.00 s", "t = 0.38 s", "t = 0.94 s", "t = 1.50 s"]
    assert words == [word for time in times for word in (time, *step)]


@pytest.mark.parametrize(
    "settings",
    [
        Pictures(),
        Pictures(views=2, times=3, side_px=100),
        Pictures(form="strip"),
        Pictures(form="strip", times=7, side_px=128),
        Pictures(form="video", side_px=128),
        Pictures(side_px=57),
    ],
)
def test_sizes_are_known_before_anything_is_decoded(clip: ClipViews, settings: Pictures) -> None:
    parts = shown(clip, settings)
    planned = foreseen(
        width_px=256, height_px=144, azimuths_deg=clip.azimuths_deg, num_frames=25, fps=16.0, settings=settings
    )
    assert planned == tuple(_without_bytes(part) for part in parts)
    sizes = picture_sizes(256, 144, settings, 4, 25)
    assert [(one.width_px, one.height_px) for one in pictures(parts)] == sizes
    assert [pixels(one).shape[1::-1] for one in pictures(parts)] == sizes
    videos = [part for part in parts if isinstance(part, Video)]
    expected = video_sizes(256, 144, settings, num_views=4, num_frames=25, fps=16)
    assert len(videos) == len(expected)
    for video, size in zip(videos, expected):
        assert (video.width_px, video.height_px, video.num_frames, video.fps) == (
            size.width_px,
            size.height_px,
            size.num_frames,
            size.fps,
        )
        assert decode(video.mp4).shape == (size.num_frames, size.height_px, size.width_px, 3)


def _without_bytes(part: Part) -> Part:
    if isinstance(part, Picture):
        return replace(part, jpeg=b"")
    return replace(part, mp4=b"") if isinstance(part, Video) else part


@pytest.mark.parametrize("view", [0, 1, 2, 3])
def test_the_subject_is_whole_in_every_picture_and_fills_it(clip: ClipViews, view: int) -> None:
    steps = [pixels(one) for one in pictures(shown(clip, Pictures()))[view::4]]
    subject = [(picture < 230).any(axis=2) for picture in steps]
    for mask in subject:
        assert not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())
    # The part of all its places together is what fills the square, in its longer direction.
    together = np.logical_or.reduce(subject)
    width, height = (np.ptp(np.nonzero(together.any(axis=axis))[0]) + 1 for axis in (0, 1))
    # In the views in which it stays it is small, and a square is not magnified more than twice.
    assert (0.82 if view in (0, 2) else 0.4) < max(width, height) / 256 < 0.97


def test_travel_within_a_view_stays_visible_at_one_scale(clip: ClipViews) -> None:
    """All steps of a view show the same part of it: the block is where it was, in one scale."""
    frames = chosen_frames(25, 4)
    steps = [pixels(one) for one in pictures(shown(clip, Pictures()))[0::4]]
    places = np.array([middle_px(picture, RED) for picture in steps])
    truth = np.array([block_left_px(0, frame) + 10 for frame in frames])
    scale = (places[-1] - places[0]) / (truth[-1] - truth[0])
    assert 1.5 < scale < 2.5  # 256 px for 112 px of block and travel, with a margin
    assert np.abs(places - places[0] - scale * (truth - truth[0])).max() < 1.5


def test_a_picture_shows_the_frame_of_its_time_and_view(clip: ClipViews) -> None:
    """Against the video decoded as a whole: the same shares of red, blue and green, in the same order."""
    shown_pictures = pictures(shown(clip, Pictures()))
    for step, frame in enumerate(chosen_frames(25, 4)):
        for view in range(4):
            got = pixels(shown_pictures[4 * step + view])
            whole = decode(clip.videos[view], start=frame, count=1)[0]
            shares = []
            for picture in (got, whole):
                counts = [(np.abs(picture.astype(int) - c).max(axis=-1) < 60).sum() for c in (RED, BLUE, GREEN)]
                shares.append(np.array(counts) / sum(counts))
            assert np.abs(shares[0] - shares[1]).max() < 0.03
            assert middle_px(got, RED) < middle_px(got, BLUE)


def test_joints_widen_the_square_where_the_subject_is_as_white_as_the_background() -> None:
    """A white body with coloured shoes is cut around its body, not around its shoes."""
    clip = block_clip()
    joints = np.broadcast_to(np.array([[20.0, 20.0], [236.0, 130.0]]), (4, 2, 2))
    narrow = pixels(pictures(shown(clip, Pictures()))[1])
    wide = pixels(pictures(shown(replace(clip, joints_px=joints), Pictures()))[1])
    coloured = [float((picture < 230).any(axis=2).mean()) for picture in (narrow, wide)]
    assert coloured[1] < 0.5 * coloured[0]


def test_joints_far_outside_of_the_picture_do_not_shrink_the_subject(clip: ClipViews) -> None:
    far = replace(clip, joints_px=np.broadcast_to(np.array([[9e5, -9e5], [120.0, 70.0]]), (4, 2, 2)))
    picture = pixels(pictures(shown(far, Pictures()))[1])
    assert (picture < 230).any(axis=2).mean() > 0.02


def test_a_clip_in_which_nothing_shows_is_shown_whole() -> None:
    clip = block_clip()
    empty = replace(clip, background=(255, 255, 255), videos=_white(clip))
    picture = pixels(pictures(shown(empty, Pictures()))[0])
    assert picture.shape == (256, 256, 3) and picture.min() > 250


def _white(clip: ClipViews) -> tuple[bytes, ...]:
    from rigmill.clips.video import encode

    frames = np.full((clip.num_frames, clip.height_px, clip.width_px, 3), 255, np.uint8)
    return (encode(frames, fps=16, crf=10, pixel_format="yuv420p", keyframe_interval=12),) * len(clip.videos)


def test_a_reversed_clip_shows_its_frames_from_the_end(clip: ClipViews) -> None:
    settings = Pictures(times=3, views=1)
    forward = pictures(shown(clip, settings))
    backward = pictures(shown(clip.in_reverse(), settings))
    assert sha256_bytes(forward[0].jpeg) == sha256_bytes(backward[-1].jpeg)
    assert sha256_bytes(forward[-1].jpeg) == sha256_bytes(backward[0].jpeg)
    assert shown(clip.in_reverse().in_reverse(), settings) == shown(clip, settings)
    places = [middle_px(pixels(one), RED) for one in backward]
    assert places[0] > places[1] > places[2]


def test_a_mirrored_clip_is_flipped_and_its_sides_change_their_names(clip: ClipViews) -> None:
    mirrored = shown(clip.in_mirror(), Pictures(times=1))
    plain = shown(clip, Pictures(times=1))
    names = [part.text for part in mirrored if isinstance(part, Text)][1:]
    assert names == [part.text for part in plain if isinstance(part, Text)][1:]  # cameras stand where they stood
    by_name = {}
    for parts in (plain, mirrored):
        named = [(parts[place - 1], parts[place]) for place in range(len(parts)) if isinstance(parts[place], Picture)]
        by_name[parts is mirrored] = {name.text: pixels(picture) for name, picture in named}
    for name, partner in {
        "front (0 degrees):": "front (0 degrees):",
        "left side (90 degrees):": "right side (270 degrees):",
        "right side (270 degrees):": "left side (90 degrees):",
        "back (180 degrees):": "back (180 degrees):",
    }.items():
        flipped = by_name[False][partner][:, ::-1]
        assert np.abs(by_name[True][name].astype(int) - flipped).mean() < 2
        assert middle_px(by_name[True][name], RED) > middle_px(by_name[True][name], BLUE)


def test_a_strip_is_a_row_per_view_with_the_seconds_below(clip: ClipViews) -> None:
    words, sheet = shown(clip, Pictures(form="strip"))
    assert isinstance(words, Text) and "0.00 s, t = 0.38 s" in words.text
    rgb = pixels(sheet)
    rows = [rgb[18 + 158 * row : 158 * (row + 1)] for row in range(4)]
    for row, number in zip(rows, (0, 1, 2, 3)):
        share = (np.abs(row.astype(int) - GREEN).max(axis=-1) < 60).mean() / ((row < 200).any(axis=-1)).mean()
        assert share == pytest.approx((4 + 8 * number) / 60, abs=0.06)  # the bar that says which view it is
    places = [middle_px(rows[0][:, 140 * column : 140 * (column + 1)], RED) for column in range(4)]
    assert places == sorted(places) and places[3] > places[0] + 50
    assert (rgb[-18:] < 120).any()  # written


def test_a_video_shows_every_second_frame_of_16_a_second(clip: ClipViews) -> None:
    video = shown(clip, Pictures(form="video"))[1]
    assert isinstance(video, Video) and (video.num_frames, video.fps) == (13, 8.0)
    places = [middle_px(frame, RED) for frame in decode(video.mp4)]
    steps = np.diff(places)
    assert (steps > 0).all() and np.ptp(steps) < 2
