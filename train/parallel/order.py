"""What is told to the processes of a training of several ranks, and what they answer, in a folder that all can see.

It is beside the folder of the job's checkpoints: rank 0 says there how far it is, and how the job ended. No torch.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rigmill.outcomes import Failed, FailKind, Kept, Outcome
from rigmill.pipeline.lines.batch_progress import Reporter, read_report
from rigmill.pipeline.stage import Job
from rigmill.storage.files import canonical_json, write_atomic
from rigmill.storage.layout import Layout
from rigmill.types import Row

ENTRY = "train.rank"  # the module that a rank's process runs; by name, as it knows the stage


@dataclass(frozen=True, slots=True)
class Order:
    """A job of the train stage for several ranks, and the output folder that it belongs to."""

    job: Job
    output: Path

    @classmethod
    def from_row(cls, row: Row) -> Order:
        return cls(Job(**row["job"]), Path(row["output"]))

    def to_row(self) -> Row:
        return {"job": asdict(self.job), "output": str(self.output)}

    @property
    def folder(self) -> Path:
        """What the ranks have in common while they run."""
        return Layout(self.output).work / f"{self.job.key}.ranks"

    @property
    def path(self) -> Path:
        """Where the order itself is written."""
        return self.folder / "order.json"

    def write(self) -> None:
        """Begin: an empty folder, and the order in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        write_atomic(self.path, canonical_json(self.to_row()).encode(), durable=False)

    @classmethod
    def read(cls, path: Path) -> Order:
        return cls.from_row(json.loads(path.read_bytes()))

    def remove(self) -> None:
        """All that the ranks had in common; checkpoints stay."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def reporter(self) -> Reporter:
        """Rank 0's side of how far it is."""
        return Reporter(self.folder / "progress")

    def progress(self) -> tuple[str, int, int] | None:
        """What rank 0 said last: message, steps done, of how many."""
        said = read_report(self.folder / "progress", num_open=1, num_jobs=1)
        return None if said is None else (said.message, said.done, said.total)

    def answer(self, outcome: Outcome) -> None:
        """Rank 0's side of how the job ended."""
        row: dict[str, Any]
        if isinstance(outcome, Kept):
            row = {"rows": list(outcome.rows)}
        else:
            assert isinstance(outcome, Failed), "training rejects nothing"
            row = {"kind": outcome.kind.value, "error_type": outcome.error_type, "message": outcome.message}
        write_atomic(self.folder / "answer.json", canonical_json(row).encode(), durable=False)

    def answered(self) -> Outcome | None:
        """How the job ended; None: nobody has said."""
        path = self.folder / "answer.json"
        if not path.is_file():
            return None
        row = json.loads(path.read_bytes())
        return Kept(row["rows"]) if "rows" in row else Failed(FailKind(row["kind"]), row["error_type"], row["message"])
