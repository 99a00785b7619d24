"""The codec: colours, bytes, random access."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import av
import numpy as np
import pytest

from rigmill.clips.video import Encoder, PixelFormat, decode, encode
from rigmill.types import Bytes
from tests.support.paths import ROOT
from tests.support.videos import settings, smooth


def psnr(one: Bytes, other: Bytes) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2)))


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p"])
def test_a_smooth_picture_survives_the_codec(pixel_format: PixelFormat) -> None:
    frames = smooth()
    assert psnr(decode(encode(frames, **settings(pixel_format))), frames) > 38


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (13, 200, 77), (255, 255, 255), (0, 0, 0)])
def test_a_flat_patch_keeps_its_colour_within_two_levels(colour: tuple[int, int, int]) -> None:
    frames = np.broadcast_to(np.array(colour, np.uint8), (3, 32, 32, 3))
    decoded = decode(encode(frames, **settings("yuv444p")))
    assert np.abs(decoded.astype(int) - colour).max() <= 2


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p"])
def test_another_decoder_sees_the_same_colours(pixel_format: PixelFormat) -> None:
    """FFmpeg's own conversion, told by nothing but the tags in the stream."""
    frames = smooth()
    data = encode(frames, **settings(pixel_format))
    with av.open(io.BytesIO(data)) as container:
        other = np.stack([picture.to_ndarray(format="rgb24") for picture in container.decode(video=0)])
    assert psnr(other, decode(data)) > 38
    assert np.abs(other.astype(float).mean((0, 1, 2)) - decode(data).astype(float).mean((0, 1, 2))).max() < 1.5


def test_the_stream_says_bt709_limited_range() -> None:
    with av.open(io.BytesIO(encode(smooth(), **settings()))) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range) == (1, 1, 1, 1)


def test_the_same_frames_give_the_same_bytes() -> None:
    assert encode(smooth(), **settings()) == encode(smooth(), **settings())


FRESH = """
import hashlib, sys
from tests.support.videos import settings, smooth
from rigmill.clips.video import encode
print(hashlib.sha256(encode(smooth(5, 480, 832), **settings(sys.argv[1]))).hexdigest())
"""


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p"])
def test_bytes_do_not_depend_on_what_was_in_memory(pixel_format: PixelFormat) -> None:
    """glibc fills fresh memory with a chosen byte; an encoder that reads what nobody wrote gives itself away."""
    digests = set()
    for filler in ("0", "7", "170", "255"):
        environment = os.environ | {"MALLOC_PERTURB_": filler, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", FRESH, pixel_format], env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1


def test_any_window_decodes_as_in_the_whole_video() -> None:
    data = encode(smooth(), **settings())
    whole = decode(data)
    assert whole.shape == (9, 64, 96, 3)
    for start in range(9):
        assert (decode(data, start=start, count=min(3, 9 - start)) == whole[start : start + 3]).all()


def test_a_window_past_the_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="ends before"):
        decode(encode(smooth(), **settings()), start=8, count=2)


def test_odd_sides_cannot_be_4_2_0() -> None:
    with pytest.raises(ValueError, match="even"):
        encode(smooth(width=95), **settings())


def test_the_frame_rate_is_kept() -> None:
    with av.open(io.BytesIO(encode(smooth(), **(settings() | {"fps": 23.976})))) as container:
        assert float(container.streams.video[0].average_rate) == pytest.approx(23.976, abs=1e-3)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p"])
def test_a_part_over_its_background_is_the_whole_picture(pixel_format: PixelFormat) -> None:
    """At odd places too, where a chroma sample is shared with the background; and a frame may show nothing."""
    parts = [smooth(1, 21, 33)[0], smooth(1, 20, 30)[0], np.zeros((0, 0, 3), np.uint8), smooth(1, 64, 96)[0]]
    places = [(5, 7), (61, 43), (0, 0), (0, 0)]
    whole = np.full((4, 64, 96, 3), (255, 250, 3), np.uint8)
    encoder = Encoder(width_px=96, height_px=64, background=(255, 250, 3), **settings(pixel_format))
    for frame, (part, (left, top)) in enumerate(zip(parts, places)):
        whole[frame, top : top + part.shape[0], left : left + part.shape[1]] = part
        encoder.add(part, left_px=left, top_px=top)
    assert encoder.finish() == encode(whole, **settings(pixel_format))


def test_a_part_that_leaves_the_picture_is_an_error() -> None:
    encoder = Encoder(width_px=96, height_px=64, **settings())
    with pytest.raises(ValueError, match="leaves the picture"):
        encoder.add(smooth(1, 20, 30)[0], left_px=80)
