"""One process of a training of several ranks: `python -m train.rank ORDER`, started by the stage; or by Ray Train.

It trains its part of the job. Rank 0 says how far it is, and how the job ended.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from rigmill.errors import UserError
from rigmill.outcomes import Outcome
from rigmill.storage.layout import Layout
from train.job import train_job
from train.parallel.order import Order
from train.parallel.start import RankWork


def run(order: Order) -> Outcome:
    """The job's part of this rank, in a process group that is set up."""
    return train_job(order.job, RankWork(Layout(order.output), order.reporter))


def on_ray(path: Path) -> None:
    """What each worker of Ray Train runs, in the process group that it has set up."""
    order = Order.read(path)
    outcome = run(order)
    if int(os.environ["RANK"]) == 0:
        order.answer(outcome)


def main() -> int:
    """Join the others, train; the exit status."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from train.hardware import hardware_of
    from train.inputs import TrainSettings
    from train.parallel.group import set_up

    order = Order.read(Path(sys.argv[1]))
    settings = TrainSettings(**order.job.payload["settings"])
    set_up(hardware_of(settings.device).device)
    try:
        outcome = run(order)
    except UserError as error:
        print(error.render(), file=sys.stderr)  # noqa: T201 - the rank's log
        return 2
    if int(os.environ["RANK"]) == 0:
        order.answer(outcome)
    return 0


def _end_with_parent() -> None:
    """End this process once the one that started it is gone: two runs never work side by side."""
    os.read(0, 1)  # a reader of Python's would be in the way at the end
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
