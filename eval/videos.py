"""Generated videos as files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rigmill.clips.members import pose_video, rgb_video
from rigmill.clips.video import encode
from rigmill.types import Bytes


def video_files(rgb: Bytes, pose: Bytes, *, fps: float, render: Mapping[str, Any]) -> dict[str, bytes]:
    """Videos (V, T, s, s, 3) as mp4 files by name; `render` says how they are compressed."""
    return {
        name(view): encode(
            video[view],
            fps=fps,
            crf=render["pose_crf"],
            pixel_format="yuv444p",
            keyframe_interval=render["keyframe_interval"],
        )
        for name, video in ((rgb_video, rgb), (pose_video, pose))
        for view in range(len(video))
    }
