"""The numbers of a training's curve for Weights & Biases, where a person asks for it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from rigmill.errors import UserError
from train.inputs import TrainSettings
from train.watching.measured import COLUMNS
from train.watching.tensorboard import Board, TensorBoard

WandBMode = Literal["off", "offline", "online"]
PROJECT = "rigmill"


def boards_of(curves: Path, settings: TrainSettings, *, wandb: WandBMode) -> list[Board]:
    """Where a stage's curve is shown beside its file."""
    boards: list[Board] = [TensorBoard(curves / "tensorboard" / settings.stage)]
    if wandb != "off":
        boards.append(WandB(curves / "wandb", settings=settings, mode=wandb))
    return boards


def mode_of(asked: WandBMode) -> str:
    """What is asked for, unless $WANDB_MODE asks for less: the network is never used where either says no."""
    told = os.environ.get("WANDB_MODE", "")
    return told if told in ("offline", "disabled", "dryrun") else asked


class WandB:
    """A run of project `rigmill`, named as the stage. Offline it is files in a folder, which `wandb sync` sends later.

    A training that goes on is a new run that begins with what the interrupted one had: offline, a run has one process.
    """

    def __init__(self, folder: Path, *, settings: TrainSettings, mode: WandBMode) -> None:
        self.folder, self.settings, self.mode = folder, settings, mode
        self._run: Any = None

    def begin(self, rows: Iterable[Sequence[float]]) -> None:
        """Start with the rows of COLUMNS that an interrupted run had. A UserError where the package is not there."""
        try:
            wandb = importlib.import_module("wandb")  # no requirement of anything: so not by an import statement
        except ImportError:
            raise UserError(
                f"train.wandb is {self.mode}, and the package wandb is not installed",
                why="nothing of Rigmill needs it",
                fix="pip install wandb, or train.wandb: off",
                code="E527",
            ) from None
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            project=PROJECT,
            name=self.settings.stage,
            dir=str(self.folder),
            mode=mode_of(self.mode),
            config=self.settings.to_row(),
            settings=wandb.Settings(console="off", disable_git=True, save_code=False, silent=True),
        )
        for row in rows:
            self.add(row)

    def add(self, row: Sequence[float]) -> None:
        """One step's row of COLUMNS."""
        if self._run is not None:
            step, *values = row
            self._run.log(dict(zip(COLUMNS[1:], values)), step=int(step))

    def close(self) -> None:
        """Write out what is left."""
        if self._run is not None:
            self._run.finish()
            self._run = None
