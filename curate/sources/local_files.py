"""What all sources of local files share: listing a folder safely, knowing a file by its bytes, reading it once."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from curate.gate.reading import CHANGED, read_bytes
from curate.sources.identities import Identities
from rigmill.blender.client import ChildFailed
from rigmill.blender.requests import PACK_GLTF, PACKED_FILE, GltfItem
from rigmill.errors import UserError, errno_of
from rigmill.outcomes import Cost, Failed, FailKind, Kept, Outcome, Refusal, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.storage.files import digest, sha256_bytes
from rigmill.types import Row

_OF_AN_OUTPUT = {"profile.json", "tables"}  # what is in every output folder

# A file's row from its job's payload and its bytes; a Refusal says why it is not taken.
Take = Callable[[Row, bytes, Work], Row]


def file_candidates(settings: Row, suffixes: Collection[str], *extra: str) -> Iterator[Input]:
    """One input per path with one of the suffixes, sorted by path; `extra` are settings that the row depends on.

    Regular files within the size limit are hashed here, because the job has to change when the bytes do and must
    not when the file is only touched or copied.
    """
    root = Path(settings["path"]).expanduser()
    if not root.is_dir():
        raise UserError(
            f"source '{settings['name']}': no such folder: {settings['path']}",
            why=f"looked for it from {Path.cwd()}",
            fix="correct 'path' of this source in pipelines.yaml",
            code="E210",
        )
    found, left_out = _find(root, settings, suffixes)
    identities = Identities(settings)
    identities.look_at(found)
    more = {key: settings[key] for key in extra}
    for relative in sorted([*found, *left_out], key=os.fsencode):
        if relative in left_out:
            yield _candidate(settings, relative, more | {"left_out": left_out[relative].to_short_row()})
            continue
        try:
            yield file_candidate(settings, relative, more, identities)
        except FileNotFoundError:
            continue  # removed since it was listed
        except OSError as error:
            yield _candidate(settings, relative, more | {"left_out": _out_of_reach(error).to_short_row()})


def file_candidate(settings: Row, relative: str, more: Row, identities: Identities | None = None) -> Input:
    """The input of one file below the source's folder, `settings["path"]`; `more` is what else its row depends on."""
    info = (Path(settings["path"]).expanduser() / relative).lstat()
    regular = stat.S_ISREG(info.st_mode)
    sha256 = ""  # unknown: not readable, or not to be read
    if regular and 0 < info.st_size <= settings["max_file_bytes"]:
        sha256 = (identities or Identities(settings)).of(relative)
    return _candidate(
        settings, relative, more, regular=regular, size_bytes=info.st_size if regular else 0, sha256=sha256
    )


def _candidate(
    settings: Row, relative: str, more: Row, *, regular: bool = False, size_bytes: int = 0, sha256: str = ""
) -> Input:
    uid = readable(relative)
    payload = {
        "kind": settings["kind"],
        "source": settings["name"],
        "uid": uid,
        "root": settings["path"],
        "path": relative,
        "regular": regular,
        "size_bytes": size_bytes,
        "sha256": sha256,
        **more,
    }
    return Input(f"{settings['name']}-{_slug(uid)}-{digest(relative, length=8)}", payload)


def take_files(jobs: Sequence[Job], work: Work, take: Take) -> Iterator[Answer]:
    """Each file's row as `take` makes it, or why it cannot be taken."""
    for job in jobs:
        outcome: Outcome
        try:
            try:
                data = _read(job.payload, job.settings["max_file_bytes"], work)
            except OSError as error:
                kind = FailKind.EXCEPTION if errno_of(error) is None else FailKind.MACHINE
                outcome = Failed(kind, type(error).__name__, error.strerror or "cannot be read")
            else:
                outcome = Kept([take(job.payload, data, work)])
        except Refusal as refusal:
            outcome = refusal.to_rejected()
        except ChildFailed as failed:
            outcome = failed.outcome
        yield Answer(job.key, outcome, Cost())


def folder_tags(uid: str) -> list[str]:
    """The words of the folders that a file lies in."""
    return [word for part in PurePosixPath(uid).parts[:-1] for word in words(part).lower().split()]


def words(name: str) -> str:
    """A file name as words: separators become spaces and camel case is split."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"[\W_]+", " ", name))
    return " ".join(spaced.split())


def readable(path: str) -> str:
    """The path as valid text: undecodable bytes are shown as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _read(payload: Row, max_file_bytes: int, work: Work) -> bytes:
    """The file's bytes as they were when it was listed; a .gltf comes with its files in one GLB."""
    if "left_out" in payload:
        raise Rejected.from_row(payload["left_out"]).to_refusal()
    if not payload["regular"]:
        raise Refusal(Reject.NOT_A_FILE, "a link, folder, device or pipe; only regular files are read")
    if payload["size_bytes"] == 0:
        raise Refusal(Reject.EMPTY_FILE, "the file holds no bytes")
    if payload["size_bytes"] > max_file_bytes:
        raise Refusal(
            Reject.TOO_LARGE,
            "the file is larger than collect.max_file_bytes",
            measured=float(payload["size_bytes"]),
            limit=float(max_file_bytes),
        )
    path = Path(payload["root"]).expanduser() / payload["path"]
    data = read_bytes(path, max_file_bytes)
    if path.suffix.lower() == ".gltf":
        try:
            data = _packed(path, max_file_bytes, work)
        except Refusal:
            _same(payload, data)
            raise
    _same(payload, data)
    return data


def _packed(path: Path, max_file_bytes: int, work: Work) -> bytes:
    """A .gltf with its files, packed by a limited child; a Refusal says why there is none."""
    item = GltfItem(path=str(path), folder_path=str(path.parent), max_file_bytes=max_file_bytes)
    (reply,) = work.reader.run(PACK_GLTF, [item.to_item()], scratch=work.scratch)
    packed = work.scratch / PACKED_FILE
    try:
        if isinstance(reply.outcome, Rejected):
            raise reply.outcome.to_refusal()
        if isinstance(reply.outcome, Failed):
            raise ChildFailed(reply.outcome)
        return read_bytes(packed, 2 * max_file_bytes)
    finally:
        packed.unlink(missing_ok=True)


def _same(payload: Row, data: bytes) -> None:
    if payload["sha256"] and sha256_bytes(data) != payload["sha256"]:
        raise OSError(errno.EBUSY, CHANGED)


def _find(root: Path, settings: Row, suffixes: Collection[str]) -> tuple[list[str], dict[str, Rejected]]:
    """Paths below `root` with a known suffix, relative and with slashes; links are never followed.

    With them, what is left out and why: folders that cannot be listed, and those that a run writes.
    """
    found: list[str] = []
    left_out: dict[str, Rejected] = {}
    own = _inode(settings.get("output"))
    pending = [root]
    while pending:
        folder = pending.pop()
        relative = folder.relative_to(root).as_posix()
        try:
            entries = list(os.scandir(folder))
            is_own = own is not None and own == _inode(folder)
        except OSError as error:
            if folder == root:
                raise UserError(
                    f"source '{settings['name']}': cannot list {folder}",
                    why=os.strerror(error.errno or 0),
                    fix="make the folder readable, or move it out of the source",
                    code="E211",
                ) from error
            left_out[relative] = _out_of_reach(error)
            continue
        if folder != root and (is_own or {entry.name for entry in entries} >= _OF_AN_OUTPUT):
            left_out[relative] = Rejected(Reject.OWN_OUTPUT, "a folder that Rigmill writes: nothing in it is an asset")
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))
            elif os.path.splitext(entry.name)[1].lower() in suffixes:  # noqa: PTH122 - names may not be valid text
                found.append(Path(entry.path).relative_to(root).as_posix())
    return sorted(found, key=os.fsencode), left_out


def _out_of_reach(error: OSError) -> Rejected:
    return Rejected(Reject.OUT_OF_REACH, f"cannot be looked at: {os.strerror(error.errno or 0)}")


def _inode(path: str | Path | None) -> tuple[int, int] | None:
    """What tells a folder from every other; None where there is none."""
    with suppress(OSError):
        if path:
            info = Path(path).stat()
            return info.st_dev, info.st_ino
    return None


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "file"
