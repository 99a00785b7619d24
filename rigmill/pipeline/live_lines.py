"""What a person sees while a run goes on: one live line per stage, and a closing line with the counts."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

from rigmill.pipeline.view import Counts

PLAIN_INTERVAL_S = 10.0


class Progress:
    """Live lines on a terminal; elsewhere a plain line per stage when something changed, at most every 10 s."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self._live: Any = None
        self._lines: dict[str, str] = {}
        self._printed: dict[str, tuple[str, float]] = {}
        self._first: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> Progress:
        if self.stream.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(file=self.stream), refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

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
        eta = f", {duration(left_s)} left" if left_s is not None and planned else ""
        total = f"{counts.num_in}" if planned else f"{counts.num_in}+"
        line = (
            f"{stage:<9} {done}/{total}  kept {counts.kept}  rejected {counts.rejected}  failed {counts.failed}"
            f"  running {running}{eta}{'  ' + note if note else ''}"
        )
        self.show(stage, line, state=f"{done}/{total}/{running}/{note}")

    def show(self, name: str, line: str, *, state: str) -> None:
        """Put `line` in place of the last one of this name; where lines stay, only when its `state` is another."""
        self._lines[name] = line
        if self._live is not None:
            self._show()
            return
        before, printed_at = self._printed.get(name, ("", 0.0))
        if state != before and time.monotonic() - printed_at >= PLAIN_INTERVAL_S:
            self._printed[name] = (state, time.monotonic())
            self.say(line)

    def close(self, stage: str, line: str) -> None:
        """The stage's last word."""
        self._lines.pop(stage, None)
        if self._live is not None:
            self._show()
        self.say(line)

    def _show(self) -> None:
        from rich.text import Text

        self._live.update(Text("\n".join(self._lines.values())))

    def say(self, line: str) -> None:
        if self._live is not None:
            self._live.console.print(line, highlight=False, markup=False, soft_wrap=True)
        else:
            print(line, file=self.stream, flush=True)


def duration(seconds: float) -> str:
    """As people say it, with two digits or three."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def closing_line(stage: str, counts: Counts, *, wall_s: float, where: str) -> str:
    """kept, rejected with the top reasons, failed and where to look."""
    top = ", ".join(f"{code} {number}" for code, number in counts.reasons.most_common(3))
    parts = [f"{stage}: kept {counts.kept} of {counts.num_in}, rejected {counts.rejected}, failed {counts.failed}"]
    if top:
        parts.append(f" ({top})")
    if counts.pending:
        parts.append(f", pending {counts.pending}")
    parts.append(f"; {wall_s:.0f} s")
    if counts.failed or counts.rejected:
        parts.append(f"; why: {where}")
    return "".join(parts)
