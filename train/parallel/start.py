"""Has a job trained by as many processes as it is told of: this one, or ranks here, under torchrun or on Ray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rigmill.outcomes import Failed, FailKind, Outcome
from rigmill.pipeline.lines.batch_progress import Reporter
from rigmill.pipeline.stage import Job, Work
from rigmill.pipeline.torchrun import torchrun_world
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from train.inputs import Sharing, TrainSettings
from train.parallel.launch import train_on_this_machine
from train.parallel.order import Order

if TYPE_CHECKING:
    from train.parallel.following import Meeting

Alone = Callable[[Job, Work], Outcome]  # what trains in the process that calls it, as one of however many there are


@dataclass(frozen=True, slots=True)
class RankWork:
    """What a job may use in a rank beside the one that drives: no Blender, and no scratch folder."""

    layout: Layout
    reporter: Reporter | None = None

    @property
    def store(self) -> Store:
        return self.layout.store

    @property
    def output(self) -> Path:
        return self.layout.root

    @property
    def scratch(self) -> Path:
        raise RuntimeError("a rank has no scratch folder")

    @property
    def blender(self) -> Any:
        raise RuntimeError("a rank has no Blender")

    reader = blender

    def report(self, message: str, done: int, total: int) -> None:
        if self.reporter is not None:
            self.reporter.write(message, done, total)


def train_together(job: Job, work: Work, alone: Alone, *, logs: Path) -> Outcome:
    """How the job ended. `logs`: where ranks that are started here say what they have to say."""
    sharing, order = Sharing.of(job.hints), Order(job, work.output)
    settings = TrainSettings(**job.payload["settings"])
    if torchrun_world() > 1:
        sharing.of_stage(settings, world=torchrun_world())
        from train.parallel.group import is_torn

        order.write()
        _met().tell(order)
        try:
            with _met().group(settings.device):
                return alone(job, work)
        except RuntimeError as error:
            if not is_torn(error):
                raise
            said = " ".join(str(error).split())[:200]
            return Failed(FailKind.MACHINE, "RankGone", f"another rank is gone; the next run goes on: {said}")
        finally:
            order.remove()
    sharing = sharing.of_stage(settings, world=sharing.ranks)  # said before anything is started
    if sharing.ranks == 1:
        return alone(job, work)
    on_cpu = settings.device == "cpu"
    if sharing.launch == "ray":
        from train.parallel.on_ray import train_on_ray

        return train_on_ray(order, sharing.ranks, report=work.report, on_cpu=on_cpu)
    return train_on_this_machine(order, sharing.ranks, report=work.report, logs=logs, on_cpu=on_cpu)


def follow(alone: Alone) -> None:
    """Under torchrun, in all processes but the one that drives: its part of every job, until there are no more."""
    while (order := _met().hear()) is not None:
        with _met().group(TrainSettings(**order.job.payload["settings"]).device):
            alone(order.job, RankWork(Layout(order.output)))


def dismiss() -> None:
    """Under torchrun, in the process that drives: there are no more jobs."""
    _met().tell(None)


def _met() -> Meeting:
    from train.parallel.following import meeting

    return meeting()
