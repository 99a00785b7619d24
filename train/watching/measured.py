"""What a training measures step by step, as files that people read: losses, their running means, rates, gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import safetensors.torch

from rigmill.storage.files import canonical_json, write_atomic
from train.data import Batch

SMOOTHING = 0.98  # of a running mean: what one step leaves of it
_SMOOTHED = ("loss", "rgb", "pose")


class NotFinite(Exception):
    """The loss or its gradient left the numbers; `step` is where, `saved` the batch that it was."""

    def __init__(self, step: int, saved: Path) -> None:
        super().__init__(f"the loss is not finite at step {step}; its batch: {saved}")
        self.step, self.saved = step, saved


@dataclass(frozen=True, slots=True)
class StepLoss:
    """What one step measured, before its update. What the model does not generate is not in `loss`."""

    step: int
    loss: float
    rgb: float
    pose: float
    learning_rate: float = 0.0
    grad_norm: float = 0.0  # before clipping, over what trains

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.grad_norm)


COLUMNS = (*(field.name for field in fields(StepLoss)), *(f"{name}_smooth" for name in _SMOOTHED))


class Curve:
    """The losses of a run so far, with running means that do not depend on where a run was interrupted."""

    def __init__(self, losses: Sequence[StepLoss] = ()) -> None:
        self.losses: list[StepLoss] = []
        self.rows: list[tuple[float, ...]] = []  # of COLUMNS, one a step
        self._means = dict.fromkeys(_SMOOTHED, 0.0)
        for item in losses:
            self.add(item)

    def add(self, item: StepLoss) -> tuple[float, ...]:
        """Take in a step; its row of COLUMNS."""
        self.losses.append(item)
        weight = 1 - SMOOTHING ** len(self.losses)  # a mean of what there is, from the first step on
        for name in _SMOOTHED:
            self._means[name] = SMOOTHING * self._means[name] + (1 - SMOOTHING) * getattr(item, name)
        self.rows.append((*astuple(item), *(self._means[name] / weight for name in _SMOOTHED)))
        return self.rows[-1]

    def csv(self) -> str:
        return "".join([",".join(COLUMNS) + "\n", *map(_line, self.rows)])


class CurveFile:
    """The curve as a file that grows by a line a step; it begins with what an interrupted run had. None: no file."""

    def __init__(self, path: Path | None, curve: Curve) -> None:
        self.path, self.curve = path, curve

    def begin(self) -> None:
        if self.path is not None:
            write_atomic(self.path, self.curve.csv().encode(), durable=False)

    def add(self, item: StepLoss) -> tuple[float, ...]:
        """Take in a step; its row of COLUMNS."""
        row = self.curve.add(item)
        if self.path is not None:
            with self.path.open("a") as stream:
                stream.write(_line(row))
        return row


def _line(row: Sequence[float]) -> str:
    return ",".join(map(repr, row)) + "\n"


def batch_path(folder: Path, step: int) -> Path:
    """Where the batch of a step that went wrong is saved."""
    return folder / f"not-finite-step-{step:08d}.safetensors"


def save_batch(folder: Path, batch: Batch, measured: StepLoss) -> Path:
    """The batch of a step that went wrong, as tensors, and beside it what was measured; the path of the tensors."""
    path = batch_path(folder, batch.step)
    tensors = {
        "videos_rgb": batch.videos.rgb,
        "videos_pose": batch.videos.pose,
        "conditions_rgb": batch.conditions.rgb,
        "conditions_pose": batch.conditions.pose,
        "dropped": batch.dropped,
        "sigma": batch.sigma,
        "rays": batch.rays,
    }
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomic(path, safetensors.torch.save(whole), durable=False)
    numbers = {field.name: repr(getattr(measured, field.name)) for field in fields(StepLoss)}
    about = canonical_json({"captions": list(batch.captions), "clips": list(batch.clip_ids), "measured": numbers})
    write_atomic(path.with_suffix(".json"), about.encode(), durable=False)
    return path
