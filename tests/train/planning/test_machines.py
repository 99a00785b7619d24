"""Machines as people write them, and GPUs as drivers call them."""

from __future__ import annotations

import pytest

from rigmill.errors import UserError
from train.planning.machines import GPUS, MIB, gpu_called, machine_of


@pytest.mark.parametrize(
    ("text", "num", "name"),
    [("16xA100-80", 16, "A100-80"), ("8 x h200", 8, "H200"), ("4090", 1, "RTX4090"), ("2xRTX4090", 2, "RTX4090")],
)
def test_a_machine_is_a_number_of_gpus(text: str, num: int, name: str) -> None:
    machine = machine_of(text)
    assert (machine.num_gpus, machine.gpu.name) == (num, name)
    assert str(machine) == f"{num}x{name}"
    assert machine_of(str(machine)) == machine


@pytest.mark.parametrize("text", ["", "0xH100", "16", "x", "9xTPU", "A100-80x16", "-2xH100", "8xH100x2"])
def test_what_is_no_machine_is_refused_with_those_that_are(text: str) -> None:
    with pytest.raises(UserError) as caught:
        machine_of(text)
    assert caught.value.code == "E550" and all(name in caught.value.fix for name in GPUS)


@pytest.mark.parametrize(
    ("device", "mebibytes", "name"),
    [
        ("NVIDIA A100-SXM4-80GB", 81_050, "A100-80"),
        ("NVIDIA A100-PCIE-40GB", 40_326, "A100-40"),
        ("NVIDIA H100 80GB HBM3", 81_089, "H100"),
        ("NVIDIA H100 PCIe", 81_089, "H100-PCIE"),
        ("NVIDIA H100 NVL", 95_000, None),
        ("NVIDIA H200", 143_000, "H200"),
        ("NVIDIA B200", 182_000, "B200"),
        ("NVIDIA GB200", 189_000, None),
        ("NVIDIA L40S", 45_000, "L40S"),
        ("NVIDIA GeForce RTX 4090", 24_100, "RTX4090"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 16_000, None),
        ("Tesla V100-SXM2-32GB", 32_000, None),
    ],
)
def test_a_gpu_is_known_by_what_its_driver_calls_it(device: str, mebibytes: int, name: str | None) -> None:
    gpu = gpu_called(device, mebibytes * MIB)
    assert (None if gpu is None else gpu.name) == name


def test_cudnn_attends_on_hopper_and_blackwell_alone() -> None:
    assert {name for name, gpu in GPUS.items() if gpu.attention == "cudnn"} == {"H100", "H100-PCIE", "H200", "B200"}
