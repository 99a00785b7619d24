"""Files that a child wrote into its folder, taken by a process that does not believe it."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


def own_path(folder: Path, name: str) -> Path:
    """Where the folder would have a file or folder of this name, folders in it included; never outside of it."""
    parts = name.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise OSError(errno.EINVAL, "a child named a file outside of its folder", name)
    return folder.joinpath(*parts)


def open_own(folder: Path, name: str) -> BufferedReader:
    """A file of the folder, open to read. An OSError where a link is on the way, and for what is no regular file."""
    *folders, last = own_path(Path(), name).parts
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for part in folders:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)
            os.close(inside)
            inside = below
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        found = os.open(last, flags, dir_fd=inside)
    finally:
        os.close(inside)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(errno.EINVAL, "a child made something else than a file", name)
    return os.fdopen(found, "rb")


def read_own(folder: Path, name: str) -> bytes:
    """The content of a file of the folder, as `open_own` opens it."""
    with open_own(folder, name) as stream:
        return stream.read()
