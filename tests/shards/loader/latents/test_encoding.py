"""What cached latents are of: the windows of a clip, and the key, which every part of an encoding changes."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.storage.files import canonical_json
from shards.loader.latents.encoding import Encoding, sample_key
from tests.support.latents import ENCODING

DRAWN = PoseMapDefinition(64, 2.0, 64, True).to_row()
OTHER: dict[str, Any] = {
    "codec": "other",
    "text": "other",
    "size_px": 64,
    "multiple": 8,
    "pose_map": DRAWN,
    "frame_counts": (5,),
    "frame_stride": 2,
    "windows": 2,
    "conditions": 2,
    "dtype": "float32",
    "version": 2,
}
WORDS = {
    "codec": "the video codec (c0dec in the cache, other asked for)",
    "frame_counts": "the windows' numbers of frames (5, 9 in the cache, 5 asked for)",
    "version": "the version of the code (1 in the cache, 2 asked for)",
}


@pytest.mark.parametrize("name", [field.name for field in fields(Encoding)])
def test_every_part_of_an_encoding_changes_the_key_and_is_named(name: str) -> None:
    other = replace(ENCODING, **{name: OTHER[name]})
    assert other.digest != ENCODING.digest
    assert sample_key(other.digest, "a") != sample_key(ENCODING.digest, "a") != sample_key(ENCODING.digest, "b")
    said = other.difference(ENCODING.to_row())
    assert said and (name not in WORDS or said == WORDS[name])
    assert ENCODING.difference(ENCODING.to_row()) == ""


def test_an_encoding_is_the_same_after_json_and_so_is_its_digest() -> None:
    for encoding in (ENCODING, replace(ENCODING, pose_map=DRAWN)):
        again = Encoding.from_row(json.loads(canonical_json(encoding.to_row())))
        assert again.digest == encoding.digest and again.difference(encoding.to_row()) == ""


@given(st.integers(9, 200), st.integers(1, 9), st.integers(1, 9), st.integers(1, 3))
def test_windows_lie_in_their_clip_evenly_and_are_the_largest_that_fit(
    clip_frames: int, most: int, conditions: int, stride: int
) -> None:
    encoding = replace(ENCODING, windows=most, conditions=conditions, frame_stride=stride, frame_counts=(1, 5, 17, 33))
    windows = encoding.windows_of(clip_frames)
    span = encoding.span(windows.num_frames)
    assert windows.num_frames == max(n for n in (1, 5, 17, 33) if encoding.span(n) <= clip_frames)
    room = clip_frames - span
    assert len(windows.starts) == min(most, room + 1) and windows.starts == tuple(sorted(set(windows.starts)))
    assert windows.starts[0] >= 0 and windows.starts[-1] <= room
    if len(windows.starts) > 1:
        gaps = [later - first for first, later in zip(windows.starts, windows.starts[1:])]
        assert (windows.starts[0], windows.starts[-1]) == (0, room) and max(gaps) - min(gaps) <= 1
    assert windows.condition_frames[0] == 0 and windows.condition_frames[-1] < windows.num_frames
    assert len(windows.condition_frames) == min(conditions, windows.num_frames)


def test_a_clip_without_room_for_a_window_has_none() -> None:
    assert ENCODING.least_frames == 5
    with pytest.raises(ValueError, match="4 frames hold no window of 5"):
        ENCODING.windows_of(4)


def test_draws_of_any_window_fall_on_the_cached_ones_alike() -> None:
    windows = replace(ENCODING, windows=4, frame_counts=(9,), conditions=3).windows_of(20)
    assert windows.starts == (0, 3, 7, 11) and windows.condition_frames == (0, 4, 8)
    counts = [[windows.of_start(start, 11) for start in range(12)].count(which) for which in range(4)]
    assert counts == [3, 3, 3, 3]
    assert [windows.of_condition(frame, 9) for frame in range(9)] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [windows.of_condition(frame, 5) for frame in range(5)] == [0, 0, 0, 1, 1], "frame 8 is not in what is drawn"
