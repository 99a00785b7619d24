"""The contract of a stage: which inputs there are, and what becomes of a job. Everything else is the driver's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from rigmill.files import Store, digest
from rigmill.types import Measured, Outcome

if TYPE_CHECKING:
    from rigmill.blender import BlenderClient
    from rigmill.config import Profile

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Input:
    """One thing a stage has to decide about. `payload` is JSON and all that the job may read."""

    input_id: str
    payload: Row
    group: str = ""  # jobs of one group share a child process (one asset loaded once)


@dataclass(frozen=True, slots=True)
class Job:
    """An input with the settings it is judged by. Same key: same work, so nothing to do."""

    stage: str
    key: str
    input_id: str
    group: str
    payload: Row
    settings: Row


@dataclass(frozen=True, slots=True)
class Answer:
    """A job's one outcome, and what it cost."""

    key: str
    outcome: Outcome
    measured: Measured


class Rows(Protocol):
    """Read access to the tables, as the driver sees them now."""

    def products(self, stage: str) -> list[Row]:
        """Product rows of the stage's kept jobs, sorted by job key."""


class Work(Protocol):
    """What a worker lends to a running job."""

    @property
    def store(self) -> Store: ...

    @property
    def output(self) -> Path:
        """The profile's output folder, for resumable work in progress only."""

    @property
    def scratch(self) -> Path:
        """Private, empty, gone afterwards."""

    @property
    def blender(self) -> BlenderClient: ...

    def report(self, message: str, done: int, total: int) -> None:
        """Progress inside one long job (training steps), for the live line."""


class Stage(ABC):
    """A room's work. Instances hold no state; workers import them by name."""

    name: ClassVar[str]
    version: ClassVar[int]  # raise it when the code's results change
    upstream: ClassVar[tuple[str, ...]] = ()
    barrier: ClassVar[bool] = False  # True: plans only when every upstream stage is finished
    batch: ClassVar[int] = 1  # most jobs of one group handed to a worker at once
    inline: ClassVar[bool] = False  # True: reads rows alone, so the driver runs it itself: no worker, no Blender

    @abstractmethod
    def settings(self, profile: Profile) -> Row:
        """The part of the profile that this stage reads, as JSON; a change here redoes the stage, nothing else does."""

    def job_settings(self, settings: Row) -> Row:
        """The part of `settings` that a job reads. What only decides which inputs there are stays out of its key."""
        return settings

    @abstractmethod
    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """Every input that exists now, in any order; ids are unique and stable."""

    @abstractmethod
    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        """One answer per job. Called in a worker. An exception fails the first job without an answer."""

    def finish(self, tables: Rows, output: Path, profile: Profile) -> None:  # noqa: B027 - most publish nothing
        """Called by the driver when every job has an outcome: publish what people read. Cheap when nothing changed."""

    def plan(self, tables: Rows, profile: Profile) -> list[Job]:
        """All jobs that exist now, done or not, sorted by input id."""
        settings = self.settings(profile)
        narrow = self.job_settings(settings)
        jobs = [
            Job(
                stage=self.name,
                key=digest(self.name, self.version, narrow, item.input_id, item.payload),
                input_id=item.input_id, group=item.group or item.input_id, payload=item.payload, settings=narrow,
            )
            for item in self.inputs(tables, settings)
        ]
        jobs.sort(key=lambda job: job.input_id)
        seen = [job.input_id for job in jobs]
        if len(set(seen)) != len(seen):
            raise AssertionError(f"stage {self.name} planned an input id twice")
        return jobs


def source_of(payload: Mapping[str, Any]) -> str:
    """The source that a job's input is from (a pair's is its character's); empty where there is no one source."""
    return str(payload.get("source") or (payload.get("character") or {}).get("source") or "")


def only_keys(row: Mapping[str, Any], *keys: str) -> Row:
    """The part of a row that a job reads; leaving the rest out keeps its key free of what does not matter."""
    return {key: row[key] for key in keys}
