"""What a training leaves while it runs: losses, and checkpoints that are whole or absent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lightning.pytorch.utilities.exceptions import SIGTERMException

from rigmill.storage.files import canonical_json, write_atomic
from rigmill.types import Row
from train.inputs import TrainSettings
from train.loop.checkpoints import finish, remove_unfinished, unfinished_path
from train.loop.provenance import Origin, refuse_another
from train.loop.writing import WrittenAside
from train.watching.measured import Curve, CurveFile, StepLoss
from train.watching.steps import EachStep
from train.watching.tensorboard import Board
from train.watching.validation import Validation
from train.watching.weights_and_biases import WandBMode

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept of a training, and told of its start. Nothing here changes what is learned."""

    last: int = 2  # checkpoints to go on from
    wandb: WandBMode = "off"
    force: bool = False  # go on from one that was made with other settings, data, weights or versions
    origin: Origin = field(default_factory=Origin)


class Recording(EachStep):
    """Collects losses, moves the weights' running means, and reports. The first thing after a step."""

    def __init__(self, *, settings: TrainSettings, report: Report, curve: Path, boards: Sequence[Board]) -> None:
        self.settings, self.report, self.boards = settings, report, boards
        self.curve = CurveFile(curve, Curve())

    def state_dict(self) -> dict[str, Any]:
        return {"losses": [list(astuple(item)) for item in self.curve.curve.losses]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.curve.curve = Curve([StepLoss(*item) for item in state_dict["losses"]])

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.is_global_zero:
            self.boards = ()  # one rank writes
            return
        self.curve.begin()
        for board in self.boards:
            board.begin(self.curve.curve.rows)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self._close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        self._close()

    def _close(self) -> None:
        for board in self.boards:
            board.close()

    def after_step(self, trainer: Any, pl_module: Any, step: int) -> None:
        curve = self.curve if trainer.is_global_zero else self.curve.curve
        row = curve.add(pl_module.latest)
        for board in self.boards:
            board.add(row)
        pl_module.update_means(step)
        if trainer.is_global_zero:
            self.report(f"loss {pl_module.latest.loss:.3f}", step, self.settings.num_steps)


class Keeping(EachStep):
    """Leaves a checkpoint every `checkpoint_interval` steps, after the last, where a validation was better than all
    before it, and when a SIGTERM asks the process to end. The last thing after a step: it holds what the others found.

    Those before it stay, for the case that the last is damaged when it is wanted.
    """

    def __init__(
        self, folder: Path, *, settings: TrainSettings, keep: Keep, provenance: Mapping[str, Any], progress: Path
    ) -> None:
        """`progress`: a JSON file that tells `rigmill status` where this training's checkpoints are."""
        self.folder, self.settings, self.keep, self.provenance = folder, settings, keep, provenance
        self.progress = progress
        self.writes = WrittenAside(partial(finish, keep_last=keep.last))

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        checkpoint["provenance"] = dict(self.provenance)

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        found: Row | None = checkpoint.get("provenance")
        refuse_another(found, self.provenance, force=self.keep.force, folder=str(self.folder))

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.is_global_zero:
            remove_unfinished(self.folder)
            about = {"num_steps": self.settings.num_steps, "checkpoints": str(self.folder.resolve())}
            write_atomic(self.progress, canonical_json(about).encode(), durable=False)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self.writes.wait()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        try:
            self.writes.wait()
        except BaseException:
            if isinstance(exception, SIGTERMException):  # who was asked to end says so where its last step is lost
                raise

    def after_step(self, trainer: Any, pl_module: Any, step: int) -> None:
        best = any(one.best_step == step for one in trainer.callbacks if isinstance(one, Validation))
        asked_to_end = trainer.received_sigterm or pl_module.asked_to_end  # the trainer ends after this step
        is_due = step % self.settings.checkpoint_interval == 0 or step == self.settings.num_steps
        if is_due or best or asked_to_end:
            trainer.save_checkpoint(unfinished_path(self.folder, step, best=best))
