"""Where things lie in a profile's output folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rigmill.storage.files import Store


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below one output folder. All but `runs`, `scratch`, `work`, `plans` and `answers` repeats byte for byte."""

    root: Path

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    @property
    def store(self) -> Store:
        return Store(self.root / "store")

    @property
    def dataset(self) -> Path:
        return self.root / "shards"

    @property
    def report(self) -> Path:
        return self.root / "report"

    @property
    def review(self) -> Path:
        """Sheets in which a person corrects captions and categories: theirs, never removed by us."""
        return self.root / "review"

    @property
    def bench(self) -> Path:
        """The benchmark split, exported; its bench.csv is for people to write into."""
        return self.root / "bench"

    @property
    def profile_json(self) -> Path:
        return self.root / "profile.json"

    @property
    def runs(self) -> Path:
        """What each run cost and on which machine: the only place for times."""
        return self.root / "runs"

    def latest_run(self) -> Path | None:
        """The folder of the run that goes on, or of the last one; None where there was none."""
        found = sorted(path.parent for path in self.runs.glob("*/run.json"))
        return found[-1] if found else None

    @property
    def scratch(self) -> Path:
        """Private folders of running jobs; swept at the start of a run."""
        return self.root / "scratch"

    @property
    def work(self) -> Path:
        """Resumable work in progress of long jobs (training checkpoints), one folder per job key; `downloads`."""
        return self.root / "work"

    def finished_note(self, input_id: str) -> Path:
        """What a finished stage of a training has made, until its row is in the table, and after."""
        return self.work / "finished" / f"{input_id}.json"

    def downloads(self, source: str) -> Path:
        """Unfinished downloads of a source, and the list of its finished ones."""
        return self.work / "downloads" / source

    @property
    def plans(self) -> Path:
        """Plans of large stages between two commands. A cache: it may be deleted at any time."""
        return self.root / "plans"

    @property
    def answers(self) -> Path:
        """What models have answered and what that has cost. It was paid for: only removing all output removes it."""
        return self.root / "answers"

    @property
    def lock(self) -> Path:
        return self.root / ".lock"

    def progress(self, batch: int) -> Path:
        """What the worker that has this batch says about it; each batch of a run has its own."""
        return self.scratch / f"progress-{batch}.json"
