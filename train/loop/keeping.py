"""What a training leaves while it runs: losses, and checkpoints that are whole or absent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning

from rigmill.storage.files import fsync_folder, sha256_file
from train.inputs import TrainSettings
from train.loop.checkpoints import checkpoint_name, checkpoints
from train.watching.measured import Curve, CurveFile, StepLoss
from train.watching.tensorboard import TensorBoard

Report = Callable[[str, int, int], None]


class KeepGoing(lightning.Callback):
    """Collects losses, reports, and leaves a checkpoint every `checkpoint_interval` steps, after the last, and when a
    SIGTERM asks the process to end.

    The one before it stays, for the case that the last is damaged when it is wanted.
    """

    def __init__(
        self, folder: Path, *, settings: TrainSettings, report: Report, curve: Path, first: bool = True
    ) -> None:
        """`first`: whether this rank is the one that writes."""
        self.folder, self.settings, self.report = folder, settings, report
        self.curve = CurveFile(curve if first else None, Curve())
        self.first = first
        self.board = TensorBoard(curve.parent / "tensorboard" / settings.stage)

    def state_dict(self) -> dict[str, Any]:
        return {"losses": [list(astuple(item)) for item in self.curve.curve.losses]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.curve.curve = Curve([StepLoss(*item) for item in state_dict["losses"]])

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        self.curve.begin()
        if self.first:
            self.board.begin(self.curve.curve.rows)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self.board.close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        self.board.close()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        done, total = trainer.global_step, self.settings.num_steps
        self.board.add(self.curve.add(pl_module.latest))
        pl_module.update_means(done)
        if self.first:
            self.report(f"loss {pl_module.latest.loss:.3f}", done, total)
        asked_to_end = trainer.received_sigterm or pl_module.asked_to_end  # the trainer ends after this step
        if done % self.settings.checkpoint_interval == 0 or done == total or asked_to_end:
            self.save(trainer, done)

    def save(self, trainer: Any, step: int) -> None:
        aside = self.folder / ".tmp-checkpoint"
        for path in checkpoints(self.folder)[:-1] if self.first else ():  # before, so that there are never three
            path.unlink()
        trainer.save_checkpoint(aside)  # all ranks together; the first writes
        if not self.first:
            return
        with aside.open("rb") as stream:
            os.fsync(stream.fileno())
        aside.replace(self.folder / checkpoint_name(step, sha256_file(aside)))
        fsync_folder(self.folder)
