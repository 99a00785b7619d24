"""One run at a time per output folder."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rigmill.errors import UserError
from rigmill.storage.layout import Layout


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """One run at a time per output folder. The lock dies with the process that holds it."""
    layout.root.mkdir(parents=True, exist_ok=True)
    try:
        # Never through a link, and nothing is cut off: the folder may be one that others can write to.
        opened = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise UserError(
            f"{layout.lock} is a link", why="a lock is a file of its own", fix="remove it", code="E301"
        ) from None
    with os.fdopen(opened, "rb+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"another run is writing to {layout.root}",
                code="E300",
                fix="wait for it, or give this profile another 'output'",
            ) from None
        yield
