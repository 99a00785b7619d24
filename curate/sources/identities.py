"""What local files are called by their content, remembered between commands by what the files look like from outside.

A .gltf is one asset with the files that it names, so its identity takes reading what a stranger wrote: limited children
do that. The memory is a file beside the plans; it may be deleted, and holds what is there now and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from curate.gate.reading import open_regular
from rigmill.blender.client import READER, BlenderClient, Limits
from rigmill.blender.requests import GLTF_IDENTITY, GltfItem, IdentityAnswer
from rigmill.storage.files import canonical_json, digest, read_sealed, write_sealed
from rigmill.storage.layout import Layout
from rigmill.types import Row

VERSION = 1  # raise it when the same files get another identity
BATCH = 256  # files that one child looks at
_LIMITS = Limits(wall_s=60, cpu_s=60, memory_bytes=2 * 2**30, file_bytes=2**20, network="best_effort")
# A file that was changed so shortly before it was read may change again without looking different.
_TICK_NS, _COARSE_NS = 50_000_000, 2_000_000_000

_Look = list[Any]  # name, size, mtime, ctime, inode, device; of a file that is not there the name alone


class Identities:
    """SHA-256 of the files below a source's folder as a job reads them: of a .gltf with all that it names, packed."""

    def __init__(self, settings: Row) -> None:
        self.root, self.max_bytes = Path(settings["path"]).expanduser(), settings["max_file_bytes"]
        output = settings.get("output")
        name = digest(VERSION, str(self.root.absolute()), self.max_bytes)
        self._file = Layout(Path(output)).plans / f"identities-{name}" if output else None
        self._before = self._read()
        self._known: dict[str, tuple[str, list[_Look]]] = {}  # seen in this listing

    def look_at(self, relatives: Sequence[str]) -> None:
        """Find the identities of these files, those that look as they did without opening them, and remember all."""
        unknown = []
        for relative in relatives:
            before = self._before.get(relative)
            if before is not None and all(_look(self.root / relative, one[0]) == one for one in before[1]):
                self._known[relative] = before
            elif _is_one(self.root / relative, self.max_bytes):
                unknown.append(relative)
        started_ns = time.time_ns()
        for relative, sha256, files in self._made(unknown):
            looks = [_look(self.root / relative, name) for name in ("", *files)]
            if all(_is_settled(look, started_ns) for look in looks):
                self._known[relative] = sha256, looks
            else:
                self._known[relative] = sha256, [[]]  # right now, and of nothing that could be recognised
        if self._file is not None and self._known != self._before:
            text = canonical_json({name: known for name, known in self._known.items() if known[1] != [[]]})
            with suppress(OSError):  # a full or read-only disk costs time, not answers
                write_sealed(self._file, text.encode())

    def of(self, relative: str) -> str:
        """A file's identity; empty where it cannot be read: its job says why."""
        if relative not in self._known:
            self._known |= {name: (sha256, [[]]) for name, sha256, _ in self._made([relative])}
        return self._known[relative][0] if relative in self._known else ""

    def _read(self) -> dict[str, tuple[str, list[_Look]]]:
        try:
            found = json.loads(read_sealed(self._file) or b"{}") if self._file is not None else {}
            return {name: (_sha256(sha256), _looks(looks)) for name, (sha256, looks) in found.items()}
        except (OSError, ValueError, TypeError, AttributeError, IndexError, RecursionError):
            return {}

    def _made(self, relatives: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
        """Name, identity and files beside it, of those that can be read."""
        for relative in relatives:
            if not _is_gltf(relative):
                with suppress(OSError), open_regular(self.root / relative) as stream:
                    yield relative, hashlib.file_digest(stream, "sha256").hexdigest(), []
        texts = [relative for relative in relatives if _is_gltf(relative)]
        if texts:
            yield from self._asked(texts)

    def _asked(self, texts: list[str]) -> Iterator[tuple[str, str, list[str]]]:
        """The same of .gltf files, by limited children; one that a child does not survive has none."""
        client = BlenderClient(_LIMITS, warm=READER)
        try:
            while texts:
                items = [
                    GltfItem(
                        path=os.fspath(self.root / relative),
                        folder_path=os.fspath((self.root / relative).parent),
                        max_file_bytes=self.max_bytes,
                    ).to_item()
                    for relative in texts[:BATCH]
                ]
                num_replies = 0
                with tempfile.TemporaryDirectory(prefix="rigmill-") as scratch:
                    for reply in client.run(GLTF_IDENTITY, items, scratch=Path(scratch)):
                        relative, num_replies = texts[num_replies], num_replies + 1
                        if reply.value is not None:
                            answer = IdentityAnswer.from_item(reply.value)
                            yield relative, answer.sha256, answer.files
                texts = texts[max(1, num_replies) :]
        finally:
            client.close()


def _sha256(stored: Any) -> str:
    return bytes.fromhex(stored).hex()


def _looks(stored: Any) -> list[_Look]:
    looks = [[str(look[0]), *look[1:]] for look in stored]
    if looks[0][0] or len(looks[0]) != 6:
        raise ValueError("an identity of no file")
    return looks


def _is_gltf(relative: str) -> bool:
    return relative.lower().endswith(".gltf")


def _is_one(path: Path, max_bytes: int) -> bool:
    """Whether the path is a regular file of a size that is read at all."""
    with suppress(OSError):
        info = path.lstat()
        return stat.S_ISREG(info.st_mode) and 0 < info.st_size <= max_bytes
    return False


def _look(path: Path, name: str) -> _Look:
    """What the file looks like from outside (`name`: of the files beside it), without following a link at its end."""
    with suppress(OSError, ValueError):
        info = (path.parent / name if name else path).lstat()
        return [name, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_dev]
    return [name]


def _is_settled(look: _Look, started_ns: int) -> bool:
    if len(look) == 1:
        return True  # not there: it looks different once it is
    latest_ns = max(look[2], look[3])
    return bool(latest_ns < started_ns - (_COARSE_NS if latest_ns % 1_000_000_000 == 0 else _TICK_NS))
