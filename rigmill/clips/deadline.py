"""Work on a clip that has to end in time."""

from __future__ import annotations

import time


class TooSlow(Exception):
    """The deadline of a piece of work is over."""


def in_time(deadline: float | None) -> None:
    """TooSlow when `time.monotonic()` is past the deadline; None: there is none."""
    if deadline is not None and time.monotonic() > deadline:
        raise TooSlow("its time was over")
