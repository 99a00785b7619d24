"""Which kernel attends on a GPU: torch's own order is the best on Ampere, and half as fast as it could be on Hopper."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.nn.attention import SDPBackend, activate_flash_attention_impl, current_flash_attention_impl, sdpa_kernel

from train.planning.machines import kernel_for
from train.recipes import AttentionChoice, AttentionKernel

_BACKENDS: dict[AttentionKernel, SDPBackend] = {
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "flash": SDPBackend.FLASH_ATTENTION,
    "math": SDPBackend.MATH,
}
_FLASH3, _FLASH3_PACKAGE = "FA3", "flash_attn_interface"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kernels:
    """Kernels in the order in which they are tried; empty: torch's own order, as on a CPU."""

    order: tuple[SDPBackend, ...] = ()

    @contextmanager
    def attending(self) -> Iterator[None]:
        """Around everything that attends, the backward pass too where it computes attention again."""
        if not self.order:
            yield
            return
        with sdpa_kernel(list(self.order), set_priority=True):
            yield

    def used(self, device: torch.device, *, head_dim: int) -> str:
        """The kernel that torch takes here for attention in bfloat16, by its name: asked of torch, not of the order."""
        if device.type == "cpu":
            return "torch's for CPUs"
        like = torch.empty(1, 1, 128, head_dim, device=device, dtype=torch.bfloat16)
        with self.attending():
            found = SDPBackend(torch._fused_sdp_choice(like, like, like))
        if found is SDPBackend.FLASH_ATTENTION and current_flash_attention_impl() is not None:
            return "flash3"
        return found.name.lower().removesuffix("_attention")


def kernels_for(device: torch.device, wanted: AttentionChoice = "auto") -> Kernels:
    """Of the device itself. What is wanted by name is taken or fails; `auto` falls back to what the device has.

    On Hopper FlashAttention-3 goes first where its package is there and torch can take it: 648 TFLOP/s forward and 561
    backward at head size 128 by its authors, cuDNN 595 and 516, FlashAttention-2 370 and 322.
    """
    if device.type != "cuda":
        return Kernels()
    capability = torch.cuda.get_device_capability(device)
    flash3 = capability[0] == 9 and wanted in ("auto", "flash") and take_flash3()
    return order_of(wanted, capability, flash3=flash3)


def order_of(wanted: AttentionChoice, capability: tuple[int, int], *, flash3: bool) -> Kernels:
    """Of a GPU of this compute capability, that has FlashAttention-3 or not."""
    if wanted != "auto":
        return Kernels((_BACKENDS[wanted],))
    first = SDPBackend.FLASH_ATTENTION if flash3 else _BACKENDS[kernel_for(capability)]
    rest = [SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    return Kernels((first, *(one for one in rest if one is not first)))


def take_flash3() -> bool:
    """Whether FlashAttention-3 is installed and torch takes it for "flash" from now on, in this process.

    Its package is a build of its own for one GPU, Python and torch, so it may be there and of no use.
    """
    if importlib.util.find_spec(_FLASH3_PACKAGE) is None:
        return False
    try:
        activate_flash_attention_impl(_FLASH3)
    except (ImportError, RuntimeError, ValueError, AttributeError, OSError) as error:
        _log.warning("FlashAttention-3 is installed and cannot be used: %s", error)
        return False
    return True
