"""The train stage: all training samples in, one checkpoint out for each stage of the training that the profile lists.

Heavy imports wait for `run`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rigmill.kinds import Split
from rigmill.outcomes import Cost
from rigmill.pipeline.stage import Answer, Input, Job, Resources, Rows, Stage, Work
from rigmill.pipeline.torchrun import torchrun_world
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.files import digest, sha256_file
from rigmill.storage.layout import Layout
from rigmill.types import Row
from train.components.places import Places, fetch, find, known_weights
from train.finished import CONFIG, SHIPPED, SHIPPED_NAME, damaged_notes, finished_row
from train.inputs import Sharing, held_out_rows, hints_of, settings_of, stage_settings, usable_rows
from train.job import CACHED, VERSION, curves_folder, kept, train_job
from train.latents.wanted import encoding_of
from train.loop.checkpoints import damaged_checkpoints
from train.parallel.start import dismiss, follow, train_together
from train.planning.forecast import machine_notes, notes_of
from train.recipes import RECIPES

if TYPE_CHECKING:
    from rigmill.config.schema import Profile


class TrainStage(Stage):
    """A job per stage of the training, over the whole train split; after an interruption it goes on where it was."""

    name = "train"
    version = VERSION
    upstream = ("shards", "latents")
    writes = PRODUCTS["train"]
    barrier = True
    makes_models = True
    batch = 64  # all stages come to one worker, in their order
    usual_seconds, jobs_per = 120.0, {"shards": 0.0}  # so many jobs whatever comes in

    def settings(self, profile: Profile) -> Row:
        encoding = encoding_of(profile).to_row() if profile.latents.enabled else None
        return {**settings_of(profile), "latents": encoding}

    def job_settings(self, settings: Row) -> Row:
        """None: a job has its own stage's in its payload, so that another stage's do not train it again."""
        return {}

    def prepare(self, settings: Row, say: Callable[[str], None]) -> None:
        """Whether all weights are there, and ranks can share a step, before hours are spent on anything else."""
        sharing = self._sharing(settings)
        for own, _ in stage_settings(settings):
            sharing.of_stage(own, world=torchrun_world() if torchrun_world() > 1 else sharing.ranks)
        if sharing.launch == "ray" and sharing.ranks > 1:
            self.resources = Resources(cpus_beside=sharing.ranks)
        config, places = RECIPES[settings["recipe"]](settings["size_px"]), Places.of(settings["weights"])
        fetch(config, places)
        find(config, places)

    def _sharing(self, settings: Row) -> Sharing:
        sharing = Sharing.of(settings)
        return replace(sharing, launch="ray" if self.on_cluster else "here") if sharing.launch == "auto" else sharing

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        rows, cached = _samples(tables, settings)
        if not rows:
            return
        held_out, cached_held_out = _held_out(tables, settings)
        validation = {**settings["validation"], "rows": held_out, "cached": cached_held_out} if held_out else {}
        samples = digest(sorted(row["sample_sha256"] for row in rows))
        weights = known_weights(RECIPES[settings["recipe"]](settings["size_px"]), Places.of(settings["weights"]))
        earlier: dict[str, tuple[str, int]] = {}  # input id and depth, by stage
        for own, starts_from in stage_settings(settings):
            start, depth, hints = _start(starts_from, earlier)
            payload = {"settings": own.to_row(), "start": start, "weights": weights}
            if settings["latents"]:
                payload["latents"] = settings["latents"]
            # The depth comes first, so that a stage comes to its worker after what it starts from.
            input_id = f"{depth}-{own.stage}-{digest(self.version, samples, payload)}"
            earlier[own.stage] = input_id, depth
            yield Input(
                input_id=input_id,
                payload={"samples": rows, **payload},
                group=self.name,
                hints={
                    **hints_of(settings),
                    **hints,
                    "launch": self._sharing(settings).launch,
                    "cached": cached,
                    "validation": validation,
                },
            )

    def notes(self, tables: Rows, profile: Profile) -> Sequence[str]:
        """What each stage of the training draws of every source. A UserError where that is not what was asked for."""
        settings = self.settings(profile)
        rows, _ = _samples(tables, settings)
        notes = notes_of(rows, settings, profile)
        if notes and settings["validation"] and not _held_out(tables, settings)[0]:
            notes.append("train.validation_interval: no clip of val or bench is long enough, so nothing validates")
        return notes

    def early_notes(self, profile: Profile) -> Sequence[str]:
        """What each stage takes of the machine that the profile names."""
        return machine_notes(self.settings(profile), profile)

    def guess_jobs(self, num_jobs: Mapping[str, int], profile: Profile) -> int:
        return len(profile.train.stages) if any(num_jobs.get(name, 0) for name in self.jobs_per) else 0

    def why_empty(self, tables: Rows, profile: Profile) -> str:
        lengths = [row["num_frames"] for row in tables.products("shards") if row["split"] == Split.TRAIN]
        if not lengths:
            return "shards kept nothing that it can use"
        if profile.latents.enabled and not len(tables.products("latents")):
            return "latents kept nothing that it can use"
        train = profile.train
        least = min(train.frame_counts or (train.num_frames,))
        span = RECIPES[train.recipe](train.size_px).span(least)
        key = "frame_counts" if train.frame_counts else "num_frames"
        return (
            f"none of the {len(lengths)} clips of the train split has the {span} frames that train.{key} = {least} "
            f"asks for; the longest has {max(lengths)}"
        )

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for job in jobs:
            started = time.monotonic()
            layout = Layout(work.output)
            row = finished_row(layout, job.input_id)
            outcome = train_together(job, work, train_job, logs=curves_folder(layout)) if row is None else kept(row)
            yield Answer(job.key, outcome, Cost(wall_s=time.monotonic() - started))

    def follow(self) -> None:
        follow(train_job)

    def dismiss(self) -> None:
        dismiss()

    def verify(self, output: Path) -> Sequence[str]:
        """Checkpoints of trainings that are not finished, and notes of finished ones; no damaged one is believed."""
        layout = Layout(output)
        return [
            *(
                f"{path.name}: damaged; the training goes on from the one before, or begins again: {path}"
                for path in damaged_checkpoints(layout.work)
            ),
            *(f"{path.name}: damaged; the tables say the same: {path}" for path in damaged_notes(layout)),
        ]

    def mend(self, tables: Rows, output: Path, profile: Profile) -> None:
        """Remove what is damaged."""
        layout = Layout(output)
        for path in (*damaged_checkpoints(layout.work), *damaged_notes(layout)):
            path.unlink()


def _samples(tables: Rows, settings: Row) -> tuple[list[Row], list[Row]]:
    """The rows that are trained on, and where their latents lie, if they are to be encoded before.

    A training is about all rows, whether or not they are encoded yet: else it would be another one halfway.
    """
    rows = usable_rows(tables.products("shards"), num_frames=_least_frames(settings))
    return rows, _cached(tables, settings, rows)


def _held_out(tables: Rows, settings: Row) -> tuple[list[Row], list[Row]]:
    """The rows that a training validates on, and where their latents lie; what is not encoded is left out."""
    if not settings["validation"]:
        return [], []
    num = settings["validation"]["clips"]
    rows = held_out_rows(tables.products("shards"), num_frames=_least_frames(settings), num_clips=num)
    cached = _cached(tables, settings, rows)
    if settings["latents"]:
        known = {row["clip_id"] for row in cached}
        rows = [row for row in rows if row["clip_id"] in known]
    return rows, cached


def _least_frames(settings: Row) -> int:
    """Frames of a clip that its shortest window reaches over."""
    least = min(settings["frame_counts"] or [settings["num_frames"]])
    return RECIPES[settings["recipe"]](settings["size_px"]).span(least)


def _cached(tables: Rows, settings: Row, rows: Sequence[Row]) -> list[Row]:
    """Where the latents of these rows lie, of those that are encoded."""
    if not settings["latents"]:
        return []
    encoded = {row["clip_id"]: {name: row[name] for name in CACHED} for row in tables.products("latents")}
    return [encoded[row["clip_id"]] for row in rows if row["clip_id"] in encoded]


def _start(starts_from: str, earlier: Mapping[str, tuple[str, int]]) -> tuple[Row, int, Row]:
    """What a job's payload says of its start, its depth, and its hints."""
    if not starts_from:
        return {}, 0, {}
    if starts_from in earlier:
        input_id, depth = earlier[starts_from]
        return {"stage": starts_from, "input_id": input_id}, depth + 1, {}
    if starts_from == SHIPPED_NAME:
        starts_from = f"{SHIPPED}/"
    if "/" in starts_from:
        config = Path(starts_from).expanduser() / CONFIG
        seen = sha256_file(config) if config.is_file() else ""
        return {"folder": seen}, 1, {"folder": starts_from}
    return {"checkpoint": starts_from}, 1, {}
