"""What a block keeps for its backward pass, and what it computes again there.

Around the block as it is, compiled or not: a compiled one calls the same kernels of attention.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts

from train.recipes import Checkpointing

_aten = torch.ops.aten
# Forward kernels of scaled_dot_product_attention. Its plain one is made of other operations: what runs through that is
# computed again.
ATTENTION_KERNELS = (
    _aten._scaled_dot_product_flash_attention.default,
    _aten._scaled_dot_product_cudnn_attention.default,
    _aten._scaled_dot_product_efficient_attention.default,
    _aten._scaled_dot_product_flash_attention_for_cpu.default,
)


def computed_again(block: Callable[..., Tensor], how: Checkpointing, *arguments: Any, **named: Any) -> Tensor:
    """What the block gives. Kept are: everything; its input and what attention gave; its input alone."""
    done: Tensor
    if how == "none":
        done = block(*arguments, **named)
    elif how == "full":
        done = checkpoint(block, *arguments, use_reentrant=False, **named)
    else:
        contexts = partial(create_selective_checkpoint_contexts, _policy)
        done = checkpoint(block, *arguments, use_reentrant=False, context_fn=contexts, **named)
    return done


def _policy(_context: Any, operation: Any, *arguments: Any, **_named: Any) -> CheckpointPolicy:
    """Keep what attention among tokens gave. That to the caption takes as much memory and hardly any time."""
    if operation in ATTENTION_KERNELS:
        query, key = arguments[:2]
        if query.shape[2] == key.shape[2]:
            return CheckpointPolicy.MUST_SAVE
    return CheckpointPolicy.PREFER_RECOMPUTE
