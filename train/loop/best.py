"""The model whose validation loss was lowest, as a folder of its own beside the curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning

from rigmill.storage.files import canonical_json, digest, sha256_bytes, write_atomic
from train.finished import CONFIG, WEIGHTS
from train.loop.checkpoints import best_checkpoint, steps_of
from train.loop.module import JointTraining
from train.watching.validation import Validation
from train.weights import save_model


@dataclass(frozen=True, slots=True)
class Best:
    """The checkpoint of a finished training that validated best."""

    step: int
    loss: float
    path: Path
    training: JointTraining

    @classmethod
    def of(cls, training: JointTraining, callbacks: Sequence[lightning.Callback], folder: Path) -> Best | None:
        """What was kept apart; None where nothing was validated, or the checkpoint is not whole."""
        for one in callbacks:
            if isinstance(one, Validation):
                path = best_checkpoint(folder, one.best_step)
                loss = next((found.mean for found in one.measured if found.step == one.best_step), math.nan)
                if path is not None:
                    return cls(steps_of(path), loss, path, training)
        return None

    def put(self, target: Path, about: Mapping[str, Any]) -> None:
        """Write it as a folder that a stage can start from; `about` is the config.json of the training's result.

        That result stays the last model, whatever is validated. The trained model is changed by this.
        """
        weights = save_model(self.training.take(self.path))
        sha256 = sha256_bytes(weights)
        own = {
            "checkpoint_id": digest("checkpoint", sha256, about["model"]),
            "best": {"step": self.step, "validation_loss": self.loss, "of": about["checkpoint_id"]},
            "sha256": {WEIGHTS: sha256},
        }
        write_atomic(target / WEIGHTS, weights)
        write_atomic(target / CONFIG, (canonical_json({**about, **own}) + "\n").encode())
