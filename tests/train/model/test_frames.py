"""A step may see a few frames of a window: they lie at their own places in time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rigmill.storage.files import Store
from shards.loader.choices import choose_frames
from tests.support.training import batch_of
from train.inputs import TrainingClip, TrainSettings
from train.model.joint import JointVideoPose
from train.recipes import tiny_joint

CONFIG = tiny_joint(32).denoiser


@pytest.mark.parametrize("shared", [True, False])
def test_positions_of_chosen_frames_are_rows_of_those_of_all(shared: bool) -> None:
    model = JointVideoPose(replace(CONFIG, shared_positions=shared))
    whole = torch.empty(1, CONFIG.in_channels, 2 * (1 + 6), 4, 4)
    few = torch.empty(1, CONFIG.in_channels, 2 * (1 + 3), 4, 4)
    for all_rows, rows in zip(model.positions(whole), model.positions(few, (0, 2, 5)), strict=True):
        by_frame = all_rows.unflatten(1, (14, -1))
        of_second = by_frame[:, [7 + at for at in (0, 1, 3, 6)]] if shared else rows.unflatten(1, (8, -1))[:, 4:]
        wanted = torch.cat([by_frame[:, [0, 1, 3, 6]], of_second], dim=1).flatten(1, 2)
        assert torch.equal(rows, wanted)
    cosine, _ = model.positions(whole)
    stock, _ = model.wan.rope(whole if not shared else whole[:, :, :7])
    assert torch.equal(cosine[:, : stock.shape[1]], stock)


def test_a_batch_holds_the_frames_that_its_step_says(
    clips: list[TrainingClip], settings: TrainSettings, store: Store, tmp_path: Path
) -> None:
    few = replace(settings, drawn_frames=2)

    def of_step(step: int, drawn_frames: int) -> tuple[int, ...] | None:
        return choose_frames(seed=settings.seed, step=step, num_frames=settings.num_frames, drawn_frames=drawn_frames)

    for step in range(4):
        whole = batch_of(clips, store, settings, step)
        some = batch_of(clips, store, few, step)
        frames = of_step(step, 2)
        assert some.frames == frames and frames is not None and len(frames) == 2 and whole.frames is None
        for part in ("rgb", "pose"):
            chosen = getattr(whole.videos, part)[:, :, :, list(frames)]
            assert torch.equal(getattr(some.videos, part), chosen)
    drawn = {at for step in range(100) for at in of_step(step, 2) or ()}
    assert drawn == set(range(settings.num_frames)), "every frame has its turn"
    assert of_step(0, 99) is None
