"""What is done after every optimiser step of a training, whatever a step is put together from."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as lightning


class EachStep(lightning.Callback):
    """Calls `after_step` when an optimiser step is done: a batch that only adds to a gradient is none."""

    _begun = 0

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        self._begun = trainer.global_step

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.global_step != self._begun:
            self.after_step(trainer, pl_module, trainer.global_step)

    def after_step(self, trainer: Any, pl_module: Any, step: int) -> None:
        """What is done when `step` steps are done."""
        raise NotImplementedError
