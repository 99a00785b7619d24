"""How long whoever trains waits for data."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class Waiting:
    """Times what an iteration waits for its next item, against all that passes."""

    def __init__(self) -> None:
        self.waited_s = self.passed_s = 0.0

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, timed."""
        begun = last = time.perf_counter()
        passed = self.passed_s
        iterator = iter(items)
        while True:
            try:
                item = next(iterator)
            except StopIteration:
                return
            finally:
                now = time.perf_counter()
                self.waited_s += now - last
                self.passed_s = passed + now - begun
            yield item
            last = time.perf_counter()
            self.passed_s = passed + last - begun

    @property
    def share(self) -> float:
        """Of the time that passed, what was spent waiting for data: `data_wait_share`."""
        return self.waited_s / self.passed_s if self.passed_s else 0.0
