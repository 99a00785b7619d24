"""What is shown of stages while they run: counts, and what their workers say about the batches they have."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rigmill.invocation import Invocation
from rigmill.pipeline.executors.executor import Batch
from rigmill.pipeline.lines.batch_progress import Report, note, read_report, seconds_left
from rigmill.pipeline.lines.live_lines import Progress, closing_line
from rigmill.pipeline.stage_run import StageRun
from rigmill.pipeline.view import Counts
from rigmill.printable import shown_path
from rigmill.storage.layout import Layout

REPORT_S = 0.5  # what workers say is read this often


class StageLines:
    """One live line per stage, and its closing line."""

    def __init__(self, progress: Progress, layout: Layout, invocation: Invocation) -> None:
        self._progress, self._layout, self._invocation = progress, layout, invocation
        self._reports: dict[str, tuple[list[Report], float]] = {}  # by stage: what was said, and when it was read

    def show(self, run: StageRun, running: Sequence[Batch]) -> None:
        """Where the stage stands, now that these batches (of all stages) run."""
        reports, read_at = self._reports.get(run.name, ([], 0.0))
        if time.monotonic() - read_at > REPORT_S:
            reports = self._read([batch for batch in running if batch.stage == run.name])
            self._reports[run.name] = (reports, time.monotonic())
        counts = run.counts()
        self._progress.update(
            run.name,
            counts,
            running=sum(batch.stage == run.name for batch in running),  # a worker does its jobs one after the other
            planned=run.whole,
            note=note(reports),
            left_s=seconds_left(reports, num_pending=counts.pending),
        )

    def _read(self, batches: Sequence[Batch]) -> list[Report]:
        said = (
            read_report(
                self._layout.progress(batch.number),
                num_open=len(batch.unanswered),
                num_jobs=len(batch.unanswered) + batch.num_answers,
            )
            for batch in batches
        )
        return [report for report in said if report is not None]

    def close(self, run: StageRun, counts: Counts) -> None:
        """The stage is done."""
        line = closing_line(run.name, counts, wall_s=run.wall_s, folder=shown_path(self._layout.root))
        why = self._invocation.suggest("status", run.name) if counts.failed or counts.rejected else ""
        self._progress.close(run.name, f"{line}; why:" if why else line, command=why)
