"""What one clip's job reads and writes: its sample, cut out of a shard, pictures and videos."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from rigmill.clips.members import pose_video, rgb_video
from rigmill.clips.video import encode
from rigmill.storage.files import Store
from rigmill.types import Bytes, StoredFile
from shards.sample import read_sample


def sample_members(row: Mapping[str, Any], store: Store) -> dict[str, bytes]:
    """The members of the sample that an index row points to; the rest of the shard is not read."""
    with store.path(StoredFile.from_row(row["shard_file"])).open("rb") as stream:
        records = os.pread(stream.fileno(), row["num_bytes"], row["offset"])
    key, members = read_sample(records)
    if key != row["clip_id"]:
        raise ValueError(f"the index says clip {row['clip_id']}, the shard holds {key!r} there")
    return members


def video_files(rgb: Bytes, pose: Bytes, *, fps: float, crf: int, keyframe_interval: int) -> dict[str, bytes]:
    """Generated videos (V, T, s, s, 3) as mp4 files by name."""
    return {
        name(view): encode(video[view], fps=fps, crf=crf, pixel_format="yuv444p", keyframe_interval=keyframe_interval)
        for name, video in ((rgb_video, rgb), (pose_video, pose))
        for view in range(len(video))
    }
