"""Checkpoints of a training that goes on: files whose names say how far they are and what they must hold. No torch."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from rigmill.storage.files import NAMED_DIGITS, fsync_folder, has_its_digest, sha256_file

_NAME = re.compile(rf"step-\d{{8}}-[0-9a-f]{{{NAMED_DIGITS}}}\.ckpt")
_BEST = re.compile(rf"best-\d{{8}}-[0-9a-f]{{{NAMED_DIGITS}}}\.ckpt")
_UNFINISHED = ".tmp-checkpoint"


def unfinished_path(folder: Path, step: int, *, best: bool) -> Path:
    """Where a checkpoint of so many steps is written before it is whole; the name says what it will be."""
    return folder / f"{_UNFINISHED}-{'best' if best else 'step'}-{step:08d}"


def finish(path: Path, *, keep_last: int) -> None:
    """Give a whole file of `unfinished_path` its name, with its digest in it; only then older ones go.

    The best so far has a second name, under which it outlasts the others.
    """
    folder = path.parent
    kind, step = path.name.removeprefix(f"{_UNFINISHED}-").split("-")
    name = f"{step}-{sha256_file(path)[:NAMED_DIGITS]}.ckpt"
    if kind == "best":
        best = folder / f"best-{name}"
        best.unlink(missing_ok=True)
        try:
            os.link(path, best)
        except OSError:  # a file system without hard links
            aside = folder / f"{_UNFINISHED}-copy"
            shutil.copyfile(path, aside)
            aside.replace(best)
    path.replace(folder / f"step-{name}")
    fsync_folder(folder)
    for older in checkpoints(folder)[:-keep_last]:
        older.unlink()
    if kind == "best":
        for older in best_checkpoints(folder):
            if older.name != f"best-{name}":
                older.unlink()


def checkpoints(folder: Path) -> list[Path]:
    """All checkpoints in a folder, whole or damaged, the newest last."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def best_checkpoints(folder: Path) -> list[Path]:
    """Those that were the best by validation, the newest last; there is one, but where a run was killed."""
    return sorted(path for path in folder.iterdir() if _BEST.fullmatch(path.name)) if folder.is_dir() else []


def best_checkpoint(folder: Path, step: int | None) -> Path | None:
    """The checkpoint of the best step, if it is there and what was written."""
    found = [path for path in best_checkpoints(folder) if steps_of(path) == step and _is_whole(path)]
    return found[-1] if found else None


def last_checkpoint(folder: Path) -> tuple[Path | None, int]:
    """The newest checkpoint that is what was written, and the steps it has done; (None, 0) where there is none.

    Damaged ones that are newer are removed.
    """
    for path in reversed(checkpoints(folder)):
        if _is_whole(path):
            return path, steps_of(path)
        path.unlink()
    return None, 0


def steps_of(path: Path) -> int:
    """The steps that a checkpoint has done, by its name."""
    return int(path.name.split("-")[1])


def remove_unfinished(folder: Path) -> None:
    """What a killed run left half written."""
    for path in folder.glob(f"{_UNFINISHED}*"):
        path.unlink()


def _is_whole(path: Path) -> bool:
    try:
        return has_its_digest(path)
    except OSError:  # the disk no longer gives it back
        return False


def damaged_checkpoints(work: Path) -> list[Path]:
    """Those of all trainings below the folder `work` that are not what was written."""
    folders = [path for path in sorted(work.glob("*")) if path.is_dir()]
    found = [path for folder in folders for path in (*checkpoints(folder), *best_checkpoints(folder))]
    return [path for path in found if not _is_whole(path)]
