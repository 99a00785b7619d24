"""Attention written out, and blocks compiled, say what diffusers' own say."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from train.model.attention import use_plain_attention
from train.model.joint import JointVideoPose, Pair
from train.recipes import tiny_joint

CONFIG = replace(tiny_joint(32).denoiser, multi_view=True)


def said_and_gradients(model: JointVideoPose) -> tuple[Tensor, Tensor]:
    """What the model says of a fixed input, and the gradient of all weights that have one."""
    torch.manual_seed(1)

    def pair(frames: int) -> Pair:
        return Pair(*(torch.randn(1, 2, CONFIG.in_channels, frames, 4, 4) for _ in range(2)))

    noisy, condition = pair(3), pair(1)
    text, rays = torch.randn(1, 5, CONFIG.text_dim), torch.randn(1, 2, 6, 4, 4)
    model.zero_grad()
    said = model(noisy, condition=condition, timestep=torch.tensor([600.0]), text=text, rays=rays)
    (said.rgb.square().mean() + said.pose.square().mean()).backward()
    found = [weight.grad.flatten() for _, weight in sorted(model.named_parameters()) if weight.grad is not None]
    return torch.cat([said.rgb, said.pose]).detach(), torch.cat(found)


def new() -> JointVideoPose:
    torch.manual_seed(0)
    model = JointVideoPose(CONFIG)
    for layer in model.views or ():
        torch.nn.init.normal_(layer.attention.to_out[0].weight, std=0.05)  # else it adds zero
    return model


def test_plain_attention_is_attention() -> None:
    wanted, wanted_gradients = said_and_gradients(new())
    plain = new()
    use_plain_attention(plain)
    said, gradients = said_and_gradients(plain)
    assert torch.allclose(said, wanted, atol=2e-5) and wanted.std() > 0.1
    assert torch.allclose(gradients, wanted_gradients, atol=2e-5) and wanted_gradients.abs().max() > 1e-3


@pytest.mark.slow
def test_compiled_blocks_say_the_same() -> None:
    wanted, wanted_gradients = said_and_gradients(new())
    compiled = new()
    use_plain_attention(compiled)
    compiled.compile_blocks()
    said, gradients = said_and_gradients(compiled)
    assert torch.allclose(said, wanted, atol=1e-4)
    assert torch.allclose(gradients, wanted_gradients, atol=1e-4)
