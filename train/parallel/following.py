"""A training under torchrun: rank 0 drives the pipeline, the others wait for its jobs and end with it.

They meet in the store that torchrun has opened. A key there, numbered, says where the next job is written, or that
there is none.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

import torch.distributed as dist

from train.hardware import hardware_of
from train.parallel.group import set_up
from train.parallel.order import Order
from train.recipes import DeviceName

LOOK_S = 0.5
_END = "end"


class Meeting:
    """The store that the ranks of one torchrun share, as one of them sees it."""

    def __init__(self) -> None:
        store, self.rank, self.world = next(dist.rendezvous("env://", timeout=timedelta(minutes=30)))
        restarts = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        self.store = dist.PrefixStore(f"rigmill-{restarts}", store)
        self.num_told = 0

    def tell(self, order: Order | None) -> None:
        """Rank 0: the next job; None: there are no more."""
        self.store.set(str(self.num_told), _END if order is None else str(order.path))
        self.num_told += 1

    def hear(self) -> Order | None:
        """The others: the next job; None: there are no more. It waits for as long as that takes."""
        while not self.store.check([str(self.num_told)]):
            time.sleep(LOOK_S)
        told = self.store.get(str(self.num_told)).decode()
        self.num_told += 1
        return None if told == _END else Order.read(Path(told))

    @contextmanager
    def group(self, name: DeviceName) -> Iterator[None]:
        """torch.distributed among all ranks, for the job that was told last."""
        set_up(
            hardware_of(name).device,
            store=dist.PrefixStore(f"job-{self.num_told}", self.store),
            rank=self.rank,
            world=self.world,
        )
        try:
            yield
        finally:
            dist.destroy_process_group()


@cache
def meeting() -> Meeting:
    """The one of this process: jobs are counted, whichever of a stage's objects tells of them."""
    return Meeting()
