"""One run at a time per output folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from rigmill.errors import UserError
from rigmill.storage.layout import Layout


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """One run at a time per output folder. The lock dies with the process that holds it."""
    layout.root.mkdir(parents=True, exist_ok=True)
    with layout.lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"another run is writing to {layout.root}",
                code="E300",
                fix="wait for it, or give this profile another 'output'",
            ) from None
        yield
