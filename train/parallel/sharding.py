"""Weights, gradients and optimiser of a training in shares, one a rank (FSDP2); whole again in what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from train.model.joint import JointVideoPose


def shard(denoiser: JointVideoPose, mesh: DeviceMesh) -> None:
    """Give every rank its share of all weights. A block's come together before it runs and go again after it.

    The parts of a block that are called make one group: a block itself is no module that is called. What it has
    beside them is small and stays with the rest of the model, which is together from a step's begin to its end.
    """
    ranks = mesh["data_parallel"]
    for index, block in enumerate(denoiser.wan.blocks):
        parts: list[nn.Module] = [block.attn1, block.attn2, block.ffn]
        if denoiser.views is not None:
            parts.append(denoiser.views[index])
        fully_shard(parts, mesh=ranks)
    fully_shard(denoiser, mesh=ranks, reshard_after_forward=False)


def share_again(denoiser: nn.Module) -> None:
    """Let go of weights that a pass without gradients has left together: the next pass would take them as they were."""
    for module in denoiser.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


def unshard(denoiser: JointVideoPose) -> None:
    """Whole weights on every rank again, for good: the model is not to run after that. All ranks call it together."""
    share_again(denoiser)
    for module in denoiser.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            if isinstance(weight, DTensor):
                setattr(module, name, nn.Parameter(whole(weight.detach()), requires_grad=weight.requires_grad))
    for module in denoiser.modules():
        if isinstance(module, FSDPModule):
            module.__class__ = type(module).__bases__[1]  # what `fully_shard` has put itself in front of


@contextmanager
def unshared_gradients(denoiser: nn.Module) -> Iterator[None]:
    """Meanwhile a sharded model's gradients add up on their rank alone."""
    sharded = denoiser if isinstance(denoiser, FSDPModule) else None
    if sharded is not None:
        sharded.set_requires_gradient_sync(False)
    try:
        yield
    finally:
        if sharded is not None:
            sharded.set_requires_gradient_sync(True)


def is_sharded(weights: Sequence[Tensor]) -> bool:
    """Whether the weights are in shares."""
    return any(isinstance(weight, DTensor) for weight in weights)


def whole(value: Tensor) -> Tensor:
    """A tensor as it is on one rank. All ranks call it together."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def shared_like(value: Tensor, weight: Tensor) -> Tensor:
    """A whole tensor in shares as a weight's of the same shape."""
    if not isinstance(weight, DTensor) or value.shape != weight.shape:
        return value
    return distribute_tensor(value.to(weight.device), weight.device_mesh, weight.placements, src_data_rank=None)


class Sharded(ModelParallelStrategy):
    """FSDP2 with checkpoints as a training without it has them: whole tensors, by the same names and numbers.

    So any number of ranks of either kind goes on from what any other left.
    """

    @property
    def lightning_restore_optimizer(self) -> bool:
        return True

    def lightning_module_state_dict(self) -> dict[str, Any]:
        """Of what trains alone: all else is what the run began with."""
        assert self.lightning_module is not None
        weights = self.lightning_module.named_parameters()
        return {name: _here(weight.detach()) for name, weight in weights if weight.requires_grad}

    def optimizer_state(self, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
        state = optimizer.state_dict()
        own = {key: {name: _here(value) for name, value in values.items()} for key, values in state["state"].items()}
        return {**state, "state": own}

    def load_checkpoint(self, checkpoint_path: str | Path, weights_only: bool | None = None) -> dict[str, Any]:
        checkpoint: dict[str, Any] = self.checkpoint_io.load_checkpoint(checkpoint_path, weights_only=True)
        return checkpoint

    def load_model_state_dict(self, checkpoint: Mapping[str, Any], strict: bool = True) -> None:
        assert self.lightning_module is not None
        weights = dict(self.lightning_module.named_parameters())
        with torch.no_grad():
            for name, value in checkpoint["state_dict"].items():
                weights[name].copy_(shared_like(value, weights[name]))

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        for optimizer, state in zip(self.optimizers, checkpoint["optimizer_states"], strict=True):
            weights = [weight for group in optimizer.param_groups for weight in group["params"]]
            own = {
                key: {name: shared_like(value, weights[key]) for name, value in values.items()}
                for key, values in state["state"].items()
            }
            optimizer.load_state_dict({**state, "state": own})


def _here(value: Any) -> Any:
    return whole(value).cpu() if isinstance(value, Tensor) else value
