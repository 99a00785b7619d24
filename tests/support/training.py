"""What tests of the train stage lend it: rows, a worker's things, a profile with a train section of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rigmill.config.load import load
from rigmill.config.schema import Profile
from rigmill.outcomes import Kept
from rigmill.pipeline.stage import Job
from rigmill.storage.columns import OUTCOMES
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable
from shards.loader.order import Share
from train.data import Batch, loader_of, prepared
from train.feed import fed
from train.inputs import TrainingClip, TrainSettings
from train.stage import TrainStage

Index = list[dict[str, Any]]
PAPER = (  # a base where there is no Wan, then the paper's two stages
    {"name": "base", "trains": "video", "num_views": 1},
    {"name": "stage1", "trains": "adapters", "num_views": 1, "starts_from": "base"},
    {"name": "stage2", "trains": "views", "num_views": 4, "starts_from": "stage1"},
)


@dataclass
class Tables:
    """A rows reader over a list."""

    rows: Index

    def products(self, stage: str) -> Index:
        assert stage == "shards"
        return self.rows


@dataclass
class Lent:
    """What a worker lends."""

    store: Store
    output: Path
    scratch: Path
    said: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def blender(self) -> Any:
        raise AssertionError("training needs no Blender")

    def report(self, message: str, done: int, total: int) -> None:
        self.said.append((message, done, total))


def lent(output: Path, shards: Store) -> Lent:
    """Of an output whose store is its own, and holds the shards as well."""
    store = Layout(output).store
    for path in shards.root.glob("??/*"):
        target = store.root / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.write_bytes(path.read_bytes())
    return Lent(store=store, output=output, scratch=output)


def batch_of(clips: Sequence[TrainingClip], store: Store, settings: TrainSettings, step: int) -> Batch:
    """What a step of a training is given."""
    config = settings.config()
    loader = loader_of(clips, config=config, settings=settings, store_root=store.root)
    share = Share(settings.batch_size)
    positions = share.positions(step * settings.batch_size)
    return prepared(fed(loader[positions], share), config=config, settings=settings)


def profile_of(settings: TrainSettings, **more: Any) -> Profile:
    """The demo with this train section."""
    values = load("demo").profile.model_dump(mode="json")
    row = settings.to_row()
    for name in ("stage", "trains", "num_views", "drawn_frames", "pose_map"):
        row.pop(name)
    values["train"]["stages"] = [{"name": "joint", "trains": "all"}]
    values |= {"seed": row.pop("seed"), "train": values["train"] | row | more}
    return Profile.model_validate(values)


def jobs_of(rows: Index, settings: TrainSettings, **more: Any) -> list[Job]:
    return TrainStage().plan(Tables(rows), profile_of(settings, **more))


def run_jobs(jobs: list[Job], work: Lent) -> list[dict[str, Any]]:
    """The product row of every job, in their order; all are kept."""
    rows = []
    for job, answer in zip(jobs, TrainStage().run(jobs, work), strict=True):
        assert isinstance(answer.outcome, Kept), answer.outcome
        assert answer.key == job.key
        rows += answer.outcome.rows
    return rows


def commit(jobs: list[Job], rows: list[dict[str, Any]], layout: Layout) -> None:
    """As the driver does it."""
    outcomes = [
        dict.fromkeys(OUTCOMES.names) | {"job_key": job.key, "input_id": job.input_id, "status": "kept"} for job in jobs
    ]
    products: list[Mapping[str, Any]] = [{**row, "job_key": job.key} for job, row in zip(jobs, rows)]
    StageTable(layout.tables, "train").commit(outcomes, products)
