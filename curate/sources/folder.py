"""A user's folder: every .glb, .gltf, .vrm and .fbx below it, known by its bytes, whatever it is called."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path, PurePosixPath

from curate.assets import asset_row
from curate.licence import rights_of
from curate.preflight import sniff
from rigmill.errors import Refusal, Reject, UserError
from rigmill.files import digest, sha256_bytes
from rigmill.stage import Answer, Input, Job, Row, Work
from rigmill.types import Failed, FailKind, Kept, Measured, Outcome, Rejected

SUFFIXES = frozenset({".glb", ".gltf", ".vrm", ".fbx"})
_CHANGED = "the file changed while it was read; run the stage again"


def candidates(settings: Row) -> Iterator[Input]:
    """One input per path with a known suffix, sorted by path.

    Regular files within the size limit are hashed here, because the job has to change when the bytes do and must
    not when the file is only touched or copied.
    """
    root = Path(settings["path"]).expanduser()
    if not root.is_dir():
        raise UserError(
            f"source '{settings['name']}': no such folder: {settings['path']}",
            why=f"looked for it from {Path.cwd()}", fix="correct 'path' of this source in pipelines.yaml", code="E210",
        )
    for relative in _find(root, settings):
        try:
            info = (root / relative).lstat()
        except FileNotFoundError:
            continue  # removed since it was listed
        regular = stat.S_ISREG(info.st_mode)
        sha256 = ""  # unknown: not readable, or not to be read
        if regular and 0 < info.st_size <= settings["max_file_bytes"]:
            try:
                with _open_regular(root / relative) as stream:
                    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError:
                pass  # the job tries again, and its failure names the error
        uid = readable(relative)
        payload = {
            "kind": "folder", "source": settings["name"], "uid": uid, "root": settings["path"], "path": relative,
            "regular": regular, "size_bytes": info.st_size if regular else 0, "sha256": sha256,
            "licence": settings["licence"], "attribution": settings["attribution"],
        }
        yield Input(f"{settings['name']}-{_slug(uid)}-{digest(relative, length=8)}", payload)


def fetch(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """Each file's copy in the store and its row, or why it cannot be taken."""
    for job in jobs:
        outcome: Outcome
        try:
            outcome = Kept([_take(job.payload, job.settings["max_file_bytes"], work)])
        except Refusal as refusal:
            outcome = Rejected(refusal.code.value, refusal.message, refusal.measured, refusal.limit)
        except OSError as error:
            outcome = Failed(FailKind.EXCEPTION, type(error).__name__, error.strerror or "cannot be read")
        yield Answer(job.key, outcome, Measured())


def _take(payload: Row, max_file_bytes: int, work: Work) -> Row:
    if not payload["regular"]:
        raise Refusal(Reject.NOT_A_FILE, "a link, folder, device or pipe; only regular files are read")
    if payload["size_bytes"] == 0:
        raise Refusal(Reject.EMPTY_FILE, "the file holds no bytes")
    if payload["size_bytes"] > max_file_bytes:
        raise Refusal(
            Reject.TOO_LARGE, "the file is larger than collect.max_file_bytes",
            measured=float(payload["size_bytes"]), limit=float(max_file_bytes),
        )
    with _open_regular(Path(payload["root"]).expanduser() / payload["path"]) as stream:
        data = stream.read(max_file_bytes + 1)
    if payload["sha256"] and sha256_bytes(data) != payload["sha256"]:
        raise OSError(errno.EBUSY, _CHANGED)
    found = sniff(data)
    if found is None:
        raise Refusal(Reject.UNKNOWN_TYPE, "the content is neither glTF nor FBX, whatever the name says")
    stored = work.store.put_bytes(f"asset.{found}", data)
    path = PurePosixPath(payload["uid"])
    return asset_row(
        stored, source=payload["source"], source_uid=payload["uid"], origin=f"folder:{payload['uid']}",
        title=_words(path.stem), tags=[word for part in path.parts[:-1] for word in _words(part).lower().split()],
        licence=payload["licence"], licence_raw=payload["licence"], licence_seen_in="profile",
        rights=rights_of(payload["licence"]), attribution=payload["attribution"], file_format=found,
    )


def _find(root: Path, settings: Row) -> list[str]:
    """Paths below `root` with a known suffix, relative and with slashes, sorted; links are never followed."""
    found: list[str] = []
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            raise UserError(
                f"source '{settings['name']}': cannot list {folder}", why=os.strerror(error.errno or 0),
                fix="make the folder readable, or move it out of the source", code="E211",
            ) from error
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))
            elif os.path.splitext(entry.name)[1].lower() in SUFFIXES:  # noqa: PTH122 - names may not be valid text
                found.append(Path(entry.path).relative_to(root).as_posix())
    return sorted(found, key=os.fsencode)


def _open_regular(path: Path) -> BufferedReader:
    """The file opened for reading; a link is refused and a pipe does not block, even if swapped in meanwhile."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EBUSY, _CHANGED)
    return os.fdopen(handle, "rb")


def readable(path: str) -> str:
    """The path as valid text: undecodable bytes are shown as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "file"


def _words(name: str) -> str:
    """A file name as words: separators become spaces and camel case is split."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"[\W_]+", " ", name))
    return " ".join(spaced.split())
