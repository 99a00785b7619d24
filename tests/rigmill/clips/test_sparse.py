"""A few frames, cut out and made small: the same pictures as by decoding all and cutting then."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from rigmill.clips.sparse import Square, cut, differs, planes_at
from rigmill.clips.video import decode, encode
from tests.support.videos import settings, smooth

WHITE = (255, 255, 255)


@pytest.fixture(scope="module")
def video() -> bytes:
    return encode(smooth(num_frames=40), **settings())


@pytest.mark.parametrize("frames", [[0], [39], [0, 13, 26, 39], [3, 4, 5], [0, 38]])
def test_the_frames_asked_for_are_the_frames_that_come(video: bytes, frames: list[int]) -> None:
    whole = decode(video)
    for frame, planes in zip(frames, planes_at(video, frames), strict=True):
        assert planes.size_px == (96, 64)
        got = cut(planes, Square(0, 0, 64), 64, WHITE)
        # In the last column chroma comes from beyond the square in the one, and not in the other.
        assert np.abs(got.astype(int) - whole[frame][:64, :64])[:, :62].max() <= 1


def test_a_frame_beyond_the_end_is_an_error(video: bytes) -> None:
    with pytest.raises(ValueError, match="ends before frame 40"):
        planes_at(video, [0, 40])


def test_cutting_and_shrinking_first_gives_what_converting_first_gives(video: bytes) -> None:
    frame = decode(video, start=7, count=1)[0]
    expected = cv2.resize(frame[10:58, 20:68].astype(np.float32), (24, 24), interpolation=cv2.INTER_AREA)
    (planes,) = planes_at(video, [7])
    got = cut(planes, Square(20, 10, 48), 24, WHITE)
    # Chroma is averaged here as it is stored, there after it was interpolated to the pixels.
    apart = np.abs(got.astype(int) - expected)[1:-1, 1:-1]
    assert apart.max() <= 7 and apart.mean() < 1


def test_beyond_the_picture_is_background(video: bytes) -> None:
    (planes,) = planes_at(video, [7])
    got = cut(planes, Square(-20, -40, 144), 144, (10, 200, 30))
    for outside in (got[:38], got[106:], got[:, :18], got[:, 118:]):
        assert np.abs(outside.astype(int) - (10, 200, 30)).max() <= 3
    inside = got[40:104, 20:116]
    assert np.abs(inside.astype(int) - decode(video, start=7, count=1)[0])[2:-2, 2:-2].max() <= 3


def test_what_differs_from_a_colour_is_found_by_light_and_by_hue() -> None:
    frames = np.full((1, 64, 64, 3), 255, np.uint8)
    frames[:, 8:16, 8:24] = (200, 200, 200)
    frames[:, 40:48, 30:38] = (255, 240, 255)  # hardly darker, but not white
    (planes,) = planes_at(encode(frames, **settings()), [0])
    found = differs(planes, WHITE, 6)
    rows, columns = np.nonzero(found)
    assert found[5:7, 5:11].all() and found[21:23, 16:18].all()
    assert rows.min() >= 3 and rows.max() <= 25 and columns.min() >= 3 and columns.max() <= 20
    assert not differs(planes, WHITE, 120).any()
