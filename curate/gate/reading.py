"""Reading a stranger's file once, whole, and as the same file that was listed."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

from curate.gate.gltf_pack import CHANGED, pack_gltf, referenced_files
from curate.gate.preflight import sniff
from rigmill.outcomes import Refusal, Reject


def read_asset(path: Path, max_file_bytes: int) -> bytes:
    """The bytes of a file that a person named; a .gltf comes with its files in one GLB."""
    data = read_bytes(path, max_file_bytes)
    if len(data) > max_file_bytes:
        raise Refusal(Reject.TOO_LARGE, "the file is larger than collect.max_file_bytes", limit=float(max_file_bytes))
    return as_one_file(path, data, max_file_bytes)


def read_bytes(path: Path, max_file_bytes: int) -> bytes:
    """All that a file may hold, and one byte more where it holds more."""
    with open_regular(path) as stream:
        return stream.read(max_file_bytes + 1)


def as_one_file(path: Path, data: bytes, max_file_bytes: int) -> bytes:
    """The bytes of an asset in one file: a .gltf that names others is packed with them, everything else is as it is."""
    if path.suffix.lower() == ".gltf" and sniff(data) == "gltf" and referenced_files(data, path.parent):
        return pack_gltf(data, path.parent, max_bytes=max_file_bytes)
    return data


def open_regular(path: Path) -> BufferedReader:
    """The file opened for reading; a link is refused and a pipe does not block, even if swapped in meanwhile."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EBUSY, CHANGED)
    return os.fdopen(handle, "rb")
