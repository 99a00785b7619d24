"""One training sample and its members in a tar. The extensions are spelled in rigmill.clips.members.

A sample's key is its clip id. Every sample has the same members, in this order:

    <clip_id>.rgb.<v>.mp4            RGB video of view v              (v = 0 .. num_views-1)
    <clip_id>.pose.<v>.mp4           pose map video of view v
    <clip_id>.mask.<v>.mp4           how opaque the subject is (only where the profile keeps masks)
    <clip_id>.template_rgb.<v>.png   rest pose, RGB
    <clip_id>.template_pose.<v>.png  rest pose, pose map
    <clip_id>.geometry.npz           rigmill.clips.numbers.ClipGeometry
    <clip_id>.meta.json              caption, category, source, licence, fps, num_frames, ...
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable

from rigmill.clips.members import GEOMETRY, META, member_names, pose_template, pose_video, rgb_template, rgb_video

__all__ = [
    "GEOMETRY",
    "META",
    "member_names",
    "pose_template",
    "pose_video",
    "read_sample",
    "rgb_template",
    "rgb_video",
    "sample_bytes",
]


def sample_bytes(key: str, members: Iterable[tuple[str, bytes]]) -> bytes:
    """The tar records of one sample, without the end-of-archive blocks, so samples can be joined and cut out.

    Times, owners and modes are fixed: the same members give the same bytes.
    """
    if "." in key or "/" in key or len(key) > 64:
        raise ValueError(f"a sample key has no dots or slashes and at most 64 characters: {key!r}")
    parts = []
    for extension, data in members:
        info = tarfile.TarInfo(f"{key}.{extension}")
        info.size, info.mode, info.mtime = len(data), 0o444, 0
        parts.append(info.tobuf(format=tarfile.USTAR_FORMAT))
        parts.append(data + b"\0" * (-len(data) % tarfile.BLOCKSIZE))
    return b"".join(parts)


def read_sample(records: bytes) -> tuple[str, dict[str, bytes]]:
    """The key and the members (extension -> bytes) of one sample cut out of a shard."""
    members: dict[str, bytes] = {}
    key = ""
    with tarfile.open(fileobj=io.BytesIO(records + b"\0" * 2 * tarfile.BLOCKSIZE), mode="r:") as archive:
        for info in archive:
            key, _, extension = info.name.partition(".")
            stream = archive.extractfile(info)
            members[extension] = stream.read() if stream else b""
    return key, members
