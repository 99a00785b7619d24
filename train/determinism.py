"""The same numbers in every run on the same kind of machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def deterministic_cpu(num_threads: int = 1) -> Iterator[None]:
    """So many threads and deterministic kernels inside; as before outside. More are slower for a tiny model, and give
    other bits, the same every time.
    """
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(num_threads)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)
