"""A training that reads cached latents trains what one that encodes does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from rigmill.config.schema import Profile
from rigmill.errors import UserError
from rigmill.pipeline.stage import Job
from rigmill.storage.files import Store
from tests.support.latent_jobs import kept_rows, profile_with, run
from tests.support.training import Index, Tables, lent, run_jobs
from train.inputs import TrainSettings
from train.stage import TrainStage

EVERYTHING = {
    "enabled": True,
    "windows": 3,
    "conditions": 9,
    "dtype": "float32",
}  # of clips of 11 frames, in windows of 9


@dataclass
class Both(Tables):
    """Rows of shards and of their latents."""

    latents: Index

    def products(self, stage: str) -> Index:
        return self.latents if stage == "latents" else super().products(stage)


def planned(rows: Index, latents: Index, profile: Profile) -> Job:
    (job,) = TrainStage().plan(Both(rows, latents), profile)
    return job


def losses(job: Job, folder: Path, store: Store) -> list[float]:
    work = lent(folder, store)
    (row,) = run_jobs([job], work)
    (stored,) = [file for file in row["files"] if file["name"] == "losses.csv"]
    lines = (folder / "store" / stored["sha256"][:2]).glob(f"{stored['sha256']}*")
    return [float(line.split(",")[1]) for line in next(lines).read_text().splitlines()[1:]]


@pytest.fixture(scope="module")
def short(settings: TrainSettings) -> TrainSettings:
    return replace(settings, num_steps=8, caption_dropout=0.3)


def test_losses_are_those_of_a_training_that_encodes(
    rows: Index, store: Store, short: TrainSettings, tmp_path: Path
) -> None:
    profile = profile_with(short, EVERYTHING)
    made = kept_rows(run(rows, profile, store, tmp_path))
    direct = planned(rows, [], profile_with(short, {"enabled": False}))
    cached = planned(rows, made, profile)
    assert cached.key != direct.key and len(cached.hints["cached"]) == len(rows)
    found = losses(cached, tmp_path / "cached", store)
    np.testing.assert_allclose(found, losses(direct, tmp_path / "direct", store), rtol=1e-4)
    assert len(set(found)) == 8


def test_clips_that_could_not_be_encoded_are_not_drawn_and_others_that_do_not_fit_are_refused(
    rows: Index, store: Store, short: TrainSettings, tmp_path: Path
) -> None:
    profile = profile_with(short, EVERYTHING)
    made = kept_rows(run(rows, profile, store, tmp_path))
    job = planned(rows, made[:2], profile)
    assert [sample["clip_id"] for sample in job.payload["samples"]] == [row["clip_id"] for row in made[:2]]
    assert planned(rows, made, profile).key != job.key
    other = [{**made[0], "encoding": "0" * 16}, *made[1:]]
    with pytest.raises(UserError, match=f"the cached latents of clip {made[0]['clip_id']} do not fit"):
        list(TrainStage().run([planned(rows, other, profile)], lent(tmp_path / "work", store)))
