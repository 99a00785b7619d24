"""How ranks that are asked to end do so at the same step: a collective of one rank alone would wait for ever.

Lightning's own handler of SIGTERM tells the others from within the signal, in the middle of whatever else is told.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

import lightning.pytorch as lightning
from lightning.pytorch.utilities.exceptions import SIGTERMException


class EndTogether(lightning.Callback):
    """Has a SIGTERM to any rank end all of them after the step that they are at. What keeps checkpoints comes first."""

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        def ask(_number: int, _frame: FrameType | None) -> None:
            pl_module.end_is_wanted = True

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, ask)  # the trainer puts back what was there before

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if pl_module.asked_to_end and trainer.global_step < pl_module.settings.num_steps:
            raise SIGTERMException
