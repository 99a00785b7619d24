"""Whether the disk is to blame for an error, and not the input that was worked on."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rigmill.errors import DISK_TROUBLE, errno_of

PROBE_BYTES = 1 << 20


def disk_trouble(error: BaseException, folder: Path) -> int | None:
    """The error number of a full, read-only or broken disk behind the error; None where the disk is well.

    What writes in C (Blender, numpy, ffmpeg) often tells no number, so the disk of `folder` is asked, too.
    """
    number = errno_of(error, DISK_TROUBLE)
    return probe_disk(folder) if number is None else number


def probe_disk(folder: Path) -> int | None:
    """The error number with which the disk refuses another megabyte in the folder; None: it takes it."""
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            os.posix_fallocate(stream.fileno(), 0, PROBE_BYTES)
    except OSError as error:
        return errno_of(error, DISK_TROUBLE)
    return None
