"""Signals that ask a command to end, as clean an end as Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ASKED_TO_END = (signal.SIGTERM, signal.SIGHUP)  # by a scheduler or `kill`, by a terminal that was closed


class Ended(KeyboardInterrupt):
    """The signal `number` arrived. Whatever ends well at Ctrl-C ends so now."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)


# The signal that arrived: where Ray's compiled code is interrupted, it raises a plain KeyboardInterrupt of its own.
_arrived = [signal.SIGINT]


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise `Ended` for the signals meanwhile; one that is ignored (nohup) or handled already stays so."""
    _arrived[0] = signal.SIGINT
    ours = [number for number in _ASKED_TO_END if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def interrupted_status() -> int:
    """The exit status that shells know for what ended the command: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + _arrived[0]


def _raise(number: int, _frame: FrameType | None) -> None:
    _arrived[0] = signal.Signals(number)
    raise Ended(number)
