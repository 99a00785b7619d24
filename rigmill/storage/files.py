"""Files that are whole or absent: atomic writes, digests, the content-addressed store, scratch space."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from rigmill.errors import Damaged
from rigmill.types import StoredFile

NAMED_DIGITS = 16  # of a digest, in a file's name
SEAL_BYTES = 32  # of a digest, behind a file's data


def sha256_bytes(data: bytes) -> str:
    """The SHA-256 of the data, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file's content, 64 hexadecimal digits; the file is never in memory as a whole."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=1024)
def _known_sha256(path: Path, _looks: tuple[int, int, int]) -> str:
    """Read once a process for a file that looks the same: a worker gets a large asset for one clip after the other."""
    return sha256_file(path)


def _as_dict(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_as_dict
)


def canonical_json(value: Any) -> str:
    """JSON with one spelling per value: sorted keys, no spaces, no NaN. ASCII alone."""
    return _CANONICAL.encode(value)


def digest(*parts: Any, length: int = 16) -> str:
    """A stable hex id of JSON-able parts. The same on every machine and in every run."""
    return sha256_bytes(canonical_json(list(parts)).encode())[:length]


def fsync_folder(folder: Path) -> None:
    """Make names that were put into the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def swap_folder(new: Path, folder: Path, *, keep_as: Path | None = None) -> None:
    """Put `new` where `folder` is, beside which it lies. Between two renames a reader finds none of them.

    What was there is removed, or is `keep_as` from then on, a path beside it that nothing has yet.
    """
    if not folder.exists():
        new.rename(folder)
    elif keep_as is not None:
        folder.rename(keep_as)
        new.rename(folder)
    else:
        old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-old-"))
        folder.rename(old / "folder")
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    fsync_folder(folder.parent)


def write_atomic(path: Path, data: bytes, *, durable: bool = True, temporary: Path | None = None) -> None:
    """Put `data` at `path` such that a reader sees the old file or the new one, never a part.

    `temporary` is a folder on the same file system for the unfinished file (default: beside `path`).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = temporary or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".tmp-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if durable:
        fsync_folder(path.parent)


def name_by_digest(start: str, data: bytes, end: str) -> str:
    """A file's name that says what its content must be: start-0123456789abcdef.end."""
    return f"{start}-{sha256_bytes(data)[:NAMED_DIGITS]}{end}"


def has_its_digest(path: Path) -> bool:
    """Whether a file named by `name_by_digest` holds what its name says. An OSError where it cannot be read."""
    return sha256_file(path)[:NAMED_DIGITS] == path.stem.rpartition("-")[2]


def write_sealed(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a cache that `read_sealed` believes: the data, and behind them their digest."""
    write_atomic(path, data + hashlib.sha256(data).digest(), durable=durable)


def read_sealed(path: Path) -> bytes | None:
    """What `write_sealed` wrote; None where there is no such file, or another one by now."""
    try:
        sealed = path.read_bytes()
    except OSError:
        return None
    data = sealed[:-SEAL_BYTES]
    return data if hashlib.sha256(data).digest() == sealed[-SEAL_BYTES:] else None


class Store:
    """Files named by the digest of their content: written once, never changed, safe to write twice."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.unfinished = root / ".unfinished"  # one place for a later run to sweep

    def sweep(self) -> None:
        """Remove what killed writers left. Only while nobody writes."""
        shutil.rmtree(self.unfinished, ignore_errors=True)

    def path(self, stored: StoredFile) -> Path:
        return self.root / stored.sha256[:2] / (stored.sha256 + Path(stored.name).suffix)

    def put_bytes(self, name: str, data: bytes) -> StoredFile:
        stored = StoredFile(name=name, sha256=sha256_bytes(data), size_bytes=len(data))
        target = self.path(stored)
        if not (target.exists() and sha256_file(target) == stored.sha256):
            write_atomic(target, data, durable=False, temporary=self.unfinished)
        return stored

    def put_file(self, name: str, source: BinaryIO) -> StoredFile:
        """Copy `source` in. The copy is hashed, not the source: a file that changes meanwhile is still named right."""
        self.unfinished.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.unfinished, prefix=".tmp-")
        try:
            with os.fdopen(handle, "wb") as copy:
                shutil.copyfileobj(source, copy, 2**20)
            copied = Path(temporary)
            stored = StoredFile(name=name, sha256=sha256_file(copied), size_bytes=copied.stat().st_size)
            target = self.path(stored)
            target.parent.mkdir(parents=True, exist_ok=True)
            copied.chmod(0o644)
            copied.replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return stored

    def take_file(self, name: str, source: Path, sha256: str) -> StoredFile:
        """Move `source` in, whose digest the caller has computed. It must lie below the same output folder."""
        stored = StoredFile(name=name, sha256=sha256, size_bytes=source.stat().st_size)
        target = self.path(stored)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
        fsync_folder(target.parent)
        return stored

    def read(self, stored: StoredFile) -> bytes:
        """The file's bytes; Damaged where they are not those that were stored."""
        try:
            data = self.path(stored).read_bytes()
        except FileNotFoundError:
            raise Damaged(f"the stored {stored.name} is gone") from None
        if sha256_bytes(data) != stored.sha256:
            raise Damaged(f"the stored {stored.name} has changed since it was written")
        return data

    def checked_path(self, stored: StoredFile) -> Path:
        """Where the file lies, for those who read it themselves; Damaged where it is not what was stored."""
        path = self.path(stored)
        try:
            info = path.stat()
            found = _known_sha256(path, (info.st_ino, info.st_size, info.st_mtime_ns))
        except FileNotFoundError:
            raise Damaged(f"the stored {stored.name} is gone") from None
        if found != stored.sha256:
            raise Damaged(f"the stored {stored.name} has changed since it was written")
        return path


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A private folder that is gone afterwards. What a killed process leaves is swept by the next run."""
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
