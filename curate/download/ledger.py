"""Which files of a source have been downloaded, and how many bytes: none is fetched twice, whatever was killed."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from curate.download.partial_file import disk_trouble
from rigmill.storage.files import Store, canonical_json
from rigmill.types import StoredFile

SUFFIX = ".jsonl"


class Ledger:
    """One append-only file per process in the source's download folder, so that no two processes share one to write.

    A file is written down before it is moved into the store: an entry whose file is nowhere is simply fetched again.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder, self._store = folder, store
        self._own = folder / f"{socket.gethostname()}-{os.getpid()}{SUFFIX}"
        self._read: dict[Path, int] = {}
        self._files: dict[str, StoredFile] = {}
        self.listed_bytes = 0  # of all files ever finished, still in the store or not

    def refresh(self) -> None:
        """Read what other processes have added."""
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            with path.open("rb") as stream:
                stream.seek(self._read.get(path, 0))
                for line in stream:
                    if not line.endswith(b"\n"):
                        break  # being written, or cut off by a kill: the file is then fetched again
                    self._read[path] = self._read.get(path, 0) + len(line)
                    self._remember(line)

    def find(self, name: str) -> StoredFile | None:
        return self._files.get(name)

    def present(self) -> tuple[int, int]:
        """How many of the files are still in the store, and their bytes."""
        sizes = [stored.size_bytes for stored in self._files.values() if self._store.path(stored).is_file()]
        return len(sizes), sum(sizes)

    def add(self, name: str, stored: StoredFile) -> None:
        line = canonical_json({"id": name, **stored.to_row()}) + "\n"
        try:
            with self._own.open("ab+") as stream:
                if stream.tell():  # a process that had our id before us may have been killed within a line
                    stream.seek(-1, os.SEEK_END)
                    line = line if stream.read() == b"\n" else "\n" + line
                stream.write(line.encode())
        except OSError as error:
            raise disk_trouble(error, self._own) from error

    def _remember(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            stored, name = StoredFile(entry["name"], entry["sha256"], int(entry["size_bytes"])), str(entry["id"])
        except (ValueError, KeyError, TypeError):
            return
        self.listed_bytes += stored.size_bytes - (self._files[name].size_bytes if name in self._files else 0)
        self._files[name] = stored
