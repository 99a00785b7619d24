"""What Lightning is told of a training's ranks. They are there already: it starts none."""

from __future__ import annotations

from typing import Any

import torch
from lightning.fabric.plugins.environments import ClusterEnvironment
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.utilities.rank_zero import rank_zero_only

from train.inputs import Sharing
from train.parallel.group import PATIENCE, Ranks
from train.parallel.sharding import Sharded


class Started(ClusterEnvironment):
    """Ranks that torch.distributed has brought together, whoever started them."""

    def __init__(self, ranks: Ranks) -> None:
        super().__init__()
        self.ranks = ranks
        rank_zero_only.rank = ranks.rank

    creates_processes_externally = True
    main_address, main_port = "", 0  # where they meet; they have met

    @staticmethod
    def detect() -> bool:
        return False

    def world_size(self) -> int:
        return self.ranks.world

    def set_world_size(self, size: int) -> None:
        assert size == self.ranks.world

    def global_rank(self) -> int:
        return self.ranks.rank

    def set_global_rank(self, rank: int) -> None:
        assert rank == self.ranks.rank, "a machine's ranks follow each other, as many on each machine"

    def local_rank(self) -> int:
        return self.ranks.local_rank

    def node_rank(self) -> int:
        return self.ranks.rank // self.ranks.local_world


def trainer_options(ranks: Ranks, sharing: Sharing, device: torch.device) -> dict[str, Any]:
    """Arguments of Lightning's Trainer: its devices and strategy."""
    if ranks.world == 1:
        return {"devices": 1}
    backend = "gloo" if device.type == "cpu" else "nccl"
    strategy: DDPStrategy | Sharded
    if sharing.strategy == "fsdp2":
        strategy = Sharded(
            data_parallel_size=ranks.world,
            tensor_parallel_size=1,
            save_distributed_checkpoint=False,
            process_group_backend=backend,
            timeout=PATIENCE,
        )
    else:
        strategy = DDPStrategy(process_group_backend=backend, timeout=PATIENCE, broadcast_buffers=False)
    return {"devices": ranks.local_world, "num_nodes": ranks.world // ranks.local_world, "strategy": strategy}
