"""One stage of a training as a job of the pipeline: its clips, weights and latents in, its checkpoint's row out.

Heavy imports wait for `train_job`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rigmill.errors import UserError
from rigmill.outcomes import Failed, FailKind, Kept, Outcome
from rigmill.pipeline.stage import Job, Work
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import Store, canonical_json, digest
from rigmill.storage.layout import Layout
from rigmill.types import Row, StoredFile
from train.components.architecture import COMPONENTS
from train.components.places import Places, find
from train.finished import CONFIG, LOSSES, WEIGHTS, Parent, note_finished, parent_of
from train.inputs import Compute, Sharing, TrainingClip, TrainSettings
from train.recipes import RECIPES

if TYPE_CHECKING:
    from shards.loader.latents.cached import CachedLatents
    from train.loop.fit import Trained
    from train.watching.measured import StepLoss

VERSION = 4  # of what a job makes: code that changes it raises this
CACHED = ("clip_id", "sample_sha256", "encoding", "file")  # of the latents table, what reading them takes


def kept(row: Row) -> Outcome:
    """Of the row of a stage that is finished."""
    return Kept([{key: value for key, value in row.items() if key != "job_key"}])


def curves_folder(layout: Layout) -> Path:
    """Where a training shows how it goes."""
    return (layout.latest_run() or layout.runs / "unnamed") / "train"


def train_job(job: Job, work: Work) -> Outcome:
    """Kept with one checkpoint row; Failed when the loss left the numbers, or latents that it wants are not there.

    Each of the processes that torch.distributed has brought together calls it, or one alone; the first of them stores
    what comes out.
    """
    layout = Layout(work.output)
    from train.clips import Clips
    from train.loop.fit import train
    from train.loop.keeping import Keep
    from train.loop.provenance import Origin
    from train.parallel.group import Ranks
    from train.starting import start_model
    from train.watching.measured import NotFinite
    from train.watching.strips import strips_of
    from train.watching.validation import validation_of

    settings, folder = TrainSettings(**job.payload["settings"]), layout.work / job.key
    parent = parent_of(job.payload["start"], layout, folder=job.hints.get("folder", ""))
    start = RECIPES[settings.recipe](settings.size_px) if parent is None else parent.config
    known = job.payload["weights"] if parent is None else parent.about.get("weights")
    # With cached latents nothing is encoded, so encoders are neither needed nor loaded; strips of samples decode.
    encodes = "latents" not in job.payload or bool(job.hints.get("strips"))
    parts = COMPONENTS if encodes else ("transformer",)
    folders = find(start, Places.of(job.hints.get("weights", {})), wanted=known or None, only=parts)
    model = start_model(settings, parent, folders)
    try:
        latents = latents_of(job, work.store)
        checked = job.hints.get("validation", {})
        checked_latents = _latents(job, checked["rows"], checked["cached"], work.store) if checked else None
    except UserError as error:  # a run of both stages makes them, and then this
        return Failed(FailKind.MACHINE, "NoLatents", f"{error.what}: {error.why}; the stage 'latents' makes them")
    clips = [TrainingClip.from_row(sample) for sample in job.payload["samples"]]
    pictures = Clips(clips, store=work.store, config=model.config)
    curves, is_first = curves_folder(layout), Ranks.here().is_first
    others = [TrainingClip.from_row(row) for row in checked.get("rows", ())]
    held_out = Clips(others, store=work.store, config=model.config) if others else None
    try:
        trained = train(
            model,
            settings=settings,
            clips=pictures,
            store_root=work.store.root,
            folder=folder,
            report=work.report,
            curves=curves,
            num_workers=job.hints.get("workers", 0),
            latents=latents,
            sharing=Sharing.of(job.hints),
            compute=Compute.of_hints(job.hints),
            callbacks=[
                *validation_of(checked, settings=settings, store=work.store, folder=curves, latents=checked_latents),
                *strips_of(
                    job.hints.get("strips", {}), settings=settings, pictures=pictures, folder=curves, held_out=held_out
                ),
            ],
            keep=Keep(
                last=job.hints.get("keep_last", 2),
                wandb=job.hints.get("wandb", "off"),
                force=job.hints.get("force_resume", False),
                origin=Origin(known or {}, "" if parent is None else parent.checkpoint_id, VERSION),
            ),
        )
    except NotFinite as error:
        if is_first:
            shutil.rmtree(folder, ignore_errors=True)
        return Failed(FailKind.EXCEPTION, type(error).__name__, f"{error}; a lower learning_rate may help")
    if not is_first:
        return Kept([])
    row = _product(trained, job, parent, work.store)
    if trained.best is not None:
        (config,) = (StoredFile.from_row(file) for file in row["files"] if file["name"] == CONFIG)
        trained.best.put(curves / f"{settings.stage}.best", json.loads(work.store.read(config)))
    note_finished(layout, job.input_id, row)
    shutil.rmtree(folder, ignore_errors=True)
    return Kept([row])


def latents_of(job: Job, store: Store) -> CachedLatents | None:
    """Of the job's clips, where they were encoded before. A UserError where they do not fit what is trained."""
    return _latents(job, job.payload["samples"], job.hints.get("cached", ()), store)


def _latents(job: Job, samples: Sequence[Row], cached: Sequence[Row], store: Store) -> CachedLatents | None:
    if "latents" not in job.payload:
        return None
    import pyarrow as pa

    from shards.loader.latents.cached import CachedLatents
    from shards.loader.latents.encoding import Encoding

    wanted = {sample["clip_id"]: sample["sample_sha256"] for sample in samples}
    schema = pa.schema([field for field in PRODUCTS["latents"] if field.name in CACHED])
    table = pa.Table.from_pylist(list(cached), schema=schema)
    return CachedLatents.of_rows(table, store, wanted=Encoding.from_row(job.payload["latents"]), clips=wanted)


def sampling_after(about: Mapping[str, Any], samples: Sequence[Mapping[str, Any]]) -> Row:
    """How a model is sampled that was trained on from another: as that one, having heard these captions too."""
    from train.words import words_of

    sampling = dict(about.get("sampling") or {})
    if "words" in sampling:
        said = (text for row in samples for text in (row["caption"], *(row.get("captions") or ())))
        sampling["words"] = sorted({*sampling["words"], *words_of(said)})
    return sampling


def _product(trained: Trained, job: Job, parent: Parent | None, store: Store) -> Row:
    """The row of a finished stage, its files stored."""
    from train.weights import num_parameters, save_model

    settings, config = TrainSettings(**job.payload["settings"]), trained.model.config
    samples = sorted(sample["sample_sha256"] for sample in job.payload["samples"])
    model = store.put_bytes(WEIGHTS, save_model(trained.model))
    checkpoint_id = digest("checkpoint", model.sha256, config.to_dict())
    known = {
        "checkpoint_id": checkpoint_id,
        "stage": settings.stage,
        "depth": 0 if parent is None else parent.depth + 1,
        "parent": None if parent is None else parent.checkpoint_id,
    }
    about = {
        **known,
        "model": config.to_dict(),
        "settings": settings.to_row(),
        "num_clips": len(samples),
        "samples_digest": digest(samples),
        "mixture": trained.drawn.to_row(),
        "pose_map": settings.pose_map,
        "weights": job.payload["weights"],
        "sampling": {} if parent is None else sampling_after(parent.about, job.payload["samples"]),
        "sha256": {WEIGHTS: model.sha256},
    }
    files = [
        model,
        store.put_bytes(CONFIG, (canonical_json(about) + "\n").encode()),
        store.put_bytes(LOSSES, trained.curve.csv().encode()),
    ]
    return {
        **known,
        "recipe": config.recipe,
        "trains": settings.trains,
        "num_clips": len(samples),
        "samples_digest": about["samples_digest"],
        "num_steps": settings.num_steps,
        "first_loss": _mean_loss(trained.losses[: _share(settings)]),
        "last_loss": _mean_loss(trained.losses[-_share(settings) :]),
        "num_parameters": num_parameters(trained.model.denoiser),
        "num_trained": num_parameters(trained.model.denoiser, lambda weight: weight.requires_grad),
        "files": [stored.to_row() for stored in files],
    }


def _share(settings: TrainSettings) -> int:
    """Steps averaged for the first and last loss: one step's noise level decides too much of its loss."""
    return max(1, min(20, settings.num_steps // 10))


def _mean_loss(losses: Sequence[StepLoss]) -> float:
    return sum(item.loss for item in losses) / len(losses)
