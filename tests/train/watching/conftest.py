"""A short training that is watched, and the same one that is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from rigmill.storage.files import Store
from train.inputs import TrainingClip, TrainSettings
from train.loop.fit import Trained, train
from train.loop.keeping import Keep
from train.starting import start_model
from train.watching.validation import Validation


class Stopped(Exception):
    """Raised inside a run, to end it."""


@dataclass(frozen=True)
class Runs:
    """Nine steps of short windows, a checkpoint after the fifth, the weights' mean kept."""

    settings: TrainSettings
    clips: Sequence[TrainingClip]
    held_out: Sequence[TrainingClip]
    store: Store

    def __call__(
        self, folder: Path, *, interval: int = 0, stop_at: int = 0, keep: Keep | None = None, **changed: Any
    ) -> Trained:
        """A training in a folder; validated every `interval` steps."""
        settings = replace(self.settings, **changed)

        def report(message: str, done: int, total: int) -> None:
            if done == stop_at:
                raise Stopped

        validation = Validation(
            folder / f"{settings.stage}.validation.csv",
            clips=self.held_out,
            settings=settings,
            store_root=self.store.root,
            interval=interval or 1,
        )
        return train(
            start_model(settings, None, {}),
            settings=settings,
            clips=list(self.clips),
            store_root=self.store.root,
            folder=folder / "work",
            curves=folder,
            report=report,
            callbacks=[validation] if interval else [],
            keep=keep or Keep(),
        )


@pytest.fixture(scope="session")
def runs(
    clips: list[TrainingClip], store: Store, settings: TrainSettings, make_shard: Callable[..., list[dict[str, Any]]]
) -> Runs:
    """Three clips to train on, two of another shard that are held out."""
    short = replace(settings, num_steps=9, num_frames=5, checkpoint_interval=5, ema=0.9, stage="one")
    held_out = [TrainingClip.from_row(row) for row in make_shard(store, num_clips=5, num_frames=11)][3:]
    return Runs(short, clips, held_out, store)


@pytest.fixture(scope="session")
def watched(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Path]:
    """The training, validated every three steps, and its folder."""
    folder = tmp_path_factory.mktemp("watched")
    return runs(folder, interval=3), folder


@pytest.fixture(scope="session")
def resumed(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Path]:
    """The same, interrupted in its seventh step and gone on with after the sixth, which validated best."""
    folder = tmp_path_factory.mktemp("resumed")
    with pytest.raises(Stopped):
        runs(folder, interval=3, stop_at=7)
    return runs(folder, interval=3), folder
