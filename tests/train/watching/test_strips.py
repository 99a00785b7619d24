"""Strips of what a model generates while it trains: when they are made, what they show; they change nothing."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rigmill.clips.pictures import picture
from rigmill.clips.video import decode
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.types import Bytes
from tests.support.tiny_wan import save_tiny_wan
from tests.support.training import PAPER, Index, jobs_of, lent, run_jobs
from train.clips import Clips
from train.inputs import TrainingClip, TrainSettings
from train.loop.fit import Trained, train
from train.recipes import tiny_wan
from train.sampling.sampler import Sampling, sample
from train.starting import start_model
from train.watching.readability import read_drawn
from train.watching.strips import film_bytes, film_of, prompt_of, strips_of
from train.weights import save_model

WANTED = {"interval": 4, "steps": 2, "guidance": 2.0, "text_guidance": 1.0, "solver": "euler", "batched": True}
SIZE_PX = 32


class Stopped(Exception):
    """Raised by a test inside a run."""


@pytest.fixture
def short(settings: TrainSettings) -> TrainSettings:
    """Nine steps of short windows, the weights' mean kept: late enough to differ from the weights."""
    drawn = PoseMapDefinition(drawn_height_px=64, radius_px=64 // 20, max_joints=64, markers=False).to_row()
    return replace(settings, num_steps=9, num_frames=5, checkpoint_interval=5, ema=0.9, stage="one", pose_map=drawn)


def tiles(strip: Bytes) -> Bytes:
    """(rows, 8, size, size, 3) of a strip, at the model's size."""
    rows, columns = strip.shape[0] * 8 // strip.shape[1], 8
    unit = strip.shape[1] // columns
    cut = strip.reshape(rows, unit, columns, unit, 3).swapaxes(1, 2)
    return cut[:, :, :: unit // SIZE_PX, :: unit // SIZE_PX]


def trained_in(
    folder: Path, settings: TrainSettings, pictures: Clips, store: Store, *, strips: bool, stop_at: int = 0
) -> Trained:
    def report(message: str, done: int, total: int) -> None:
        if done == stop_at:
            raise Stopped

    return train(
        start_model(settings, None, {}),
        settings=settings,
        clips=pictures,
        store_root=store.root,
        folder=folder / "work",
        curves=folder,
        report=report,
        callbacks=strips_of(WANTED if strips else {}, settings=settings, pictures=pictures, folder=folder),
    )


def test_strips_show_what_the_kept_model_generates_beside_what_was_recorded_and_change_no_training(
    clips: list[TrainingClip], store: Store, short: TrainSettings, tmp_path: Path
) -> None:
    pictures = Clips(clips, store=store, config=short.config())
    plain = trained_in(tmp_path / "plain", short, pictures, store, strips=False)
    assert not list((tmp_path / "plain").glob("one-*.png"))
    shown = trained_in(tmp_path / "shown", short, pictures, store, strips=True)
    assert save_model(shown.model) == save_model(plain.model) and shown.losses == plain.losses
    names = sorted(path.name for path in (tmp_path / "shown").glob("one-*.png"))
    assert names == ["one-0000004.png", "one-0000008.png", "one-0000009.png"], "every four steps and after the last"
    last = tiles(picture((tmp_path / "shown" / names[-1]).read_bytes()))
    assert len(last) == 4, "two views of the first clip, and of the last"
    for row, (index, view) in zip(last, [(0, 0), (0, 1), (2, 0), (2, 1)]):
        sampling = Sampling(short.num_frames, seed=index, steps=WANTED["steps"], guidance=WANTED["guidance"])
        found = sample(shown.model, prompt_of(pictures, index), sampling)
        rgb, pose = found.rgb, found.pose
        recorded = pictures.view(index, view)
        expected = [recorded.template_rgb, *rgb[view, [0, 2, 4]], *pose[view, [0, 2, 4]], recorded.pose[5]]
        np.testing.assert_array_equal(row, np.stack(expected))


def test_a_resumed_training_makes_the_strips_of_an_undisturbed_one(
    clips: list[TrainingClip], store: Store, short: TrainSettings, tmp_path: Path
) -> None:
    pictures = Clips(clips, store=store, config=short.config())
    straight = trained_in(tmp_path / "straight", short, pictures, store, strips=True)
    with pytest.raises(Stopped):
        trained_in(tmp_path / "stopped", short, pictures, store, strips=True, stop_at=7)
    resumed = trained_in(tmp_path / "stopped", short, pictures, store, strips=True)
    assert save_model(resumed.model) == save_model(straight.model)
    made, again = (sorted((tmp_path / name).glob("one-*.png")) for name in ("straight", "stopped"))
    assert [path.name for path in made] == [path.name for path in again] and len(made) == 3
    assert [path.read_bytes() for path in made] == [path.read_bytes() for path in again]
    for name in ("one.samples.csv", "one-0000009.mp4"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()
    lines = list(csv.DictReader((tmp_path / "straight" / "one.samples.csv").read_text().splitlines()))
    assert [(line["step"], line["clip_id"]) for line in lines] == [
        (step, clip) for step in ("4", "8", "9") for clip in ("clip0", "clip2")
    ]
    assert {line["kind"] for line in lines} == {"trained"} and all(
        0 <= float(line["usable_share"]) <= 1 for line in lines
    )


def test_a_film_has_what_was_generated_beside_what_was_recorded_and_its_maps_are_read_back(
    clips: list[TrainingClip], store: Store, short: TrainSettings, tmp_path: Path
) -> None:
    """A model that "generates" what was recorded: all of it can be read, and lies where it was."""
    pictures = Clips(clips, store=store, config=replace(short, size_px=64).config())
    recorded = [pictures.view(0, view) for view in range(4)]
    rgb, pose = (np.stack([getattr(view, name)[2:7] for view in recorded]) for name in ("rgb", "pose"))
    film = film_of(pictures, 0, rgb, pose, stride=1)
    assert film.shape == (5, 2 * 128, 4 * 128, 3)
    np.testing.assert_array_equal(film[:, 128:256:2, 0:128:2], recorded[1].rgb[2:7])
    np.testing.assert_array_equal(film[:, :128:2, 128:256:2], recorded[0].pose[2:7])
    np.testing.assert_array_equal(film[:, :128:2, 384:512:2], recorded[0].pose[:5])
    shown = decode(film_bytes([film, film[:, :, :256]], fps=8.0))
    assert shown.shape == (5, 512, 512, 3) and np.abs(shown[:, :256].astype(int) - film).mean() < 2
    definition = PoseMapDefinition(drawn_height_px=64, radius_px=64 // 20, max_joints=64, markers=False)
    reading = read_drawn(rgb, pose, pictures.geometry(0), pictures.config, definition=definition).reading
    assert reading.usable_share > 0.9 and reading.mpjpe_pct is not None and reading.mpjpe_pct < 3
    black = read_drawn(rgb, np.zeros_like(pose), pictures.geometry(0), pictures.config, definition=definition).reading
    assert black.usable_share == 0 and black.mpjpe_pct is None


def test_how_often_strips_are_made_is_no_other_job(rows: Index, settings: TrainSettings) -> None:
    (never,) = jobs_of(rows, settings)
    (often,) = jobs_of(rows, settings, sample_interval=5, sampling_steps=3, solver="unipc")
    assert often.key == never.key and often.payload == never.payload and not never.hints["strips"]
    assert often.hints["strips"]["interval"] == 5 and often.hints["strips"]["solver"] == "unipc"


@pytest.mark.parametrize("recipe", ["tiny_joint", "tiny_joint_pose_only", "tiny_wan"])
def test_stages_of_every_kind_put_their_strips_beside_their_curves(
    rows: Index, store: Store, settings: TrainSettings, tmp_path: Path, recipe: str
) -> None:
    settings = replace(settings, recipe=recipe, num_steps=2, num_frames=5)
    stages = list(PAPER) if recipe == "tiny_joint" else [{**PAPER[1], "starts_from": ""}, PAPER[2]]
    more = (
        {"weights": {"root": str(save_tiny_wan(tmp_path / "wan", tiny_wan(SIZE_PX)))}} if recipe == "tiny_wan" else {}
    )
    work = lent(tmp_path / "out", store)
    run_jobs(jobs_of(rows, settings, stages=stages, sample_interval=2, sampling_steps=2, **more), work)
    found = {path.name for path in (Layout(work.output).runs / "unnamed" / "train").iterdir()}
    for stage in stages:
        assert {f"{stage['name']}.csv", f"{stage['name']}-0000002.png"} <= found
