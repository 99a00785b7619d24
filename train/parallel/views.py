"""One clip on several ranks, some views each: all else of the model keeps views apart, so only attention over views
has to bring them together. Shape letters: train/model/joint.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional

from train.model.joint import JointVideoPose
from train.model.multiview import Exchange, MultiViewAttention
from train.parallel.group import Ranks


class AllToAll(torch.autograd.Function):
    """Part j of this rank's tensor (R, ...) goes to rank j of a group; what comes from rank j is part j.

    It is its own transpose, so gradients go back the same way.
    """

    @staticmethod
    def forward(ctx: Any, parts: Tensor, group: dist.ProcessGroup) -> Tensor:
        ctx.group = group
        return _exchanged(parts, group)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _exchanged(gradients[0], ctx.group), None


def _exchanged(parts: Tensor, group: dist.ProcessGroup) -> Tensor:
    sent = parts.contiguous()
    received = torch.empty_like(sent)
    dist.all_to_all_single(received, sent, group=group)
    return received


class ViewExchange:
    """Between a rank's views of all frames and all views of a rank's frames, in a group of R ranks.

    Frames that R does not divide are filled up with zeros, whose attention nobody reads.
    """

    def __init__(self, group: dist.ProcessGroup) -> None:
        self.group, self.ranks = group, group.size()

    @torch.compiler.disable  # type: ignore[untyped-decorator, unused-ignore]
    def to_frames(self, tokens: Tensor) -> Tensor:
        """(B, T, V/R, S, D) of this rank's views to (B, t, V, S, D) of its frames, t = T/R rounded up."""
        missing = -tokens.shape[1] % self.ranks
        padded = functional.pad(tokens, (0, 0, 0, 0, 0, 0, 0, missing)) if missing else tokens
        to_ranks = padded.unflatten(1, (self.ranks, -1)).movedim(1, 0)  # (R, B, t, V/R, S, D), by frames
        received: Tensor = AllToAll.apply(to_ranks, self.group)  # by views
        return received.movedim(0, 2).flatten(2, 3)

    @torch.compiler.disable  # type: ignore[untyped-decorator, unused-ignore]
    def to_views(self, tokens: Tensor, num_frames: int) -> Tensor:
        """(B, t, V, S, D) of this rank's frames to (B, T, V/R, S, D) of its views."""
        to_ranks = tokens.unflatten(2, (self.ranks, -1)).movedim(2, 0)
        received: Tensor = AllToAll.apply(to_ranks, self.group)
        return received.movedim(0, 1).flatten(1, 2)[:, :num_frames]


def share_views(denoiser: JointVideoPose, ranks: Ranks) -> None:
    """Have this rank's part of the model mix its views with those of its group. All ranks call it together."""
    if ranks.view_ranks == 1 or denoiser.views is None:
        return
    starts = range(0, ranks.world, ranks.view_ranks)
    groups = [dist.new_group(list(range(start, start + ranks.view_ranks))) for start in starts]
    _set_exchange(denoiser, ViewExchange(groups[ranks.data_rank]))


@contextmanager
def with_all_views(denoiser: JointVideoPose) -> Iterator[None]:
    """Meanwhile a rank that is asked about all views of a clip answers by itself."""
    exchange = next((layer.exchange for layer in _layers(denoiser)), None)
    _set_exchange(denoiser, None)
    try:
        yield
    finally:
        _set_exchange(denoiser, exchange)


def _set_exchange(denoiser: JointVideoPose, exchange: Exchange | None) -> None:
    for layer in _layers(denoiser):
        layer.exchange = exchange


def _layers(denoiser: JointVideoPose) -> list[MultiViewAttention]:
    return [layer for layer in denoiser.views or () if isinstance(layer, MultiViewAttention)]
