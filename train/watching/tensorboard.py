"""The numbers of a training's curve for TensorBoard, on machines that have it. Nothing here needs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from train.watching.measured import COLUMNS

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FLUSH_SECS = 30  # how old what is shown may be


class Board(Protocol):
    """Where the numbers of a curve are shown beside its file."""

    def begin(self, rows: Iterable[Sequence[float]]) -> None: ...

    def add(self, row: Sequence[float]) -> None: ...

    def close(self) -> None: ...


class TensorBoard:
    """Scalars named as the curve's columns, in a folder of event files. Without the package it writes nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writer: SummaryWriter | None = None

    def begin(self, rows: Iterable[Sequence[float]]) -> None:
        """Start with the rows of COLUMNS that an interrupted run had.

        They are written again, as the CSV's are: a resumed training may have another folder, and a killed one has lost
        what was not flushed. From step 0 on, what is in the folder already is shown no more.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(self.folder), flush_secs=FLUSH_SECS, purge_step=0)
        for row in rows:
            self.add(row)

    def add(self, row: Sequence[float]) -> None:
        """One step's row of COLUMNS."""
        if self._writer is None:
            return
        step, *values = row
        for name, value in zip(COLUMNS[1:], values):
            self._writer.add_scalar(name, value, int(step))

    def close(self) -> None:
        """Write out what is left."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
