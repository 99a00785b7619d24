"""Which kernel attends, by compute capability; what a GPU is not needed for."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from lightning.pytorch.plugins import MixedPrecision
from torch.nn.attention import SDPBackend

from train.loop.module import adamw
from train.model.kernels import Kernels, kernels_for, order_of, take_flash3
from train.recipes import AttentionChoice

CUDNN, FLASH, MATH = SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION, SDPBackend.MATH


@pytest.mark.parametrize(
    ("wanted", "capability", "flash3", "first", "number"),
    [
        ("auto", (8, 0), False, FLASH, 4),
        ("auto", (8, 9), False, FLASH, 4),
        ("auto", (9, 0), False, CUDNN, 4),
        ("auto", (9, 0), True, FLASH, 4),
        ("auto", (10, 0), False, CUDNN, 4),
        ("cudnn", (8, 0), False, CUDNN, 1),
        ("flash", (9, 0), False, FLASH, 1),
        ("math", (9, 0), True, MATH, 1),
    ],
)
def test_the_first_kernel_is_the_gpu_s_best_and_one_that_is_named_is_the_only_one(
    wanted: AttentionChoice, capability: tuple[int, int], flash3: bool, first: SDPBackend, number: int
) -> None:
    order = order_of(wanted, capability, flash3=flash3).order
    assert order[0] is first and len(set(order)) == number


def test_torch_is_told_the_order_and_afterwards_has_its_own() -> None:
    before = torch._C._get_sdp_priority_order()
    assert before[0] != int(CUDNN.value)
    with order_of("auto", (9, 0), flash3=False).attending():
        inside = torch._C._get_sdp_priority_order()
        assert inside[0] == CUDNN.value and torch.backends.cuda.flash_sdp_enabled()
    assert torch._C._get_sdp_priority_order() == before
    with order_of("math", (9, 0), flash3=False).attending():
        assert not torch.backends.cuda.flash_sdp_enabled() and torch.backends.cuda.math_sdp_enabled()
    assert torch.backends.cuda.flash_sdp_enabled()


def test_a_cpu_keeps_its_own() -> None:
    device = torch.device("cpu")
    assert kernels_for(device, "cudnn") == Kernels() and Kernels().used(device, head_dim=32) == "torch's for CPUs"


def test_a_flash_attention_3_that_torch_cannot_take_is_said_and_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert not take_flash3(), "the package is not installed here"
    (tmp_path / "flash_attn_interface.py").write_text("raise ImportError('built for another torch')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with caplog.at_level(logging.WARNING):
        assert not take_flash3()
    assert "built for another torch" in caplog.text


def test_gradients_of_the_fused_optimiser_can_be_clipped_in_half_precision() -> None:
    weight = torch.nn.Parameter(torch.ones(4))
    weight.grad = torch.full((4,), 5.0)
    precision = MixedPrecision("bf16-mixed", "cpu")
    with pytest.raises(RuntimeError, match="does not allow for gradient clipping"):
        precision.clip_gradients(torch.optim.AdamW([weight], fused=True), 1.0)
    fused = adamw([weight], learning_rate=0.1, fused=True)
    precision.clip_gradients(fused, 1.0)
    assert weight.grad.norm() == pytest.approx(1.0, rel=1e-4)
    fused.step()
    assert weight[0].item() == pytest.approx(1 - 0.1 - 0.1 * 0.01, rel=1e-4)
