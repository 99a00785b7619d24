"""Jobs that wait more than they work, many at a time in one process: downloads, questions to a server."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import ClassVar

from rigmill.errors import UserError
from rigmill.pipeline.stage import Answer, Job

SIGN_OF_LIFE_S = 2.0


class Together(ABC):
    """One batch of such jobs. A UserError of any of them ends the batch; what is finished has its answer before."""

    lets_others_end: ClassVar[bool] = False  # then jobs under way are waited for, and have to end soon; else cancelled

    async def open(self) -> None:  # noqa: B027 - not all need it
        """Called first, in the loop in which all the rest is called."""

    @abstractmethod
    async def answer(self, job: Job) -> Answer:
        """Do one job. All are begun at once; what may not run at once waits inside."""

    async def close(self) -> None:  # noqa: B027 - not all need it
        """Called last, whatever happened, with no job running."""


def answers_as_they_end(together: Together, jobs: Sequence[Job], report: Callable[[int], None]) -> Iterator[Answer]:
    """One answer per job, in the order in which they end. `report` is told now and then how many have ended."""
    with asyncio.Runner() as runner:
        tasks: set[asyncio.Task[Answer]] = set()
        trouble: UserError | None = None
        num_done = 0
        try:
            runner.run(together.open())
            tasks = runner.run(_begun(together, jobs))
            while tasks and trouble is None:
                done, tasks = runner.run(_first(tasks))
                for task in done:
                    try:
                        answer = task.result()
                    except UserError as error:
                        trouble = error
                        continue
                    num_done += 1
                    yield answer
                with suppress(OSError):  # a full disk is the jobs' to report
                    report(num_done)
            if together.lets_others_end and tasks:
                runner.run(asyncio.wait(tasks))
            stopped, tasks = tasks, set()
            yield from runner.run(_stopped(stopped))  # what ended while the trouble came up
            if trouble is not None:
                raise trouble
        finally:
            runner.run(_stopped(tasks))
            runner.run(together.close())


async def _begun(together: Together, jobs: Sequence[Job]) -> set[asyncio.Task[Answer]]:
    return {asyncio.create_task(together.answer(job)) for job in jobs}


async def _first(tasks: set[asyncio.Task[Answer]]) -> tuple[set[asyncio.Task[Answer]], set[asyncio.Task[Answer]]]:
    return await asyncio.wait(tasks, timeout=SIGN_OF_LIFE_S, return_when=asyncio.FIRST_COMPLETED)


async def _stopped(tasks: set[asyncio.Task[Answer]]) -> list[Answer]:
    """Cancel tasks; the answers of those that had just ended."""
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    return [answer for answer in ended if isinstance(answer, Answer)]
