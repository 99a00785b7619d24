"""Validation while training: a fixed function of the weights, which changes none of them; and the best that is kept."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from shards.loader.order import Share
from tests.train.watching.conftest import Runs
from train.data import loader_of, prepared
from train.feed import fed
from train.finished import read_folder
from train.inputs import held_out_rows
from train.loop.checkpoints import best_checkpoints, checkpoints, damaged_checkpoints, steps_of
from train.loop.fit import Trained
from train.model.joint import Pair
from train.watching.validation import NUM_BINS, fixed_noise
from train.weights import Model, load_model, save_model

Watched = tuple[Trained, Path]


def lines_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "one.validation.csv").read_text().splitlines()))


def loss_by_hand(model: Model, runs: Runs, index: int, place: int, modality: str) -> float:
    """The mean squared error of the velocity n - x0 at the middle of a bin, without a line of the module's own."""
    settings = replace(runs.settings, seed=0, batch_size=1, mixture={}, condition_dropout=0.0)
    loader = loader_of([runs.held_out[index]], config=model.config, settings=settings, store_root=runs.store.root)
    batch = prepared(fed(loader[[index]], Share(1)), config=model.config, settings=settings)
    encode = model.codec.encode
    clean, first = (pair.map(lambda part: encode(part[0])[None]) for pair in (batch.videos, batch.conditions))
    noise = fixed_noise(tuple(clean.rgb.shape), clip_id=batch.clip_ids[0], place=place)
    level = (place + 0.5) / NUM_BINS
    with torch.no_grad():
        found = model.denoiser(
            Pair(*(level * n + (1 - level) * x for n, x in ((noise.rgb, clean.rgb), (noise.pose, clean.pose)))),
            condition=first,
            timestep=torch.tensor([1000 * level]),
            text=model.text(batch.captions),
            rays=batch.rays,
        )
    truth = getattr(noise, modality) - getattr(clean, modality)
    return float((getattr(found, modality) - truth).square().mean())


def test_validation_and_all_other_checks_change_no_byte_of_what_is_learned(
    watched: Watched, runs: Runs, tmp_path: Path
) -> None:
    plain = runs(tmp_path)
    assert save_model(watched[0].model) == save_model(plain.model) and watched[0].losses == plain.losses
    assert plain.best is None and not (tmp_path / "one.validation.csv").exists()
    assert (tmp_path / "one.csv").read_bytes() == (watched[1] / "one.csv").read_bytes()


def test_it_has_a_line_for_every_modality_and_noise_level_and_their_means(watched: Watched, runs: Runs) -> None:
    lines = lines_of(watched[1])
    assert sorted({int(line["step"]) for line in lines}) == [0, 3, 6, 9], "before the first step, and after the last"
    last = {(line["modality"], line["bin"]): float(line["loss"]) for line in lines if line["step"] == "9"}
    assert len(last) == 2 * (NUM_BINS + 1) + 1
    for modality in ("rgb", "pose"):
        bins = [last[modality, str(place)] for place in range(NUM_BINS)]
        assert last[modality, "all"] == pytest.approx(np.mean(bins))
        for place in (0, 5):
            truth = np.mean([loss_by_hand(watched[0].model, runs, index, place, modality) for index in range(2)])
            assert bins[place] == pytest.approx(truth, rel=1e-4)
    assert last["all", "all"] == pytest.approx((last["rgb", "all"] + last["pose", "all"]) / 2)
    assert {line["clips"] for line in lines} == {"2"} and lines[3]["sigma"] == "0.4375"


def test_a_resumed_training_has_the_validation_of_an_undisturbed_one(watched: Watched, resumed: Watched) -> None:
    assert (resumed[1] / "one.validation.csv").read_bytes() == (watched[1] / "one.validation.csv").read_bytes()
    assert save_model(resumed[0].model) == save_model(watched[0].model)


def test_the_best_checkpoint_outlasts_others_and_is_a_folder_to_start_from(runs: Runs, tmp_path: Path) -> None:
    """At this learning rate and with this seed the last model is not the best."""
    trained = runs(tmp_path, interval=3, learning_rate=0.04, seed=3, num_steps=12, ema=0.0)
    means = {int(line["step"]): float(line["loss"]) for line in lines_of(tmp_path) if line["modality"] == "all"}
    best = trained.best
    assert best is not None and best.loss == means[best.step] == min(loss for step, loss in means.items() if step)
    assert best.step < 12 and [steps_of(path) for path in best_checkpoints(tmp_path / "work")] == [best.step]
    assert best.step not in [steps_of(path) for path in checkpoints(tmp_path / "work")], "it is not one of the last two"
    last = save_model(trained.model)
    best.put(tmp_path / "best", {"model": trained.model.config.to_dict(), "checkpoint_id": "last", "depth": 0})
    read = read_folder(tmp_path / "best")
    assert read.weights != last and read.about["best"]["step"] == best.step
    model = load_model(read.weights, read.config)
    losses = [
        loss_by_hand(model, runs, index, place, modality)
        for index in range(2)
        for place in range(NUM_BINS)
        for modality in ("rgb", "pose")
    ]
    assert np.mean(losses) == pytest.approx(best.loss, rel=1e-4)
    best.path.write_bytes(best.path.read_bytes()[:-1] + b"x")
    assert damaged_checkpoints(tmp_path) == [best.path]


def test_clips_of_a_validation_are_held_out_and_spread_over_their_split() -> None:
    rows = [{"clip_id": f"{at:03}", "split": "val" if at % 2 else "train", "num_frames": 17} for at in range(80)]
    chosen = [row["clip_id"] for row in held_out_rows(rows, num_frames=17, num_clips=4)]
    assert chosen == ["001", "021", "041", "061"]
    assert len(held_out_rows(rows, num_frames=17, num_clips=100)) == 40
    assert not held_out_rows(rows, num_frames=18, num_clips=4), "too short for a window"
    bench = [{**row, "split": "bench"} if row["split"] == "val" else row for row in rows]
    assert [row["clip_id"] for row in held_out_rows(bench, num_frames=17, num_clips=4)] == chosen
