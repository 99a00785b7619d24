"""What a person sees while a run goes on: one live line per stage, and a closing line with the counts."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, TextIO

from rigmill.pipeline.view import Counts
from rigmill.printable import one_line, wrapped

if TYPE_CHECKING:
    from rigmill.pipeline.lines.terminal_lines import TerminalLines

PLAIN_INTERVAL_S = 10.0


class Progress:
    """Live lines on a terminal; elsewhere a plain line per stage when something changed, at most every 10 s."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self._terminal: TerminalLines | None = None
        self._printed: dict[str, tuple[str, float]] = {}
        self._first: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> Progress:
        if self.stream.isatty() and os.environ.get("TERM") != "dumb":
            from rich.console import Console

            from rigmill.pipeline.lines.terminal_lines import TerminalLines

            self._terminal = TerminalLines(Console(file=self.stream))
            self._terminal.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal is not None:
            self._terminal.stop()
            self._terminal = None

    def update(
        self, stage: str, counts: Counts, *, running: int, planned: bool, note: str = "", left_s: float | None = None
    ) -> None:
        """Show where a stage stands. `planned` is False while its inputs are still being made upstream.

        `left_s` is known where workers say how far their jobs are; otherwise the jobs that have ended tell.
        """
        done = counts.num_in - counts.pending
        started, at_start = self._first.setdefault(stage, (time.monotonic(), done))
        elapsed = time.monotonic() - started
        rate = (done - at_start) / elapsed if elapsed > 1 else 0.0
        if left_s is None and rate > 0 and counts.pending:
            left_s = counts.pending / rate
        left = f"{duration(left_s)} left" if left_s is not None and planned else ""
        if self._terminal is not None:
            words = "  ".join(part for part in (left, note or f"running {running}") if part)
            self._terminal.show_stage(stage, counts, planned=planned, words=one_line(words))
            return
        total = f"{counts.num_in}" if planned else f"{counts.num_in}+"
        line = (
            f"{stage:<9} {done}/{total}  kept {counts.kept}  rejected {counts.rejected}  failed {counts.failed}"
            f"  running {running}{', ' if left else ''}{left}{'  ' if note else ''}{note}"
        )
        self.show(stage, line, state=f"{done}/{total}/{running}/{note}")

    def show(self, name: str, line: str, *, state: str) -> None:
        """Put `line` in place of the last one of this name; where lines stay, only when its `state` is another."""
        if self._terminal is not None:
            self._terminal.show_words(name, one_line(line))
            return
        before, printed_at = self._printed.get(name, ("", 0.0))
        if state != before and time.monotonic() - printed_at >= PLAIN_INTERVAL_S:
            self._printed[name] = (state, time.monotonic())
            self.say(line)

    def close(self, stage: str, line: str, *, command: str = "") -> None:
        """The stage's last word."""
        if self._terminal is not None:
            self._terminal.remove(stage)
        self.say(line, command=command)

    def say(self, line: str, *, command: str = "") -> None:
        """A line that stays, broken where it is long, and a command, which is not."""
        for part in wrapped(f"{line} {command}", rest="  ", whole=[command] if command else []):
            if self._terminal is not None:
                self._terminal.say(part)
            else:
                print(part, file=self.stream, flush=True)


def duration(seconds: float) -> str:
    """As people say it, with two digits or three."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def closing_line(stage: str, counts: Counts, *, wall_s: float, folder: str) -> str:
    """kept, rejected with the top reasons, failed, the stage's own time, and the output folder."""
    top = ", ".join(f"{code} {number}" for code, number in counts.reasons.most_common(3))
    parts = [f"{stage}: kept {counts.kept} of {counts.num_in}, rejected {counts.rejected}, failed {counts.failed}"]
    if top:
        parts.append(f" ({top})")
    if counts.pending:
        parts.append(f", pending {counts.pending}")
    parts.append(f"; {duration(wall_s)}; in {folder}")
    return "".join(parts)
