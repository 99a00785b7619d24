"""Starts the ranks of a training on this machine, and looks after them. No torch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from rigmill.outcomes import Failed, FailKind, Outcome
from train.parallel.order import ENTRY, Order

LOOK_S = 0.1
GRACE_S = 20.0  # for the others, once one has ended badly: mostly they notice by themselves
_LINES, _CHARACTERS = 3, 300  # of what a rank said last


def train_on_this_machine(
    order: Order, num_ranks: int, *, report: Callable[[str, int, int], None], logs: Path, on_cpu: bool
) -> Outcome:
    """The job's outcome, by so many processes. A rank that ends badly ends all, and the row says what it said last.

    `logs`: where what they say goes, a file a rank. A SIGTERM to this process is one to them: they end with a
    checkpoint, and then this process ends as well.
    """
    order.write()
    logs.mkdir(parents=True, exist_ok=True)
    paths = [logs / f"rank-{rank}.log" for rank in range(num_ranks)]
    with ExitStack() as stack:
        ranks = [
            _start(order, rank, num_ranks, stack.enter_context(paths[rank].open("wb")), on_cpu)
            for rank in range(num_ranks)
        ]
        try:
            with _asked_to_end(ranks) as asked:
                bad = _watched(ranks, order, report)
        finally:
            for process in ranks:
                process.kill()
                process.wait()
    outcome = order.answered()
    order.remove()
    if outcome is not None:
        return outcome
    if asked:
        raise SystemExit(0)  # as a training in this process would have ended
    if bad is None:
        return Failed(FailKind.INTERRUPTED, "AskedToEnd", "a rank was asked to end; the next run goes on from there")
    return _failed(bad, ranks[bad].returncode, num_ranks, paths[bad])


def _start(order: Order, rank: int, num_ranks: int, log: BinaryIO, on_cpu: bool) -> subprocess.Popen[bytes]:
    told = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": num_ranks,
        "LOCAL_WORLD_SIZE": num_ranks,
        "RIGMILL_MEET": f"file://{order.folder / 'meet'}",
    }
    if on_cpu:
        told["GLOO_SOCKET_IFNAME"] = "lo"  # nobody outside the machine has anything to say
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", ENTRY, str(order.path)],
        stdin=subprocess.PIPE,  # whose end tells a rank that this process is gone
        stdout=log,
        stderr=subprocess.STDOUT,
        env={
            **os.environ,
            **{name: str(value) for name, value in told.items()},
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
    )


def _watched(
    ranks: Sequence[subprocess.Popen[bytes]], order: Order, report: Callable[[str, int, int], None]
) -> int | None:
    """Wait for all; the rank that ended badly first, None: they all ended well. The others get some time then."""
    bad, until, said = None, float("inf"), None
    while time.monotonic() < until and any(process.poll() is None for process in ranks):
        if (now := order.progress()) is not None and now != said:
            said = now
            report(*now)
        found = [rank for rank, process in enumerate(ranks) if process.poll() not in (None, 0)]
        if found and bad is None:
            # What was killed is the cause; the others end because of it, perhaps within the same look.
            bad = min(found, key=lambda rank: (ranks[rank].returncode > 0, rank))
            until = time.monotonic() + GRACE_S
        time.sleep(LOOK_S)
    found = [rank for rank, process in enumerate(ranks) if process.poll() not in (None, 0)]
    if bad is None and found:
        bad = min(found, key=lambda rank: (ranks[rank].returncode > 0, rank))
    if (now := order.progress()) is not None and now != said:
        report(*now)
    return bad


@contextmanager
def _asked_to_end(ranks: Sequence[subprocess.Popen[bytes]]) -> Iterator[list[int]]:
    """Meanwhile a SIGTERM to this process is one to all ranks; what is yielded holds it then."""
    asked: list[int] = []

    def hand_on(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        for process in ranks:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGTERM, hand_on)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)


def _failed(rank: int, status: int, num_ranks: int, log: Path) -> Failed:
    """What became of a training of which one rank ended badly."""
    name = signal.Signals(-status).name if status < 0 else None
    how = f"was ended by {name}" if name else f"ended with status {status}"
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    said = " | ".join(lines[-_LINES:])[-_CHARACTERS:]
    message = f"rank {rank} of {num_ranks} {how}; the next run goes on from the last checkpoint"
    kind = FailKind.INTERRUPTED if name else FailKind.MACHINE
    return Failed(kind, "RankGone", f"{message}; it said last: {said}" if said else message, name)
