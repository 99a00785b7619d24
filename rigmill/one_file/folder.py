"""The folder that a command fills for a person: what was there before is respected, and files appear all at once."""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from rigmill.errors import UserError
from rigmill.storage.files import write_atomic

INFO, UNFINISHED = "info.json", ".unfinished"
_FRAME = re.compile(r"\d{5}\.(png|webp)")


def check_folder(out: Path, *, force: bool, ours: re.Pattern[str], what: str) -> None:
    """Make the folder; refuse one that holds something, unless that is of an earlier `what` and may be replaced.

    `ours` matches the names of what the command writes; folders among them hold numbered pictures.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(out / UNFINISHED, ignore_errors=True)  # of a command that was killed
        present = sorted(path.name for path in out.iterdir())
        foreign = [
            str(path.relative_to(out))
            for path in _named(out, ours)
            if path.is_dir()
            for path in path.iterdir()
            if not _FRAME.fullmatch(path.name)
        ]
    except OSError as error:
        raise UserError(
            f"cannot write to {out}", why=error.strerror or str(error), fix="give another --out", code="E132"
        ) from None
    if present and not force:
        some = ", ".join(present[:3]) + (", ..." if len(present) > 3 else "")
        raise UserError(
            f"{out} is not empty",
            why=f"it holds {some}",
            code="E132",
            fix=f"give another --out, or --force, which replaces an earlier {what} and nothing else",
        )
    if foreign:
        raise UserError(
            f"{out / foreign[0]} is none of an earlier {what}'s files",
            code="E132",
            fix="move it away, or give another --out",
        )


def _named(out: Path, ours: re.Pattern[str]) -> list[Path]:
    """What an earlier command left in the folder."""
    return sorted(path for path in out.iterdir() if ours.fullmatch(path.name))


def fill_folder(
    out: Path, folder: Path, names: Sequence[str], *, ours: re.Pattern[str], last: tuple[str, bytes]
) -> None:
    """Put the finished files `names` of `folder` into place, instead of earlier ones; at the end a file `last`."""
    for path in (folder, *(folder / name for name in names)):
        _take(path)
    for path in _named(out, ours):  # there are none without --force
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    for name in names:
        (folder / name).replace(out / name)
    write_atomic(out / last[0], last[1], durable=False)


def _take(path: Path) -> None:
    """Make a file or folder that a child left readable to others; refuse what is anything else, such as a link."""
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        path.chmod(0o755)
        for inner in path.iterdir():
            _take(inner)
    elif stat.S_ISREG(mode):
        path.chmod(0o644)
    else:
        raise UserError(
            f"Blender left something else in place of {path.name}",
            why="a link, a device or a pipe",
            fix="do not trust the file that was rendered; nothing was written",
            code="E137",
        )


def remove_empty(*folders: Path) -> None:
    """Those that hold nothing."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
