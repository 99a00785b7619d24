"""Generated videos as files."""

from __future__ import annotations

from rigmill.clips.members import pose_video, rgb_video
from rigmill.clips.video import encode
from rigmill.types import Bytes


def video_files(rgb: Bytes, pose: Bytes, *, fps: float, crf: int, keyframe_interval: int) -> dict[str, bytes]:
    """Videos (V, T, s, s, 3) as mp4 files by name."""
    return {
        name(view): encode(video[view], fps=fps, crf=crf, pixel_format="yuv444p", keyframe_interval=keyframe_interval)
        for name, video in ((rgb_video, rgb), (pose_video, pose))
        for view in range(len(video))
    }
