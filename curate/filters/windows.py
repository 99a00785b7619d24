"""What a clip is: a window of a motion on a rig of an asset, and the name that follows from them."""

from __future__ import annotations

from rigmill.storage.files import digest


def window_length(num_frames: int, max_frames: int) -> int:
    """The largest 4k+1 that is at most both, because the video VAE packs four frames after the first."""
    return (min(num_frames, max_frames) - 1) // 4 * 4 + 1


def num_windows(num_frames: int, *, min_frames: int, max_frames: int) -> int:
    """Into how many windows, one after the other, a motion falls; a rest of up to `min_frames` is none, at least 1."""
    return max(1, -(-(num_frames - min_frames) // window_length(max_frames, max_frames)))


def window_start(window: int, max_frames: int) -> int:
    """The first frame of a window."""
    return window * window_length(max_frames, max_frames)


def clip_id(asset_id: str, *, rig_id: str, motion_id: str, start_frame: float, num_frames: int) -> str:
    """16 hex digits, the same on every machine. A window is its first frame and its length."""
    return digest(asset_id, rig_id, motion_id, [float(start_frame), num_frames])
