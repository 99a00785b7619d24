"""On what a model is trained and sampled. CPU: every bit repeats. GPU: bfloat16 around float32 adapters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from train.determinism import deterministic_cpu
from train.model.kernels import kernels_for
from train.recipes import DeviceName, Precision


@dataclass(frozen=True, slots=True)
class Hardware:
    """What goes with a device: torch's and Lightning's names for it, and the precision."""

    device: torch.device
    accelerator: str
    precision: str  # as Lightning calls it
    base_dtype: torch.dtype  # of weights from folders, which are frozen
    repeats: bool  # whether the same numbers come out every time

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Around all that is computed without gradients."""
        if self.repeats:
            with deterministic_cpu():
                yield
        else:
            with torch.autocast(self.device.type, self.base_dtype), kernels_for(self.device).attending():
                yield


def hardware_of(name: DeviceName, precision: Precision = "float32") -> Hardware:
    """The hardware of this name. `precision` is that of training on a CPU: weights are float32 all the same."""
    if name == "cpu":
        mixed = "32-true" if precision == "float32" else "bf16-mixed"
        return Hardware(torch.device("cpu"), "cpu", mixed, torch.float32, repeats=True)
    return Hardware(torch.device("cuda"), "gpu", "bf16-mixed", torch.bfloat16, repeats=False)
