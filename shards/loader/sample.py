"""The members of one sample, read out of its shard one by one: what a draw does not need is not read."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rigmill.errors import Damaged
from rigmill.storage.files import sha256_bytes


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a clip's sample lies: in which tar, from which byte on, how many bytes of it, and their digest."""

    clip_id: str
    path: Path
    offset: int
    num_bytes: int
    sha256: str

    def open(self, *, check: bool = False) -> Members:
        """Its members. `check`: all bytes are read and held against the digest first."""
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Damaged(f"the shard {self.path.name} is gone") from None
        members = Members(self, handle)
        try:
            if check and sha256_bytes(os.pread(handle, self.num_bytes, self.offset)) != self.sha256:
                raise Damaged(f"the sample {self.clip_id} has changed since its shard was written")
            members.find()
        except BaseException:
            members.close()
            raise
        return members


@dataclass(slots=True)
class Members:
    """An open sample; reading is safe from several threads."""

    sample: Sample
    _handle: int
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)  # first byte in the tar, number of bytes

    def find(self) -> None:
        """Read the headers: which members there are, and that they are this sample's."""
        start, end = self.sample.offset, self.sample.offset + self.sample.num_bytes
        while start < end:
            try:
                info = tarfile.TarInfo.frombuf(os.pread(self._handle, tarfile.BLOCKSIZE, start), "utf-8", "strict")
            except tarfile.HeaderError as error:
                raise Damaged(f"the sample {self.sample.clip_id} has no tar header at byte {start} ({error})") from None
            key, _, extension = info.name.partition(".")
            if key != self.sample.clip_id:
                raise Damaged(f"the index says clip {self.sample.clip_id}, the shard holds {key!r} at byte {start}")
            start += tarfile.BLOCKSIZE
            self._places[extension] = start, info.size
            start += info.size + -info.size % tarfile.BLOCKSIZE
        if start != end:
            raise Damaged(f"the sample {self.sample.clip_id} does not end where the index says")

    @property
    def sizes(self) -> Mapping[str, int]:
        """Bytes of every member."""
        return {name: size for name, (_, size) in self._places.items()}

    def read(self, name: str) -> bytes:
        """One member, by its extension."""
        if name not in self._places:
            raise Damaged(f"the sample {self.sample.clip_id} has no {name}")
        start, size = self._places[name]
        data = os.pread(self._handle, size, start)
        if len(data) != size:
            raise Damaged(f"the sample {self.sample.clip_id} ends inside {name}")
        return data

    def close(self) -> None:
        os.close(self._handle)

    def __enter__(self) -> Members:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
