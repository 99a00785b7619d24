"""GPUs by name: how fast they multiply, what they hold, how well a training uses them. No torch.

Peaks are NVIDIA's for dense products in bfloat16 with sums in float32, without its sparsity figures, which are twice as
high. Memory is what the driver shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rigmill.errors import UserError
from train.recipes import AttentionKernel, Checkpointing

MIB = 2**20
# Of a GPU's memory, what a training may plan with: the rest is the driver's context, the libraries' workspaces, buffers
# of communication and holes between tensors.
PLANNED_SHARE = 0.92

# Model-FLOP utilisation that is realistic, by what is kept for the backward pass: reckoned from published rates of the
# attention kernels at head size 128 (A100: FlashAttention-2; Hopper: cuDNN), 230 and 650 TFLOP/s of other products, and
# 8 % for all the rest, at 832x480x81; 480x480 and 49 frames are within 3 points. Nobody has measured them here.
_AMPERE_MFU: Mapping[Checkpointing, float] = {"full": 0.40, "attention": 0.49, "none": 0.51}
_HOPPER_MFU: Mapping[Checkpointing, float] = {"full": 0.35, "attention": 0.43, "none": 0.45}


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU."""

    name: str
    peak_flops: float  # operations a second, dense bfloat16
    memory_bytes: int
    capability: tuple[int, int]  # NVIDIA's compute capability
    mfu: Mapping[Checkpointing, float] = field(default_factory=dict)  # realistic shares; none: nobody knows any

    @property
    def attention(self) -> AttentionKernel:
        """The kernel that is fastest on it, of those that torch has."""
        return kernel_for(self.capability)

    @property
    def planned_bytes(self) -> float:
        """What a training may fill."""
        return PLANNED_SHARE * self.memory_bytes


def kernel_for(capability: tuple[int, int]) -> AttentionKernel:
    """On Hopper and Blackwell torch by itself takes FlashAttention-2, and loses half of what cuDNN's reaches."""
    return "cudnn" if capability >= (9, 0) and capability < (12, 0) else "flash"


GPUS = {
    gpu.name: gpu
    for gpu in (
        Gpu("A100-40", 312e12, 40_960 * MIB, (8, 0), _AMPERE_MFU),
        Gpu("A100-80", 312e12, 81_920 * MIB, (8, 0), _AMPERE_MFU),
        Gpu("H100", 989e12, 81_559 * MIB, (9, 0), _HOPPER_MFU),
        Gpu("H100-PCIE", 756e12, 81_559 * MIB, (9, 0)),
        Gpu("H200", 989e12, 143_771 * MIB, (9, 0), _HOPPER_MFU),
        Gpu("B200", 2250e12, 183_359 * MIB, (10, 0)),
        Gpu("A40", 149.7e12, 46_068 * MIB, (8, 6)),
        Gpu("L40S", 362e12, 46_068 * MIB, (8, 9)),
        Gpu("RTX3090", 71e12, 24_576 * MIB, (8, 6)),
        Gpu("RTX4090", 165.2e12, 24_564 * MIB, (8, 9)),
        Gpu("RTX5090", 209.5e12, 32_607 * MIB, (12, 0)),
    )
}
_ALIASES = {"4090": "RTX4090", "3090": "RTX3090", "5090": "RTX5090", "A100": "A100-80", "H100-80": "H100"}


@dataclass(frozen=True, slots=True)
class Machine:
    """Many GPUs of one kind."""

    num_gpus: int
    gpu: Gpu

    def __str__(self) -> str:
        return f"{self.num_gpus}x{self.gpu.name}"


def machine_of(text: str) -> Machine:
    """The machine that `16xA100-80` or `H200` means; a UserError where there is no such."""
    found = re.fullmatch(r"(?:(\d{1,6})\s*x\s*)?([a-z0-9-]+)", text.strip(), re.IGNORECASE)
    name = found[2].upper() if found else ""
    gpu = GPUS.get(_ALIASES.get(name, name))
    if not found or gpu is None or found[1] is not None and int(found[1]) < 1:
        raise UserError(
            f"train.machine: {text[:40]!r} is no machine",
            why="it is a number of GPUs and a kind, like 16xA100-80",
            fix=f"one of {', '.join(GPUS)}, with a number and an x before it",
            code="E550",
        )
    return Machine(int(found[1] or 1), gpu)


# What the driver calls a GPU, and what it is here; the first that is found. Two sizes of the A100 have one chip.
_DEVICES = (
    (r"\bA100\b", "A100"),
    (r"\bH100\b.*PCIe", "H100-PCIE"),
    (r"\bH100\b(?!.*NVL)", "H100"),
    (r"\bH200\b(?!.*NVL)", "H200"),
    (r"(?<!G)\bB200\b", "B200"),
    (r"\bA40\b", "A40"),
    (r"\bL40S\b", "L40S"),
    (r"\bRTX 3090\b(?! Ti)", "RTX3090"),
    (r"\bRTX 4090\b(?! (?:D|Laptop))", "RTX4090"),
    (r"\bRTX 5090\b(?! (?:D|Laptop))", "RTX5090"),
)


def gpu_called(device: str, memory_bytes: int) -> Gpu | None:
    """The GPU that a driver calls by this name, "NVIDIA A100-SXM4-80GB"; None where it is none of ours."""
    name = next((ours for pattern, ours in _DEVICES if re.search(pattern, device)), None)
    if name == "A100":
        name = "A100-80" if memory_bytes > 60_000 * MIB else "A100-40"
    return None if name is None else GPUS[name]
