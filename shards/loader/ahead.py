"""Batches loaded beside whoever uses the ones before, in a thread of this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Key = TypeVar("Key")
Item = TypeVar("Item")


def ahead(load: Callable[[Key], Item], keys: Iterable[Key], *, depth: int = 2) -> Iterator[Item]:
    """What `load` gives for every key, in their order, up to `depth` of them before they are asked for.

    Decoding, drawing and conversion let other threads run, and a batch is handed over without a copy: for a loader that
    fills few cores that is cheaper than processes.
    """
    waiting: deque[Future[Item]] = deque()
    pool = ThreadPoolExecutor(1, thread_name_prefix="batches")
    try:
        for key in keys:
            waiting.append(pool.submit(load, key))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
