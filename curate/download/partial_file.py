"""A download in progress on disk: bytes that outlive the process, and what they are a part of."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import stat
from contextlib import suppress
from pathlib import Path

from rigmill.errors import DISK_TROUBLE, UserError, machine_trouble
from rigmill.storage.files import canonical_json, write_atomic

GIVEN_BACK_BYTES = 1 << 20
_PIECE = 1 << 20


class PartialFileInUse(Exception):
    """Another process is writing this part."""


class PartialFile:
    """`<name>.part`, locked while open. Its bytes so far are always what the server sent from the start.

    `validator` is the server's own word for the version of the file that the bytes are from; empty when it gave none.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._path, self._about = folder, folder / f"{name}.part", folder / f"{name}.json"
        self._handle = -1
        self.size = 0
        self.validator = ""
        self._hash = hashlib.sha256()

    def open(self) -> None:
        """Lock the part and read what is there. A link or a device in its place is refused, never followed."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            self._handle = os.open(self._path, flags, 0o644)
            if not stat.S_ISREG(os.fstat(self._handle).st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise PartialFileInUse from None
        except OSError as error:
            self.close()
            raise disk_trouble(error, self._path) from error
        while piece := os.pread(self._handle, _PIECE, self.size):
            self._hash.update(piece)
            self.size += len(piece)
        try:
            self.validator = str(json.loads(self._about.read_text())["validator"])
        except (OSError, ValueError, KeyError, TypeError):
            self.validator = ""

    def restart(self, validator: str = "") -> None:
        """Empty, to hold the version that `validator` names."""
        try:
            os.ftruncate(self._handle, 0)  # first: bytes must never stand beside another version's name
            write_atomic(self._about, canonical_json({"validator": validator}).encode(), durable=False)
        except OSError as error:
            raise disk_trouble(error, self._path) from error
        self.size, self.validator, self._hash = 0, validator, hashlib.sha256()

    def append(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                written = os.pwrite(self._handle, view, self.size)
                self._hash.update(view[:written])
                self.size += written
                view = view[written:]
        except OSError as error:
            raise disk_trouble(error, self._path) from error

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def head(self, num_bytes: int) -> bytes:
        return os.pread(self._handle, num_bytes, 0)

    def finish(self) -> Path:
        """The whole file, on disk for good, still under its temporary name."""
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise disk_trouble(error, self._path) from error
        return self._path

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def remove(self) -> None:
        """Forget it, on disk too."""
        for path in (self._path, self._about):
            path.unlink(missing_ok=True)
        self.close()


def give_back(folder: Path, num_bytes: int = GIVEN_BACK_BYTES) -> None:
    """Cut so many bytes in all off the ends of parts that nobody writes, to be fetched again later.

    When a disk is full, the tables want to be written. Only when nothing writes any more: what is given back earlier
    goes to whoever is still at it.
    """
    for path in sorted(folder.glob("*.part")):
        if num_bytes <= 0:
            return
        with suppress(OSError):
            handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                size = os.fstat(handle).st_size
                os.ftruncate(handle, max(0, size - num_bytes))
                num_bytes -= min(size, num_bytes)
            finally:
                os.close(handle)


def disk_trouble(error: OSError, path: Path) -> UserError:
    """The disk's fault, not the file's: the run stops, and goes on where it was when the disk is well."""
    if error.errno in DISK_TROUBLE:
        return machine_trouble(error.errno)
    return UserError(
        f"cannot write {path.name}",
        why=f"{error.strerror or type(error).__name__}, below {path.parent}",
        code="E322",
        fix="make the folder writable, or move 'output', then run the same command: it continues where it stopped",
    )
