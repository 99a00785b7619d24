"""Errors for people, and what is the machine's fault: a full or broken disk, a file of ours that has changed."""

from __future__ import annotations

import errno
import os

_COMMAND = "{command}"


class UserError(Exception):
    """A mistake a user can fix: what was wrong (and where), why, and what to do. Printed without a traceback.

    `command` are the words of a rigmill command. It stands where `fix` says {command}, with the person's own options.
    """

    def __init__(
        self, what: str, *, why: str = "", fix: str = "", code: str = "E000", command: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.code, self.command = what, why, fix, code, command

    def render(self, options: str = "") -> str:
        """The message as shown on the terminal, at most a few lines; `options` name the profile in a command."""
        lines = [f"error[{self.code}]: {self.what}"]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            fix = self.fix.replace(_COMMAND, with_options(options, *self.command)) if self.command else self.fix
            lines.append(f"  fix: {fix}")
        return "\n".join(lines)


def with_options(options: str, *words: str) -> str:
    """`rigmill WORDS` with the options that name the profile: before those of the command itself."""
    place = next((at for at, word in enumerate(words) if word.startswith("--")), len(words))
    return " ".join(filter(None, ["rigmill", *words[:place], options, *words[place:]]))


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
