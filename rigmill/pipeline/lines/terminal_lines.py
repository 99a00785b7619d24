"""Live lines on a terminal, by rich: imported where there is a terminal, because that takes a while."""

from __future__ import annotations

import sys

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Tasks
from rich.table import Column
from rich.text import Text

from rigmill.pipeline.view import Counts

BAR_CELLS = 8


class TerminalLines:
    """A line per stage with a bar, counts and words, and lines of words alone below; each fits the width.

    What is shown must hold no control characters.
    """

    def __init__(self, console: Console) -> None:
        self._stages = Tasks(
            TextColumn("{task.description}", markup=False, table_column=_column()),
            BarColumn(BAR_CELLS, table_column=_column()),
            _CountsColumn(table_column=_column()),
            TextColumn("{task.fields[words]}", markup=False, table_column=_column(ratio=1)),
            console=console,
            expand=True,
        )
        self._words = Tasks(TextColumn("{task.description}", markup=False, table_column=_column()), console=console)
        self._shown: dict[str, tuple[Tasks, TaskID]] = {}
        # What is printed to a file or a pipe meanwhile goes there.
        self._live = Live(
            console=console,
            get_renderable=self._lines,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=sys.stderr.isatty(),
        )

    def start(self) -> None:
        """Hide the cursor and show lines from now on."""
        self._live.start()

    def stop(self) -> None:
        """Take the live lines away and show the cursor."""
        self._live.stop()

    def show_stage(self, stage: str, counts: Counts, *, planned: bool, words: str) -> None:
        """Put a stage's line in place of its last one. The bar has no end while the stage is not planned whole."""
        total = counts.num_in if planned else None
        if stage not in self._shown:
            task = self._stages.add_task(stage, total=total, counts=counts, planned=planned, words=words)
            self._shown[stage] = self._stages, task
        tasks, task = self._shown[stage]
        done = counts.num_in - counts.pending
        tasks.update(task, completed=done, total=total, counts=counts, planned=planned, words=words)

    def show_words(self, name: str, line: str) -> None:
        """Put a line of words in place of the last one of this name."""
        if name not in self._shown:
            self._shown[name] = self._words, self._words.add_task(line, total=None)
        tasks, task = self._shown[name]
        tasks.update(task, description=line)

    def remove(self, name: str) -> None:
        """Take a line away, if there is one of this name."""
        if name in self._shown:
            tasks, task = self._shown.pop(name)
            tasks.remove_task(task)

    def say(self, line: str) -> None:
        """A line that stays, above the live ones; the terminal breaks it where it is long."""
        self._live.console.print(Text(line), soft_wrap=True)

    def _lines(self) -> Group:
        return Group(*(tasks for tasks in (self._stages, self._words) if tasks.tasks))


class _CountsColumn(ProgressColumn):
    """How many of how many inputs have ended, and how."""

    def render(self, task: Task) -> Text:
        counts: Counts = task.fields["counts"]
        done, more = counts.num_in - counts.pending, "" if task.fields["planned"] else "+"
        return Text(
            f"{done}/{counts.num_in}{more} kept {counts.kept} rejected {counts.rejected} failed {counts.failed}"
        )


def _column(ratio: int | None = None) -> Column:
    return Column(no_wrap=True, overflow="ellipsis", ratio=ratio)
