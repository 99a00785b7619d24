"""Checkpoints of a training that goes on: files whose names say how far they are and what they must hold. No torch."""

from __future__ import annotations

import re
from pathlib import Path

from rigmill.storage.files import NAMED_DIGITS, has_its_digest

_NAME = re.compile(rf"step-\d{{8}}-[0-9a-f]{{{NAMED_DIGITS}}}\.ckpt")


def checkpoint_name(step: int, sha256: str) -> str:
    """The name of a checkpoint with so many steps done and this digest."""
    return f"step-{step:08d}-{sha256[:NAMED_DIGITS]}.ckpt"


def checkpoints(folder: Path) -> list[Path]:
    """All checkpoints in a folder, whole or damaged, the newest last."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def last_checkpoint(folder: Path) -> tuple[Path | None, int]:
    """The newest checkpoint that is what was written, and the steps it has done; (None, 0) where there is none.

    Damaged ones that are newer are removed.
    """
    for path in reversed(checkpoints(folder)):
        if _is_whole(path):
            return path, int(path.name.split("-")[1])
        path.unlink()
    return None, 0


def _is_whole(path: Path) -> bool:
    try:
        return has_its_digest(path)
    except OSError:  # the disk no longer gives it back
        return False


def damaged_checkpoints(work: Path) -> list[Path]:
    """Those of all trainings below the folder `work` that are not what was written."""
    folders = [path for path in sorted(work.glob("*")) if path.is_dir()]
    return [path for folder in folders for path in checkpoints(folder) if not _is_whole(path)]
