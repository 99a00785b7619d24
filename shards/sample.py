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
import os
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rigmill.clips.members import GEOMETRY, META, member_names, pose_template, pose_video, rgb_template, rgb_video
from rigmill.errors import Damaged
from rigmill.storage.files import Store, sha256_bytes
from rigmill.types import StoredFile

__all__ = [
    "GEOMETRY",
    "META",
    "SamplePlace",
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


@dataclass(frozen=True, slots=True)
class SamplePlace:
    """Where a clip's sample lies: in which shard, from which byte on, and how many bytes of it."""

    clip_id: str
    shard_file: StoredFile
    offset: int
    num_bytes: int
    sha256: str  # of these bytes

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> SamplePlace:
        """As a row of the index says."""
        return cls(
            clip_id=row["clip_id"],
            shard_file=StoredFile.from_row(row["shard_file"]),
            offset=row["offset"],
            num_bytes=row["num_bytes"],
            sha256=row["sample_sha256"],
        )

    def members(self, store: Store) -> dict[str, bytes]:
        """The sample's members by extension; the rest of the shard is not read. Damaged where it is not what it was."""
        try:
            with store.path(self.shard_file).open("rb", buffering=0) as stream:
                records = os.pread(stream.fileno(), self.num_bytes, self.offset)
        except FileNotFoundError:
            raise Damaged(f"the stored {self.shard_file.name} is gone") from None
        if sha256_bytes(records) != self.sha256:
            raise Damaged(f"the sample {self.clip_id} has changed since its shard was written")
        key, members = read_sample(records)
        if key != self.clip_id:
            raise ValueError(f"the index says clip {self.clip_id}, the shard holds {key!r} there")
        return members
