"""A training that reads cached latents trains what one that encodes does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from rigmill.clips.pictures import picture
from rigmill.config.schema import Profile
from rigmill.outcomes import Failed, FailKind
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


def test_a_training_waits_for_all_of_its_latents_and_refuses_those_that_do_not_fit(
    rows: Index, store: Store, short: TrainSettings, tmp_path: Path
) -> None:
    profile = profile_with(short, EVERYTHING)
    made = kept_rows(run(rows, profile, store, tmp_path))
    other = [{**made[0], "encoding": "0" * 16}, *made[1:]]
    for there, why in ((made[:2], "has no cached latents"), ([], "has no cached latents"), (other, "do not fit")):
        job = planned(rows, there, profile)
        assert job.key == planned(rows, made, profile).key, "halfway it is no other training"
        (answer,) = TrainStage().run([job], lent(tmp_path / "work", store))
        assert isinstance(answer.outcome, Failed) and answer.outcome.kind == FailKind.MACHINE, "it is tried again"
        assert why in answer.outcome.message


def test_held_out_clips_are_encoded_and_validate_as_if_they_were_not(
    rows: Index, store: Store, short: TrainSettings, tmp_path: Path
) -> None:
    """Also with the first picture: of latents that are decoded."""
    split = [{**row, "split": "val" if place == 1 else "train"} for place, row in enumerate(rows)]
    short = replace(short, num_steps=2, mixture={})
    watched = {"validation_interval": 2, "validation_clips": 4}
    profile = profile_with(short, EVERYTHING, **watched)
    made = kept_rows(run(split, profile, store, tmp_path))
    assert [row["clip_id"] for row in made] == ["clip0", "clip1", "clip2"]
    assert len(kept_rows(run(split, profile_with(short, EVERYTHING), store, tmp_path))) == 2
    cached = planned(split, made, profile)
    assert cached.key == planned(split, made, profile_with(short, EVERYTHING)).key, "to look changes no training"
    assert [row["clip_id"] for row in cached.hints["validation"]["cached"]] == ["clip1"]
    assert planned(split, made[::2], profile).hints["validation"] == {}, "what is not encoded cannot be looked at"
    found, shown = [], []
    for job in (cached, planned(split, [], profile_with(short, {"enabled": False}, **watched))):
        work = lent(tmp_path / job.key, store)
        run_jobs([job], work)
        folder = work.output / "runs" / "unnamed" / "train"
        lines = (folder / "joint.validation.csv").read_text().splitlines()[1:]
        found.append([float(line.rpartition(",")[2]) for line in lines])
        shown.append(picture((folder / "joint.first-batch.png").read_bytes())[: 2 * 160].astype(int))
        assert (folder / "joint.best" / "config.json").is_file()
    assert len(found[0]) == 2 * 19
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
    assert np.abs(shown[0] - shown[1]).mean() < 12, "what the codec leaves of the same pictures"
