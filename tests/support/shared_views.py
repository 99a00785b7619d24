"""The joint model on ranks that share views, against the same model alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from train.model.joint import JointVideoPose, Pair
from train.parallel.group import Ranks, set_up
from train.parallel.views import share_views
from train.recipes import tiny_joint

CLIPS, VIEWS = 2, 4


def model_of(dtype: torch.dtype) -> JointVideoPose:
    torch.manual_seed(0)
    model = JointVideoPose(replace(tiny_joint(32).denoiser, multi_view=True))
    for layer in model.views or ():
        torch.nn.init.normal_(layer.attention.to_out[0].weight, std=0.05)  # else it adds zero
    assert model.camera is not None
    torch.nn.init.normal_(model.camera.patches.weight, std=0.05)
    return model.to(dtype)


def said_and_gradients(
    model: JointVideoPose, own: slice, frames: int, dtype: torch.dtype, *, checkpointing: bool
) -> tuple[Tensor, dict[str, Tensor]]:
    """What it says of some views of a fixed input, and the gradients of the mean square of that."""
    torch.manual_seed(1)
    channels = model.config.in_channels

    def pair(frames: int) -> Pair:
        return Pair(*(torch.randn(CLIPS, VIEWS, channels, frames, 4, 4).to(dtype)[:, own] for _ in range(2)))

    noisy, condition = pair(frames), pair(1)
    text, rays = torch.randn(CLIPS, 5, model.config.text_dim).to(dtype), torch.randn(CLIPS, VIEWS, 6, 4, 4).to(dtype)
    model.checkpointing = checkpointing
    model.zero_grad()
    timestep = torch.tensor([600.0, 250.0], dtype=dtype)
    said = model(noisy, condition=condition, timestep=timestep, text=text, rays=rays[:, own])
    (said.rgb.square().mean() + said.pose.square().mean()).backward()
    gradients = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    return torch.stack([said.rgb, said.pose]).detach(), gradients


def compare(order: dict[str, Any]) -> None:
    """In every rank: its part of all views against the model alone; rank 0 writes down the largest differences."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    set_up(torch.device("cpu"))
    found = [_difference(**case) for case in order["cases"]]
    if torch.distributed.get_rank() == 0:
        Path(order["out"]).write_text(json.dumps(found))


def _difference(*, dtype: str, frames: int, view_ranks: int, checkpointing: bool) -> list[float]:
    """The largest of all ranks: of what is said, of a gradient's mean over ranks, and of gradients themselves."""
    kind, ranks = getattr(torch, dtype), Ranks.here(view_ranks=view_ranks)
    size = VIEWS // ranks.view_ranks
    own = slice(ranks.view_rank * size, (ranks.view_rank + 1) * size)
    whole, wanted = said_and_gradients(model_of(kind), slice(None), frames, kind, checkpointing=checkpointing)
    model = model_of(kind)
    share_views(model, ranks)
    said, gradients = said_and_gradients(model, own, frames, kind, checkpointing=checkpointing)
    assert set(gradients) == set(wanted)
    differences = [(said - whole[:, :, own]).abs().max()]
    shared = [ranks.mean(gradient.clone()) for gradient in gradients.values()]
    differences.append(torch.stack([(one - truth).abs().max() for one, truth in zip(shared, wanted.values())]).max())
    scale = torch.stack([truth.abs().max() for truth in wanted.values()]).max()
    found = torch.stack([*differences, scale]).double()
    torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MAX)
    return found.tolist()
