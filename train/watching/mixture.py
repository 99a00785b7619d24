"""What a training has drawn of every source so far, as a CSV beside its curve: no source is drawn silently."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from rigmill.storage.files import write_atomic
from train.feed import ShardFeed
from train.watching.steps import EachStep

HEADER = ("step", "source", "clips", "draws", "share", "passes")


class MixtureFile(EachStep):
    """A line per source at every `interval` steps and after the last one.

    All follows from the position of the next draw, so a resumed run's file is that of one that was never interrupted.
    """

    def __init__(self, path: Path, *, feed: ShardFeed, interval: int, num_steps: int) -> None:
        self.path, self.feed, self.interval, self.num_steps = path, feed, interval, num_steps

    def after_step(self, trainer: Any, pl_module: Any, step: int) -> None:
        if trainer.is_global_zero and (step % self.interval == 0 or step == self.num_steps):
            write_atomic(self.path, self.csv(step).encode(), durable=False)

    def csv(self, step: int) -> str:
        """Of all intervals up to `step`."""
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(HEADER)
        for at in sorted({*range(self.interval, step + 1, self.interval), step}):
            drawn = self.feed.loader.plan.realised(at * self.feed.draws_per_step)
            for source, count in drawn.draws.items():
                share, passes = count / max(1, drawn.num_draws), drawn.passes[source]
                lines.writerow([at, source, drawn.sizes[source], count, f"{share:.6g}", f"{passes:.6g}"])
        return text.getvalue()
