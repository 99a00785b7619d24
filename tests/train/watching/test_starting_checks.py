"""What is looked at before a training spends hours, and how fast it goes."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import pytest

from rigmill.clips.pictures import picture
from rigmill.errors import UserError
from tests.support.training import batch_of
from tests.train.watching.conftest import Runs
from train.clips import from_unit
from train.data import prepared
from train.loop.fit import Trained, train
from train.planning.cost import DrawShape, step_flops
from train.starting import start_model
from train.watching.parameters import groups_of
from train.watching.speed import line_of
from train.watching.starting_checks import dry_step
from train.weights import grown, new_model, num_parameters

Watched = tuple[Trained, Path]


def test_parameters_are_counted_by_group_before_the_first_step(watched: Watched, runs: Runs) -> None:
    trained, folder = watched
    lines = list(csv.DictReader((folder / "one.parameters.csv").read_text().splitlines()))
    assert {line["group"] for line in lines} == {"base", "modality", "camera", "views", "text"}
    moves = sum(int(line["trained"]) for line in lines)
    assert moves == num_parameters(trained.model.denoiser) and "base" in (folder / "one.log").read_text()
    (text,) = [line for line in lines if line["group"] == "text"]
    assert int(text["trained"]) == 0 and int(text["frozen"]) == num_parameters(trained.model.text)
    config = replace(runs.settings, trains="adapters", num_views=1).config()
    model = grown(new_model(runs.settings.root_config(), seed=7), config, seed=7)
    model.denoiser.trained_by("adapters")
    found = {one.group: one for one in groups_of(model)}
    assert found["lora"].trained and not found["lora"].frozen and not found["base"].trained


def test_the_first_batch_is_a_picture_of_what_the_model_is_given(watched: Watched, runs: Runs) -> None:
    shown = picture((watched[1] / "one.first-batch.png").read_bytes())
    batch = batch_of(runs.clips, runs.store, runs.settings, 0)
    size, times = 32, 5  # pixels of the model, and as often as each is repeated
    tile = size * times
    rgb, pose = (from_unit(pair[0, 0]) for pair in (batch.videos.rgb, batch.videos.pose))
    for row, video, condition in ((0, rgb, batch.conditions.rgb), (1, pose, batch.conditions.pose)):
        line = shown[row * tile : (row + 1) * tile : times]
        np.testing.assert_array_equal(line[:, :tile:times], from_unit(condition[0, 0])[0])
        after = line[:, tile + 6 :: times]
        np.testing.assert_array_equal(after[:, :size], video[0])
        np.testing.assert_array_equal(after[:, 3 * size : 4 * size], video[4])
    assert shown.shape[0] > 4 * 2 * tile, "two clips of two views, and words under each"


def test_what_does_not_fit_together_ends_in_the_first_seconds_and_says_so(runs: Runs, tmp_path: Path) -> None:
    """Positions for four frames, and windows of five."""
    root = runs.settings.root_config()
    config = replace(root, denoiser=replace(root.denoiser, rope_max_seq_len=4))
    with pytest.raises(UserError, match="2 clips x 2 views x 5 frames of 32x32 pixels cannot be") as caught:
        train(
            new_model(config, seed=7),
            settings=runs.settings,
            clips=list(runs.clips),
            store_root=runs.store.root,
            folder=tmp_path,
        )
    assert caught.value.code == "E526" and "train.num_frames" in caught.value.fix
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 1, "before the first step"


def test_what_does_not_fit_into_memory_says_what_would_help(runs: Runs, tmp_path: Path) -> None:
    """Of 50 TB no machine has a batch."""

    class Huge(lightning.Callback):
        def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
            own = prepared(batch, config=pl_module.model.config, settings=runs.settings)
            dry_step(trainer, pl_module, own, 4 * 10**9 + 1)

    with pytest.raises(UserError, match="x 4000000001 frames of 32x32 pixels does not fit into the memory") as caught:
        train(
            start_model(runs.settings, None, {}),
            settings=runs.settings,
            clips=list(runs.clips),
            store_root=runs.store.root,
            folder=tmp_path,
            callbacks=[Huge()],
        )
    assert caught.value.code == "E526" and caught.value.command == ("plan", "train")
    assert all(name in caught.value.fix for name in ("train.batch_size", "train.num_frames", "latents.enabled"))


def test_every_step_has_its_time_and_rates_once_and_nothing_that_resumes_holds_them(
    resumed: Watched, runs: Runs
) -> None:
    lines = list(csv.DictReader((resumed[1] / "one.speed.csv").read_text().splitlines()))
    assert [int(line["step"]) for line in lines] == list(range(9))
    config = runs.settings.config()
    shape = DrawShape.of(config, num_clips=2, num_frames=5, height_px=32, width_px=32)
    cost = step_flops(config, shape, trains="all", checkpointing="none")
    for line in lines:
        seconds = float(line["seconds"])
        assert 0 < seconds < 60 and 0 <= float(line["data_wait_share"]) <= 1
        assert float(line["tokens_per_s"]) == pytest.approx(2 * 2 * 2 * 6 * 4 / seconds, rel=1e-4)
        assert float(line["useful_tflops"]) == pytest.approx(cost.useful / seconds / 1e12, rel=1e-4)
        assert line["mfu"] == "" and 0.05 < float(line["peak_memory_gb"]) < 20
    assert b"tokens_per_s" not in b"".join(path.read_bytes() for path in (resumed[1] / "work").iterdir())


def test_what_is_not_known_is_an_empty_cell() -> None:
    assert line_of((3, 0.25, float("nan"), 1e-9)) == "3,0.25,,1e-09"


@pytest.mark.parametrize("counts", [(5, 9)])
def test_steps_have_the_longest_window_that_their_clips_all_have(
    runs: Runs, tmp_path: Path, make_shard, counts: tuple[int, ...]
) -> None:
    from train.inputs import TrainingClip

    clips = [TrainingClip.from_row(row) for row in make_shard(runs.store, num_clips=6, num_frames=(7, 11, 11))]
    mixed = replace(runs, clips=clips)
    trained = mixed(tmp_path, interval=9, frame_counts=counts, num_frames=9)
    lines = list(csv.DictReader((tmp_path / "one.speed.csv").read_text().splitlines()))
    tokens = {round(float(line["tokens_per_s"]) * float(line["seconds"])) for line in lines}
    assert tokens <= {2 * 2 * 2 * 6 * 4, 2 * 2 * 2 * 10 * 4} and len(tokens) == 2
    assert len(trained.losses) == 9 and "2 views x 9 frames of 32x32" in (tmp_path / "one.log").read_text()
