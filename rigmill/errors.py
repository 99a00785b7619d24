"""Errors for people, and what is the machine's fault: a full or broken disk, a file of ours that has changed."""

from __future__ import annotations

import errno
import os
import traceback

from rigmill.invocation import Invocation
from rigmill.printable import wrapped

MAX_LINES = 8  # of a message
_COMMAND = "{command}"
_INDENT = 7


class UserError(Exception):
    """A mistake a user can fix: what was wrong (and where), why, and what to do. Printed without a traceback.

    `command` are the words of a rigmill command. It stands where `fix` says {command}, with the person's own options.
    """

    def __init__(
        self, what: str, *, why: str = "", fix: str = "", code: str = "E000", command: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.code, self.command = what, why, fix, code, command

    def render(self, invocation: Invocation | None = None) -> str:
        """The message as shown on the terminal: at most MAX_LINES lines, the fix in full."""
        command = (invocation or Invocation()).suggest(*self.command) if self.command else ""
        fix = self.fix.replace(_COMMAND, command) if command else self.fix
        head = wrapped(f"error[{self.code}]: {self.what}", rest=" " * _INDENT)
        why = wrapped(self.why, first="  why: ", rest=" " * _INDENT)
        end = wrapped(fix, first="  fix: ", rest=" " * _INDENT, whole=[command] if command else [])
        head = _cut(head, max(1, MAX_LINES - len(end) - min(len(why), 1)))
        return "\n".join([*head, *_cut(why, max(0, MAX_LINES - len(head) - len(end))), *end])


def _cut(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} ..."] if most else []


class Damaged(UserError):
    """A stored file is not what it was, or gone. No input is to blame; in a run it costs the job alone."""

    def __init__(self, what: str) -> None:
        super().__init__(
            what, why="somebody or the disk changed it", fix="{command}", code="E312", command=("verify", "--repair")
        )


FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# What a disk or a machine says when it cannot go on, whatever the input is. EFBIG is not here: that is a limit of ours.
DISK_TROUBLE = FULL | {errno.EROFS, errno.EIO}
MACHINE_TROUBLE = DISK_TROUBLE | {errno.ENOMEM}


def errno_of(error: BaseException | None, wanted: frozenset[int] = MACHINE_TROUBLE) -> int | None:
    """The first of the `wanted` error numbers in the error, or in what it was raised from or while; None: none."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        number = getattr(error, "errno", None)  # PyAV's errors have one and are not always OSErrors
        if isinstance(number, int) and number in wanted:
            return number
        error = error.__cause__ or error.__context__
    return None


def machine_trouble(number: int) -> UserError:
    """What an error number of MACHINE_TROUBLE means for a run."""
    if number == errno.ENOMEM:
        what, fix = "the machine has no memory left", "end other programs, or use fewer --workers"
    elif number in FULL:
        what, fix = "the disk is full", "free space or move 'output'"
    elif number == errno.EROFS:
        what, fix = "the disk is read-only", "make it writable or move 'output'"
    else:
        what, fix = "the disk cannot be read or written", "look at the disk (dmesg), or move 'output'"
    return UserError(
        what,
        why=f"{os.strerror(number)}; what is finished or half downloaded is kept",
        code="E321",
        fix=f"{fix}, then run the same command: it continues where it stopped",
    )


_ANOTHER_OUTPUT = "or give another folder: --set output=FOLDER (--out FOLDER, where the command has it)"
_IN_THE_WAY = f"something else is there: move it away, {_ANOTHER_OUTPUT}"
_OS_FIXES = {
    errno.EACCES: f"let your user read and write there, {_ANOTHER_OUTPUT}",
    errno.EPERM: f"let your user write there, {_ANOTHER_OUTPUT}",
    errno.EROFS: f"make it writable, {_ANOTHER_OUTPUT}",
    errno.ENOENT: f"correct the path, {_ANOTHER_OUTPUT}",
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EISDIR: _IN_THE_WAY,
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOTEMPTY: _IN_THE_WAY,
    errno.ENAMETOOLONG: "use a shorter path",
    errno.EMFILE: "allow more open files: ulimit -n 65536",
    errno.ENFILE: "end other programs: the system has no more open files to give",
}


def refused_by_system(error: OSError) -> UserError:
    """What the system would not do, and what a person can do about it."""
    number = errno_of(error)
    if number is not None and number != errno.EROFS:  # of that it is the file that matters
        return machine_trouble(number)
    why = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        steps = traceback.extract_tb(error.__traceback__)
        where = f"{steps[-1].filename}:{steps[-1].lineno}" if steps else "unknown"
        why = f"{why} (at {where})"  # no file to look at: where it happened says what was wanted
    name = "" if error.filename is None else f": {os.fsdecode(error.filename)}"
    return UserError(
        f"the system refused what the command needs{name}",
        why=why,
        code="E323",
        fix=_OS_FIXES.get(error.errno or 0, "{command}"),
        command=("doctor",),
    )
