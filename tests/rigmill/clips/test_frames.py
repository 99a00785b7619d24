"""Some frames of a video, against all of it decoded and scaled."""

from __future__ import annotations

import time
from typing import Any

import av
import numpy as np
import pytest

from rigmill.clips import frames as module
from rigmill.clips.deadline import TooSlow
from rigmill.clips.fitting import Fit
from rigmill.clips.frames import frames
from rigmill.clips.video import PixelFormat, decode, encode
from tests.support.videos import settings, smooth


def clip(pixel_format: PixelFormat) -> bytes:
    """Colours up to the edges of what bytes hold, in moving waves with noise."""
    waves = smooth(num_frames=21).astype(np.float64)
    noise = np.random.default_rng(3).normal(0, 30, (1, 64, 96, 3))
    return encode(((waves - 128) * 1.6 + 128 + noise).clip(0, 255).astype(np.uint8), **settings(pixel_format))


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p"])
@pytest.mark.parametrize("size_px", [64, 40, 32, 96])
@pytest.mark.parametrize("at", [range(21), (0,), (20,), (3, 4, 5), (7, 12, 13, 19)])
def test_they_are_those_of_the_whole_video(pixel_format: PixelFormat, size_px: int, at: tuple[int, ...]) -> None:
    data, fit = clip(pixel_format), Fit.of(96, 64, size_px=size_px, multiple=16)
    whole = fit.pictures(decode(data))[list(at)]
    found = frames(data, at, fit)
    assert found.shape == whole.shape and found.dtype == np.uint8
    apart = np.abs(found.astype(int) - whole)
    assert apart.max() <= 1 and np.count_nonzero(apart) < 2e-3 * apart.size


def test_nothing_before_the_key_frame_and_after_the_last_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: list[int] = []
    decoded = module.decoded

    def watched(data: bytes, start: int) -> Any:
        for number, picture in decoded(data, start):
            numbers.append(number)
            yield number, picture

    monkeypatch.setattr(module, "decoded", watched)
    frames(clip("yuv420p"), (10, 12), Fit.of(96, 64, size_px=64))
    assert numbers == [8, 9, 10, 11, 12]  # a key frame is every fourth


def test_a_video_that_ends_or_is_of_another_size_or_is_late_is_refused() -> None:
    data, fit = clip("yuv420p"), Fit.of(96, 64, size_px=64)
    with pytest.raises(ValueError, match="ends before frame 21"):
        frames(data, (20, 21), fit)
    with pytest.raises(ValueError, match="96x64"):
        frames(data, (0,), Fit.of(64, 64, size_px=64))
    with pytest.raises(TooSlow):
        frames(data, (0,), fit, deadline=time.monotonic() - 1)
    with pytest.raises((av.FFmpegError, ValueError)):
        frames(data[: len(data) // 2], (0, 20), fit)
