"""Runs of the latents stage in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rigmill.config.schema import Profile
from rigmill.outcomes import Kept, Outcome
from rigmill.pipeline.stage import Job
from rigmill.storage.files import Store
from shards.loader.latents.cached import CachedLatents
from shards.loader.latents.encoding import Encoding
from shards.loader.sample import Sample
from shards.sample import SamplePlace
from tests.support.latents import table_of
from tests.support.training import Index, Lent, Tables, profile_of
from train.inputs import TrainSettings
from train.latents.stage import LatentsStage

CACHED = {"enabled": True, "windows": 2, "conditions": 3, "dtype": "float32"}


def profile_with(settings: TrainSettings, latents: dict[str, Any] = CACHED, **more: Any) -> Profile:
    """The demo with this train section, `more` of it, and this section of latents."""
    return Profile.model_validate({**profile_of(settings, **more).model_dump(mode="json"), "latents": latents})


def jobs_of(rows: Index, profile: Profile) -> list[Job]:
    return LatentsStage().plan(Tables(rows), profile)


def run(rows: Index, profile: Profile, store: Store, folder: Path) -> dict[str, Outcome]:
    """The outcome of every clip."""
    jobs = jobs_of(rows, profile)
    answers = LatentsStage().run(jobs, Lent(store=store, output=folder, scratch=folder))
    return {job.input_id: answer.outcome for job, answer in zip(jobs, answers, strict=True)}


def kept_rows(outcomes: dict[str, Outcome]) -> Index:
    """The rows of all; none was dropped."""
    found: Index = []
    for outcome in outcomes.values():
        assert isinstance(outcome, Kept), outcome
        found += [dict(row) for row in outcome.rows]
    return found


def opened(made: Index, rows: Index, store: Store, wanted: Encoding) -> CachedLatents:
    """The cache of these clips."""
    clips = {row["clip_id"]: row["sample_sha256"] for row in rows}
    return CachedLatents.of_rows(table_of(made), store, wanted=wanted, clips=clips)


def sample_of(row: dict[str, Any], store: Store) -> Sample:
    place = SamplePlace.from_row(row)
    return Sample(place.clip_id, store.path(place.shard_file), place.offset, place.num_bytes, place.sha256)
