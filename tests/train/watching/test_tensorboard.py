"""What TensorBoard is given of a training: the numbers of its curve, each step once; nothing where it is not there."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rigmill.storage.files import Store
from train.inputs import TrainingClip, TrainSettings
from train.loop.fit import train
from train.starting import start_model
from train.watching.measured import COLUMNS

Run = Callable[..., Path]


class Stopped(Exception):
    """Raised by a test inside a run."""


@pytest.fixture
def run(clips: list[TrainingClip], store: Store, settings: TrainSettings, tmp_path: Path) -> Run:
    """A training of nine steps with a checkpoint after the fifth, and its folder of curves."""
    short = replace(settings, num_steps=9, checkpoint_interval=5, num_frames=5, stage="one")

    def run(curves: str, *, stop_at: int = 0) -> Path:
        def report(message: str, done: int, total: int) -> None:
            if done == stop_at:
                raise Stopped

        train(
            start_model(short, None, {}),
            settings=short,
            clips=clips,
            store_root=store.root,
            folder=tmp_path / "work",
            report=report,
            curves=tmp_path / curves,
        )
        return tmp_path / curves

    return run


@pytest.mark.parametrize("goes_on_in", ["curves", "curves-of-another-run"])
def test_a_resumed_training_shows_every_step_once_with_the_numbers_of_its_curve(run: Run, goes_on_in: str) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with pytest.raises(Stopped):
        run("curves", stop_at=7)
    curves = run(goes_on_in)
    shown = EventAccumulator(str(curves / "tensorboard" / "one"), size_guidance={"scalars": 0}).Reload()
    assert set(shown.Tags()["scalars"]) == {*COLUMNS} - {"step"}
    with (curves / "one.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    for name in COLUMNS[1:]:
        scalars = shown.Scalars(name)
        assert [scalar.step for scalar in scalars] == list(range(9))
        assert [scalar.value for scalar in scalars] == pytest.approx([float(line[name]) for line in lines], rel=1e-6)


def test_without_tensorboard_a_training_is_as_it_was(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # as where it is not installed
    curves = run("curves")
    assert (curves / "one.csv").is_file() and not (curves / "tensorboard").exists()
