from __future__ import annotations

import asyncio
import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest

from caption.client.asker import Asker
from caption.client.pace import Pace
from rigmill.config.caption import Endpoint
from tests.support.caption_questions import GOOD, endpoint, question
from tests.support.caption_server import served


def _take(path: Path, where: Endpoint, num: int, tokens: int, results: Any) -> None:
    async def turns() -> list[float]:
        pace, moments = Pace(path, where), []

        async def one() -> None:
            await pace.turn(tokens)
            moments.append(time.time())

        await asyncio.gather(*(one() for _ in range(num)))
        return moments

    results.put(asyncio.run(turns()))


@pytest.mark.parametrize(
    ("limits", "tokens"),
    [({"requests_per_min": 1200}, 5), ({"tokens_per_min": 12_000}, 10)],
    ids=["requests", "tokens"],
)
def test_processes_together_keep_to_a_rate(tmp_path: Path, limits: dict[str, Any], tokens: int) -> None:
    """Both limits are one in 0.05 s."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    where = Endpoint(**limits)
    workers = [context.Process(target=_take, args=(tmp_path / "pace.bin", where, 6, tokens, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    moments = sorted(moment for _ in workers for moment in results.get(timeout=30))
    for worker in workers:
        worker.join()
    assert len(moments) == 18
    assert 17 * 0.05 - 0.02 <= moments[-1] - moments[0] < 4


def test_a_worker_keeps_to_the_rate_of_its_endpoint(tmp_path: Path) -> None:
    async def ask(where: Endpoint) -> None:
        async with Asker.opened(where, output=tmp_path) as asker:
            await asyncio.gather(*(asker.ask(question(number)) for number in range(6)))

    with served(answering=lambda request, seen: dict(GOOD)) as server:
        asyncio.run(ask(endpoint(server.url, requests_per_min=600, deadline_s=0.3)))  # waiting a turn is no delay of it
        moments = [asked.at_s for asked in server.log]
    assert len(moments) == 6 and moments[-1] - moments[0] >= 5 * 0.1 - 0.03


def test_a_clock_that_was_set_back_stops_nobody_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(tmp_path / "pace.bin", Endpoint(requests_per_min=600))
    asyncio.run(pace.turn(1))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 86_400)
    started = time.monotonic()
    asyncio.run(pace.turn(1))
    assert time.monotonic() - started < 1.0


def test_without_limits_nothing_is_written(tmp_path: Path) -> None:
    asyncio.run(Pace(tmp_path / "pace.bin", Endpoint()).turn(1000))
    assert not list(tmp_path.iterdir())
