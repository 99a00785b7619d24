"""What a clip is: a window of a motion on a rig of an asset, and the name that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from rigmill.storage.files import digest
from rigmill.types import Row


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of a motion clips show: its frames at their rate; of a loop as many as a clip may have."""

    num_frames: int
    period_frames: float | None = None  # a loop's, after which it starts again; it may end between two frames


def window_length(num_frames: int, max_frames: int) -> int:
    """The largest 4k+1 that is at most both, because the video VAE packs four frames after the first."""
    return (min(num_frames, max_frames) - 1) // 4 * 4 + 1


def num_windows(num_frames: int, *, min_frames: int, max_frames: int) -> int:
    """Into how many windows, one after the other, a motion falls; a rest of up to `min_frames` is none, at least 1."""
    return max(1, -(-(num_frames - min_frames) // window_length(max_frames, max_frames)))


def window_start(window: int, num_frames: int, max_frames: int) -> int:
    """The first frame of a window of a motion: the last one ends where the motion ends, over frames of the one before.

    Only a motion that is one window may end after it.
    """
    length = window_length(max_frames, max_frames)
    return max(0, min(window * length, num_frames - length))


def looked_at(count: int, most: int) -> list[int]:
    """Which of a motion's `count` windows: all, or `most` of them evenly spread, the first and the last among them.

    So a motion of hours costs no more than one of minutes.
    """
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / max(most - 1, 1)) for place in range(most)]


def shown_of(motion: Row, max_frames: int) -> Shown:
    """A motion (of a probe row) that is shorter than a clip and ends as it begins goes round until the clip is full."""
    length = window_length(max_frames, max_frames)
    if motion["period_frames"] is None or motion["num_frames"] >= length:
        return Shown(motion["num_frames"])
    return Shown(length, motion["period_frames"])


def clip_id(asset_id: str, *, rig_id: str, motion_id: str, start_frame: float, num_frames: int) -> str:
    """16 hex digits, the same on every machine. A window is its first frame and its length."""
    return digest(asset_id, rig_id, motion_id, [float(start_frame), num_frames])
