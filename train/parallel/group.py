"""Which of a training's processes this one is, and its part of a step.

Ranks are the processes of a training, numbered by torch.distributed. Neighbouring ranks share the views of the same
clips; such a group is one rank of the data.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor

Value = TypeVar("Value")
# For the slowest thing that others wait for: rank 0 samples, or writes a checkpoint.
PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Ranks:
    """One process among those of a training."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0  # among those of its machine
    local_world: int = 1
    view_ranks: int = 1  # neighbouring ones, which have the views of the same clips between them

    @classmethod
    def here(cls, *, view_ranks: int = 1) -> Ranks:
        """This process, by torch.distributed where that has been set up, with the launcher's word on the machine."""
        if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
            return cls()
        rank, world = dist.get_rank(), dist.get_world_size()
        local_rank = int(os.environ.get("LOCAL_RANK", rank))
        return cls(rank, world, local_rank, int(os.environ.get("LOCAL_WORLD_SIZE", world)), view_ranks)

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes."""
        return self.rank == 0

    @property
    def data_rank(self) -> int:
        """Which draws of a step are its own: those of its group."""
        return self.rank // self.view_ranks

    @property
    def data_world(self) -> int:
        """Groups."""
        return self.world // self.view_ranks

    @property
    def view_rank(self) -> int:
        """Which of a clip's views are its own."""
        return self.rank % self.view_ranks

    def mean(self, numbers: Tensor) -> Tensor:
        """The mean over all ranks, the same on all of them. Who is alone gets its own back."""
        if self.world > 1:
            dist.all_reduce(numbers)
            numbers = numbers / self.world
        return numbers

    def agreed(self, value: Callable[[], Value]) -> Value:
        """What the first rank makes of something that may look otherwise from another machine, or change meanwhile."""
        if self.world == 1:
            return value()
        told = [value() if self.is_first else None]
        dist.broadcast_object_list(told)
        return cast(Value, told[0])

    def first_with(self, has: bool, *, device: torch.device) -> int:
        """The first rank that has something; where none has, the first of all."""
        if self.world == 1:
            return 0
        found = torch.tensor(self.rank if has else self.world, device=device)
        dist.all_reduce(found, dist.ReduceOp.MIN)
        return int(found) % self.world


def set_up(device: torch.device, *, store: dist.Store | None = None, rank: int = -1, world: int = -1) -> None:
    """Join the other ranks: in a store, or as the environment says, by RANK, WORLD_SIZE, LOCAL_RANK and where they
    meet, which is RIGMILL_MEET or MASTER_ADDR and MASTER_PORT.
    """
    options: dict[str, Any] = {"timeout": PATIENCE}
    if store is not None:
        options |= {"store": store, "rank": rank, "world_size": world}
    elif "RIGMILL_MEET" in os.environ:
        options |= {"init_method": os.environ["RIGMILL_MEET"]}
        options |= {"rank": int(os.environ["RANK"]), "world_size": int(os.environ["WORLD_SIZE"])}
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
        dist.init_process_group("cpu:gloo,cuda:nccl", device_id=device, **options)
    else:
        dist.init_process_group("gloo", **options)


def is_torn(error: RuntimeError) -> bool:
    """Whether it says that another rank no longer answers, by NCCL's word for it or gloo's, which has no type."""
    return isinstance(error, dist.DistError) or "gloo" in str(error)
