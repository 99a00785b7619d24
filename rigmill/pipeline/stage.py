"""The contract of a stage: which inputs there are, and what becomes of a job. Everything else is the driver's."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from rigmill.outcomes import Cost, Outcome, Reject, Rejected
from rigmill.storage.files import Store, canonical_json
from rigmill.storage.rows import not_finite, value_json
from rigmill.types import Row

if TYPE_CHECKING:
    import pyarrow as pa

    from rigmill.blender.client import BlenderClient
    from rigmill.config.schema import Profile


@dataclass(slots=True)  # not frozen: a plan makes one per row, and frozen ones take three times as long to make
class Input:
    """One thing a stage has to decide about. `payload` is JSON and all that the job may read. Not changed once made."""

    input_id: str
    payload: Row
    group: str = ""  # jobs of one group share a child process (one asset loaded once)
    hints: Row | None = None  # how fast, how often to try: what may change without changing the result
    stands_for: str = ""  # of an inline stage: what is hashed in place of the payload, which must follow from it


@dataclass(slots=True)  # as Input
class Job:
    """An input with the settings it is judged by. Same key: same work, so nothing to do. Not changed once made."""

    stage: str
    key: str
    input_id: str
    group: str
    payload: Row
    settings: Row
    hints: Row = field(default_factory=dict)  # not part of the key


class Stub(NamedTuple):
    """A planned job, folded up: there may be hundreds of thousands, and few are run at a time."""

    key: str
    input_id: str
    group: str
    payload: str | Row  # JSON; of an inline stage the payload itself, mostly a part of a stored row
    hints: Row | None

    def read_payload(self) -> Row:
        payload: Row = json.loads(self.payload) if isinstance(self.payload, str) else self.payload
        return payload

    def job(self, stage: str, settings: Row) -> Job:
        return Job(
            stage=stage,
            key=self.key,
            input_id=self.input_id,
            group=self.group,
            settings=settings,
            payload=self.read_payload(),
            hints=self.hints or {},
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A job's one outcome, and what it cost."""

    key: str
    outcome: Outcome
    measured: Cost


class Rows(Protocol):
    """Read access to the tables, as the driver sees them now."""

    def products(self, stage: str) -> Sequence[Row]:
        """Product rows of the stage's kept jobs, sorted by job key.

        They read like dicts but decode a cell only when asked for it, so read what is needed and pass the rest on as
        a part of the row (`only_keys`, `with_values`).
        """

    @property
    def output(self) -> Path | None:
        """The profile's output folder, in which planning may remember what it found out; None: there is none."""


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

    @property
    def reader(self) -> BlenderClient:
        """The same limited children without Blender, for what judges a stranger's bytes."""

    def report(self, message: str, done: int, total: int) -> None:
        """Progress inside one long job, or over the jobs that came together, for the live line."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What a worker has to have while it runs jobs of a stage; 0 bytes: no say about memory."""

    num_cpus: int = 1
    num_gpus: int = 0
    memory_bytes: int = 0
    cpus_beside: int = 0  # that are left free for what its jobs start on the cluster themselves

    def __add__(self, other: Resources) -> Resources:
        return Resources(
            self.num_cpus + other.num_cpus,
            self.num_gpus + other.num_gpus,
            self.memory_bytes + other.memory_bytes,
            self.cpus_beside + other.cpus_beside,
        )

    def fits(self, whole: Resources) -> bool:
        """Whether `whole` has this much of everything."""
        return (
            self.num_cpus + self.cpus_beside <= whole.num_cpus
            and self.num_gpus <= whole.num_gpus
            and self.memory_bytes <= whole.memory_bytes
        )


@dataclass(frozen=True, slots=True)
class Spend:
    """What jobs will cost at a service that is paid by tokens. `usd` is None where no price is known."""

    requests: int
    input_tokens: int
    output_tokens: int
    usd: float | None


class Stage(ABC):
    """A room's work, and all that others must know of it: a new stage is a class, a line in the registry, a profile.

    Workers import it by name; an instance holds what `setup` made and nothing else.
    """

    name: ClassVar[str]
    version: ClassVar[int]  # raise it when the code's results change
    upstream: ClassVar[tuple[str, ...]] = ()  # the stages whose rows it reads, and no others
    writes: ClassVar[pa.Schema]  # the columns of its product rows
    barrier: ClassVar[bool] = False  # True: plans only when every upstream stage is finished
    batch: ClassVar[int] = 1  # most jobs of one group handed to a worker at once
    inline: ClassVar[bool] = False  # True: reads payloads alone, so the driver runs it itself: no worker, no Blender
    makes_models: ClassVar[bool] = False  # True: its rows are trained models, which `clean` takes only when told to
    resources: Resources = Resources()  # `prepare` may say otherwise
    on_cluster: bool = False  # whether the run was given a cluster; set before `prepare`
    # For `rigmill plan`, where a profile has not been measured yet: seconds per job on one core, and how many jobs a
    # job of each earlier stage becomes.
    usual_seconds: ClassVar[float] = 1.0
    jobs_per: ClassVar[Mapping[str, float]] = MappingProxyType({})

    @abstractmethod
    def settings(self, profile: Profile) -> Row:
        """The part of the profile that this stage reads, as JSON; a change here redoes the stage, nothing else does."""

    def job_settings(self, settings: Row) -> Row:
        """The part of `settings` that a job reads. What only decides which inputs there are stays out of its key."""
        return settings

    def prepare(self, settings: Row, say: Callable[[str], None]) -> None:  # noqa: B027 - most stages need nothing
        """Called by a run before it plans: fetch what `inputs` reads. No other part of planning may need a network."""

    @abstractmethod
    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """Every input that exists now, in any order; ids are unique and stable."""

    def why_empty(self, tables: Rows, profile: Profile) -> str:
        """Why there is no input, where there is none."""
        kept = [name for name in self.upstream if len(tables.products(name))]
        without = [name for name in self.upstream if name not in kept]
        return f"{' and '.join(without or self.upstream)} kept nothing that it can use"

    def setup(self) -> None:  # noqa: B027 - most stages need nothing
        """Called once per worker process, before its first job of this stage: load what all jobs share."""

    @abstractmethod
    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        """One answer per job. Called in a worker. An exception fails the first job without an answer."""

    def follow(self) -> None:  # noqa: B027 - most stages have one process
        """Called where a command was started several times, in all processes but the one that drives: its part of the
        stage's jobs, until that one calls `dismiss`.
        """

    def dismiss(self) -> None:  # noqa: B027 - most stages have one process
        """Called in the process that drives, where others follow: there are no more jobs."""

    def finish(self, tables: Rows, output: Path, profile: Profile) -> None:  # noqa: B027 - most publish nothing
        """Called by the driver when every job has an outcome: publish what people read. Cheap when nothing changed."""

    def verify(self, output: Path) -> Sequence[str]:
        """What is wrong with what the stage published or keeps below the output folder, one sentence each."""
        return ()

    def mend(self, tables: Rows, output: Path, profile: Profile) -> None:
        """Called where `verify` says that something is wrong and every stored file is whole: make it right."""
        self.finish(tables, output, profile)

    def guess_jobs(self, num_jobs: Mapping[str, int], profile: Profile) -> int:
        """All jobs that there will be, open and done, where earlier stages have so many; at least one if any has."""
        known = [num_jobs.get(name, 0) for name in self.jobs_per]
        guess = sum(num * ratio for num, ratio in zip(known, self.jobs_per.values()))
        return max(1, round(guess)) if any(known) else 0

    def notes(self, tables: Rows, profile: Profile) -> Sequence[str]:
        """What people should know of the stage's jobs before they run, beside their number; a sentence each."""
        return ()

    def early_notes(self, profile: Profile) -> Sequence[str]:
        """Of these, what can be said before there is a job."""
        return ()

    def spend(self, num_jobs: int, profile: Profile) -> Spend | None:
        """What so many jobs cost at a paid service; None for stages that ask none."""
        return None

    def stubs(self, tables: Rows, profile: Profile) -> Iterator[Stub]:
        """All jobs that exist now, done or not, folded up.

        A key hashes the canonical JSON of [name, version, job settings, input id, payload], whatever form the payload
        has, or what stands for it. BLAKE2: as strong as SHA-256, and a plan has hundreds of megabytes to hash.
        """
        settings = self.settings(profile)
        start = canonical_json([self.name, self.version, self.job_settings(settings)])[:-1]
        shared = blake2b(start.encode(), digest_size=8)
        for item in self.inputs(tables, settings):
            try:
                payload = item.stands_for or value_json(item.payload)
            except ValueError:
                item = _unplanned(item)
                payload = value_json(item.payload)
            hashed = shared.copy()
            hashed.update(f",{value_json(item.input_id)},{payload}]".encode())
            yield Stub(
                hashed.hexdigest(),
                item.input_id,
                item.group or item.input_id,
                item.payload if self.inline else payload,
                item.hints,
            )

    def plan(self, tables: Rows, profile: Profile) -> list[Job]:
        """All jobs that exist now, done or not, sorted by input id; for tables that are small."""
        settings = self.job_settings(self.settings(profile))
        jobs = [stub.job(self.name, settings) for stub in self.stubs(tables, profile)]
        jobs.sort(key=lambda job: job.input_id)
        if len({job.input_id for job in jobs}) != len(jobs):
            raise AssertionError(f"stage {self.name} planned an input id twice")
        return jobs


_UNPLANNED = "unplanned"  # in a payload: the verdict on an input that no job can be made of


def _unplanned(item: Input) -> Input:
    """The input as one that is named and rejected: what its job would read holds a number that JSON cannot hold."""
    found = not_finite(item.payload, stored=True)
    if not found:
        raise ValueError(f"input {item.input_id} has no JSON")
    verdict = Rejected(Reject.NOT_FINITE, f"the row that it is made of cannot be used: {found}")
    return Input(item.input_id, {"source": source_of(item.payload), _UNPLANNED: verdict.to_short_row()}, item.group)


def planned_verdict(payload: Row) -> Rejected | None:
    """How a job ends that planning could only name; None for any other. No stage is asked to run it."""
    return Rejected.from_row(payload[_UNPLANNED]) if _UNPLANNED in payload else None


def source_of(payload: Row) -> str:
    """The source that a job's input is from (a pair's is its character's); empty where there is no one source."""
    return str(payload.get("source") or (payload.get("character") or {}).get("source") or "")
