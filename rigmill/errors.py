"""Errors for people, and the closed list of reasons for which a rule says no."""

from __future__ import annotations


class UserError(Exception):
    """A mistake a user can fix: what was wrong (and where), why, and what to do. Printed without a traceback."""

    def __init__(self, what: str, *, why: str = "", fix: str = "", code: str = "E000") -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.code = what, why, fix, code

    def render(self) -> str:
        """The message as shown on the terminal, at most a few lines."""
        lines = [f"error[{self.code}]: {self.what}"]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


def disk_full(error: OSError) -> UserError:
    """What a full disk (or a used-up quota) means for a run."""
    return UserError(
        "the disk is full",
        why=f"{error.strerror}; what is finished or half downloaded is kept",
        code="E321",
        fix="free space or move 'output', then run the same command: it continues where it stopped",
    )
