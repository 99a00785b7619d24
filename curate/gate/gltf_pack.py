"""A .gltf and the files beside it become one GLB. We open the files, never Blender; only below the file's own folder.

A uri is a name below the folder and nothing else: no scheme, no absolute path, no `..`, no link on the way, no pipe or
device. Each component is opened below the one before it, so nothing can be swapped in between.
"""

from __future__ import annotations

import base64
import binascii
import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from curate.gate.gltf_json import integer, malformed, objects_under, parse, short
from rigmill.formats.glb import glb_head
from rigmill.outcomes import Refusal, Reject

_DATA = re.compile(r"data:[^,]{0,200};base64,")
_MAX_FILES = 4096
_PORTION = 1 << 20
CHANGED = "the file changed while it was read; run the stage again"


def pack_gltf(text: bytes, folder: Path, *, max_bytes: int) -> bytes:
    """The GLB that holds a .gltf document and every file it names below `folder`; a Refusal says why there is none.

    The result is not checked further: it goes through the same gate as any stranger's GLB.
    """
    return b"".join(packed_parts(text, folder, max_bytes=max_bytes))


def packed_parts(text: bytes, folder: Path, *, max_bytes: int) -> Iterator[bytes]:
    """What `pack_gltf` joins, a portion of a file at a time; a Refusal comes before the first."""
    document = parse(text)
    _too_large(len(text), max_bytes)
    views, pieces = objects_under(document, "bufferViews"), list[_Piece]()
    starts: list[int] = []
    size = 0
    for where, entry in _entries(document, "buffers"):
        starts.append(size)
        uri = entry.pop("uri", None)
        if uri is not None:
            pieces.append(_piece(uri, where, folder, room=max_bytes - len(text) - size))
            size += pieces[-1].padded
    for index, view in enumerate(views):
        where = f"bufferViews[{index}]"
        buffer = integer(view.get("buffer"), f"{where}.buffer", high=max(0, len(starts) - 1))
        if not starts:
            malformed(f"{where}: there are no buffers")
        view["byteOffset"] = integer(view.get("byteOffset") or 0, f"{where}.byteOffset") + starts[buffer]
        view["buffer"] = 0
    for where, entry in _entries(document, "images"):
        uri = entry.pop("uri", None)
        if uri is not None:
            pieces.append(_piece(uri, where, folder, room=max_bytes - len(text) - size))
            entry["bufferView"] = len(views)
            views.append({"buffer": 0, "byteOffset": size, "byteLength": pieces[-1].size})
            size += pieces[-1].padded
    document |= {"buffers": [{"byteLength": size}] if size else [], "bufferViews": views}
    try:
        head = glb_head(document, size)
    except (ValueError, RecursionError) as error:  # 1e999 is an infinite number to whoever reads it
        malformed(f"the glTF JSON cannot be written again ({type(error).__name__})")
    yield head
    for piece in pieces:
        yield from piece.read(folder)


def referenced_files(text: bytes, folder: Path) -> list[Path]:
    """The files a .gltf names, as paths below `folder`, each once and in the document's order; a Refusal as above.

    They need not exist. With their bytes and the document's, whatever pack_gltf reads is known.
    """
    document, found = parse(text), {}
    for kind in ("buffers", "images"):
        for where, entry in _entries(document, kind):
            uri = entry.get("uri")
            if uri is not None and decode_data_uri(uri, where) is None:
                found[folder.joinpath(*_components(uri, where))] = True
    return list(found)


def decode_data_uri(uri: Any, where: str) -> bytes | None:
    """The bytes inside a base64 data: uri; None for a uri of another kind.

    Blender opens a data: uri without ';base64,' as a path, so that is not one of these.
    """
    if not isinstance(uri, str):
        malformed(f"{where}.uri is not a text")
    head = _DATA.match(uri)
    if head is None:
        return None
    try:
        return base64.b64decode(uri[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        malformed(f"{where}.uri holds no valid base64")


def external(uri: str, where: str, why: str) -> Refusal:
    """The refusal, for the caller to raise, of a file that points at `uri` outside of itself."""
    return Refusal(Reject.EXTERNAL_REFERENCE, f"{where} {why} ({short(uri)})")


def _entries(document: dict[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = objects_under(document, kind)
    if len(entries) > _MAX_FILES:
        raise Refusal(Reject.OVER_BUDGET, f"{kind} in one document", measured=len(entries), limit=_MAX_FILES)
    for index, entry in enumerate(entries):
        yield f"{kind}[{index}]", entry


@dataclass(frozen=True, slots=True)
class _Piece:
    """The content behind a uri: bytes, or the file at `names` below the folder, `size` bytes when it was measured."""

    size: int
    inline: bytes | None
    names: tuple[str, ...] = ()

    @property
    def padded(self) -> int:
        return self.size + -self.size % 8

    def read(self, folder: Path) -> Iterator[bytes]:
        """The content in portions, with zeros up to a multiple of eight; an OSError where it has changed."""
        if self.inline is not None:
            yield self.inline
        else:
            left = self.size
            with os.fdopen(_open_below(folder, list(self.names)), "rb") as stream:
                while portion := stream.read(min(_PORTION, left + 1)):
                    left -= len(portion)
                    if left < 0:
                        break
                    yield portion
            if left:
                raise OSError(errno.EBUSY, CHANGED)
        yield bytes(self.padded - self.size)


def _piece(uri: Any, where: str, folder: Path, *, room: int) -> _Piece:
    inline = decode_data_uri(uri, where)
    if inline is not None:
        _too_large(len(inline), room)
        return _Piece(len(inline), inline)
    names = _components(uri, where)
    try:
        handle = _open_below(folder, names)
    except FileNotFoundError:
        raise external(uri, where, "names a file that is not there") from None
    except OSError as error:
        raise external(uri, where, f"cannot be opened: {os.strerror(error.errno or 0)}") from None
    size = os.fstat(handle).st_size
    os.close(handle)
    _too_large(min(size, max(room, 0) + 1), room)
    return _Piece(size, None, tuple(names))


def _components(uri: str, where: str) -> list[str]:
    """The names from the folder down to the file that a uri means."""
    path = unquote(uri.replace("\\", "/"))
    names = [part for part in path.split("/") if part not in ("", ".")]
    if (
        path.startswith("/")
        or ".." in names
        or re.match(r"[A-Za-z][A-Za-z0-9+.\-]*:", path)
        or "\\" in path
        or any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in path)
        or not names
        or len(path) > 1000
    ):
        raise external(uri, where, "does not lie in the file's own folder")
    return names


def _open_below(folder: Path, names: list[str]) -> int:
    """A descriptor of the regular file at `names` below the folder, with no link followed on the way."""
    current = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names[:-1]:
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
            os.close(current)
            current = below
        # A pipe does not block.
        handle = os.open(
            names[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=current
        )
    finally:
        os.close(current)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a regular file")
    return handle


def _too_large(size: int, limit: int) -> None:
    if size > limit:
        raise Refusal(
            Reject.TOO_LARGE,
            "the document and its files are larger than allowed",
            measured=float(size),
            limit=float(max(limit, 0)),
        )
