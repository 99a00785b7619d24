"""What is computed again in the backward pass changes no bit, and attention need not be among it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tests.train.model.test_attention import new, said_and_gradients
from train.model.again import ATTENTION_KERNELS
from train.recipes import Checkpointing, Trains

TOKENS, GROUP, CAPTION = (32, 32), (8, 8), (32, 5)  # queries and keys: within a view, over views, to the caption


class Attended(TorchDispatchMode):
    """Counts forward passes of attention by their numbers of queries and keys."""

    def __init__(self) -> None:
        super().__init__()
        self.times: Counter[tuple[int, int]] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function in ATTENTION_KERNELS:
            self.times[args[0].shape[2], args[1].shape[2]] += 1
        return function(*args, **kwargs or {})


def step(trains: Trains, how: Checkpointing) -> tuple[Tensor, Tensor, Counter[tuple[int, int]]]:
    model = new()
    if trains == "adapters":
        torch.manual_seed(3)
        model.add_adapters(4)
    model.trained_by(trains)
    model.checkpointing = how
    with Attended() as attended:
        said, gradients = said_and_gradients(model)
    return said, gradients, attended.times


@pytest.mark.parametrize("trains", ["all", "adapters", "views"])
def test_three_ways_to_keep_say_the_same_to_the_bit(trains: Trains) -> None:
    said, gradients, once = step(trains, "none")
    assert gradients.abs().max() > 1e-4
    layers = 2
    assert once == {TOKENS: layers, GROUP: layers, CAPTION: layers}
    wanted = {
        "attention": {TOKENS: layers, GROUP: layers, CAPTION: 2 * layers},
        "full": {TOKENS: 2 * layers, GROUP: 2 * layers, CAPTION: 2 * layers},
    }
    for how in ("attention", "full"):
        again, found, times = step(trains, how)
        assert torch.equal(again, said) and torch.equal(found, gradients), how
        assert times == wanted[how]


@pytest.mark.slow  # a compiler at work
def test_a_compiled_block_does_not_attend_again_either() -> None:
    # Dynamo compiles nothing under a foreign dispatch mode, so kernels are counted by the profiler: it sees a kernel
    # once for every mode that it passes, alike in blocks that are compiled and in those that are not.
    def kernels(compiled: bool, how: Checkpointing) -> tuple[int, Tensor]:
        model = new()
        model.checkpointing = how
        if compiled:
            model.compile_blocks()
            said_and_gradients(model)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as seen:
            _, gradients = said_and_gradients(model)
        names = {str(kernel).removeprefix("aten.").removesuffix(".default") for kernel in ATTENTION_KERNELS}
        return sum(event.name.removeprefix("aten::") in names for event in seen.events()), gradients

    plain = {how: kernels(False, how) for how in ("attention", "full")}
    found = {how: kernels(True, how) for how in ("attention", "full")}
    for how, (number, gradients) in found.items():
        assert number == plain[how][0], how
        assert torch.allclose(gradients, plain["full"][1], atol=1e-4)
