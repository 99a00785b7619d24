"""The train stage: all training samples in, one checkpoint out. Heavy imports wait for `run`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rigmill.kinds import Split
from rigmill.outcomes import Cost, Failed, FailKind, Kept, Outcome
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import canonical_json, digest
from rigmill.storage.layout import Layout
from rigmill.types import Row
from train.checkpoints import damaged_checkpoints
from train.inputs import TrainingClip, TrainSettings, usable_rows
from train.recipes import RECIPES

if TYPE_CHECKING:
    from rigmill.config.schema import Profile
    from train.module import StepLoss


class TrainStage(Stage):
    """One job over the whole train split; it goes on from its last checkpoint after an interruption."""

    name = "train"
    version = 1
    upstream = ("shards",)
    writes = PRODUCTS["train"]
    barrier = True
    makes_models = True
    usual_seconds, jobs_per = 120.0, {"shards": 0.0}  # one job whatever comes in

    def settings(self, profile: Profile) -> Row:
        return TrainSettings.of(profile).to_row()

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        rows = usable_rows(tables.products("shards"), num_frames=settings["num_frames"])
        if not rows:
            return
        samples = sorted(row["sample_sha256"] for row in rows)
        yield Input(input_id=digest(samples, settings), payload={"samples": rows})

    def why_empty(self, tables: Rows, profile: Profile) -> str:
        lengths = [row["num_frames"] for row in tables.products("shards") if row["split"] == Split.TRAIN]
        if not lengths:
            return super().why_empty(tables, profile)
        return (
            f"none of the {len(lengths)} clips of the train split has train.num_frames = {profile.train.num_frames} "
            f"frames; the longest has {max(lengths)}"
        )

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            started = time.monotonic()
            outcome = _train(job, work)
            yield Answer(job.key, outcome, Cost(wall_s=time.monotonic() - started))

    def verify(self, output: Path) -> Sequence[str]:
        """Checkpoints of trainings that are not finished; a damaged one is never gone on from."""
        return [
            f"{path.name}: damaged; the training goes on from the one before, or begins again: {path}"
            for path in damaged_checkpoints(Layout(output).work)
        ]

    def mend(self, tables: Rows, output: Path, profile: Profile) -> None:
        """Remove damaged checkpoints."""
        for path in damaged_checkpoints(Layout(output).work):
            path.unlink()


def _train(job: Job, work: Work) -> Outcome:
    """Kept with one checkpoint row, or Failed when the loss left the numbers."""
    from train.module import NotFinite, train
    from train.weights import num_parameters, save_model

    settings, folder = TrainSettings(**job.settings), work.output / "work" / job.key
    config = RECIPES[settings.recipe](settings.size_px)
    try:
        trained = train(
            config,
            settings=settings,
            clips=[TrainingClip.from_row(row) for row in job.payload["samples"]],
            store_root=work.store.root,
            folder=folder,
            report=work.report,
        )
    except NotFinite as error:
        shutil.rmtree(folder, ignore_errors=True)
        return Failed(FailKind.EXCEPTION, type(error).__name__, f"{error}; a lower train.learning_rate may help")
    model = work.store.put_bytes("model.safetensors", save_model(trained.model))
    about = {
        "model": config.to_dict(),
        "settings": settings.to_row(),
        "num_clips": len(job.payload["samples"]),
        "samples_digest": digest(sorted(row["sample_sha256"] for row in job.payload["samples"])),
    }
    files = [
        model,
        work.store.put_bytes("config.json", (canonical_json(about) + "\n").encode()),
        work.store.put_bytes("losses.csv", _losses_csv(trained.losses)),
    ]
    row = {
        "checkpoint_id": digest("checkpoint", model.sha256, config.to_dict()),
        "recipe": config.recipe,
        "num_steps": settings.num_steps,
        "first_loss": _mean_loss(trained.losses[: _share(settings)]),
        "last_loss": _mean_loss(trained.losses[-_share(settings) :]),
        "num_parameters": num_parameters(trained.model.denoiser),
        "files": [stored.to_row() for stored in files],
    }
    shutil.rmtree(folder, ignore_errors=True)
    return Kept([row])


def _share(settings: TrainSettings) -> int:
    """Steps averaged for the first and last loss: one step's noise level decides too much of its loss."""
    return max(1, min(20, settings.num_steps // 10))


def _mean_loss(losses: Sequence[StepLoss]) -> float:
    return sum(item.loss for item in losses) / len(losses)


def _losses_csv(losses: Sequence[StepLoss]) -> bytes:
    lines = [f"{item.step},{item.loss!r},{item.rgb!r},{item.pose!r}" for item in losses]
    return ("\n".join(["step,loss,rgb,pose", *lines]) + "\n").encode()
