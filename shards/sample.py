"""One training sample and its members in a tar: the only place where WebDataset extensions are spelled.

A sample's key is its clip id. Every sample has the same members, in this order:

    <clip_id>.rgb.<v>.mp4            RGB video of view v              (v = 0 .. num_views-1)
    <clip_id>.pose.<v>.mp4           pose map video of view v
    <clip_id>.template_rgb.<v>.png   rest pose, RGB
    <clip_id>.template_pose.<v>.png  rest pose, pose map
    <clip_id>.geometry.npz           rigmill.geometry.ClipGeometry
    <clip_id>.meta.json              caption, category, source, licence, fps, num_frames, ...
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable

GEOMETRY = "geometry.npz"
META = "meta.json"


def rgb_video(view: int) -> str:
    return f"rgb.{view}.mp4"


def pose_video(view: int) -> str:
    return f"pose.{view}.mp4"


def rgb_template(view: int) -> str:
    return f"template_rgb.{view}.png"


def pose_template(view: int) -> str:
    return f"template_pose.{view}.png"


def member_names(num_views: int) -> tuple[str, ...]:
    """All extensions of a sample, in the order in which they are written."""
    views = range(num_views)
    return (
        *(rgb_video(view) for view in views), *(pose_video(view) for view in views),
        *(rgb_template(view) for view in views), *(pose_template(view) for view in views),
        GEOMETRY, META,
    )


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
