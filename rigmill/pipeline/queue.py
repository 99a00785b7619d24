"""What is to be done of one stage: jobs that wait, in groups, and those that are in somebody's hands."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence

from rigmill.pipeline.stage import Stub


class Queue:
    """Jobs from the plan to their outcome. Each is waiting, or handed out, or finished, and counted once.

    `quota` is how many different jobs may be handed out; None: all. With `together`, groups do not matter.
    """

    def __init__(self, *, batch: int, quota: int | None = None, together: bool = False) -> None:
        self._batch, self._quota, self._together = batch, quota, together
        self._groups: OrderedDict[str, deque[Stub]] = OrderedDict()
        self._suspects: deque[Stub] = deque()  # they run by themselves, so that blame is certain
        self._open: dict[str, Stub] = {}  # by key: waiting or handed out
        self._finished: set[str] = set()
        self._failures: dict[str, int] = {}  # of open jobs, before the attempt that is to come or goes on
        self.num_handed_out = 0

    @property
    def ready(self) -> bool:
        """Whether something may be handed out."""
        return bool(self._suspects) or (bool(self._groups) and self._quota != 0)

    @property
    def num_finished(self) -> int:
        return len(self._finished)

    def add(self, stubs: Iterable[Stub]) -> None:
        """Take in what has been planned; what is here already, or was, is not done twice."""
        for stub in stubs:
            if stub.key not in self._open and stub.key not in self._finished:
                self._open[stub.key] = stub
                self._groups.setdefault(self._group(stub), deque()).append(stub)

    def _group(self, stub: Stub) -> str:
        return "" if self._together else stub.group

    def next_batch(self) -> list[Stub]:
        """Hand out jobs of one group: the next suspect, or as many as a worker gets at once."""
        if self._suspects:
            stubs = [self._suspects.popleft()]
        else:
            group, waiting = next(iter(self._groups.items()))
            size = min(len(waiting), self._batch, len(waiting) if self._quota is None else self._quota)
            stubs = [waiting.popleft() for _ in range(size)]
            if not waiting:
                del self._groups[group]
            self._charge(size)
        self.num_handed_out += len(stubs)
        return stubs

    def put_back(self, stubs: Sequence[Stub]) -> None:
        """To the front of the queue, in this order: they were handed out and not tried."""
        for stub in reversed(stubs):
            group = self._group(stub)
            self._groups.setdefault(group, deque()).appendleft(stub)
            self._groups.move_to_end(group, last=False)
        self._charge(-len(stubs))
        self.num_handed_out -= len(stubs)

    def _charge(self, num_jobs: int) -> None:
        if self._quota is not None:
            self._quota -= num_jobs

    def job(self, key: str) -> tuple[Stub, int]:
        """A job that was handed out, and which attempt at it this is: 1, 2, ..."""
        return self._open[key], self._failures.get(key, 0) + 1

    def try_again(self, key: str) -> None:
        """The attempt failed: one more, alone. The quota has been charged for it."""
        self._failures[key] = self._failures.get(key, 0) + 1
        self._suspects.append(self._open[key])
        self.num_handed_out -= 1

    def finish(self, key: str) -> None:
        """The job has its outcome."""
        del self._open[key]
        self._failures.pop(key, None)
        self._finished.add(key)
        self.num_handed_out -= 1
