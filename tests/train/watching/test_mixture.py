"""The mixture of a training: what a plan says before, what was drawn, and what is kept of it, are one histogram."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import pytest

from rigmill.report.training_section import _drawn
from rigmill.storage.files import Store
from tests.support.training import Tables, profile_of
from train.inputs import TrainingClip, TrainSettings
from train.loop.fit import train
from train.stage import TrainStage
from train.starting import start_model

PAPER = {"mixamo": 0.25, "vroid": 0.25, "objaverse": 0.5}


class Drawn(lightning.Callback):
    """The source of every draw that is trained on, in order."""

    def __init__(self) -> None:
        self.sources: list[str] = []

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        self.sources += [draw.source for draw in batch.draws]


@pytest.mark.slow  # 4,000 clips are decoded
def test_4000_draws_as_trained_are_exact_in_every_block_of_four_and_the_same_before_during_and_after(
    store: Store, settings: TrainSettings, make_shard: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    rows = make_shard(store, num_clips=9, num_frames=5, size_px=16, num_views=1)
    names = ("mixamo", "vroid", "objaverse")
    rows = [{**row, "source": names[place % 3]} for place, row in enumerate(rows)]
    settings = replace(settings, num_steps=20, batch_size=200, num_frames=1, size_px=16, num_views=1, mixture=PAPER)
    (before, *_) = TrainStage().notes(Tables(rows), profile_of(settings))
    drawn = Drawn()
    trained = train(
        start_model(settings, None, {}),
        settings=settings,
        clips=[TrainingClip.from_row(row) for row in rows],
        store_root=store.root,
        folder=tmp_path / "work",
        curves=tmp_path,
        callbacks=[drawn],
    )
    assert len(drawn.sources) == 4000
    for first in range(0, 4000, 4):
        block = Counter(drawn.sources[first : first + 4])
        assert block == {"mixamo": 1, "vroid": 1, "objaverse": 2}, f"draws {first} to {first + 3}"
    counts = Counter(drawn.sources)
    assert "joint draws 4000 clips: objaverse 50 % (2000 of 3 clips, 667 passes)" in before
    for source in ("mixamo", "vroid"):
        assert f"{source} 25 % ({counts[source]} of 3 clips, 333 passes)" in before
    lines = list(csv.DictReader((tmp_path / "joint.mixture.csv").read_text().splitlines()))
    for step in ("10", "20"):
        found = {line["source"]: int(line["draws"]) for line in lines if line["step"] == step}
        assert found == Counter(drawn.sources[: 200 * int(step)])
    assert trained.drawn.draws == counts
    assert {one.source: (one.draws, one.share_pct) for one in _drawn(trained.drawn.to_row())} == {
        "mixamo": (1000, "25"),
        "objaverse": (2000, "50"),
        "vroid": (1000, "25"),
    }
