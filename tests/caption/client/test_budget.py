from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from caption.client.asker import Asker
from caption.client.budget import Ledger, OverLimit, Reservation, Spent
from caption.client.prices import cost_usd
from caption.questions.question import Reply, Usage
from rigmill.config.caption import Endpoint, Price
from rigmill.errors import UserError
from tests.support.caption_questions import GOOD, endpoint, question
from tests.support.caption_server import Answer, CaptionServer, served

PRICES = {"some-model": Price(input_usd=100.0, output_usd=400.0)}


def ask(where: Endpoint, output: Path, num_questions: int) -> tuple[list[Any], Spent]:
    async def all_of_them() -> tuple[list[Any], Spent]:
        async with Asker.opened(where, output=output) as asker:
            asked = (asker.ask(question(number)) for number in range(num_questions))
            return list(await asyncio.gather(*asked, return_exceptions=True)), asker.spent()

    return asyncio.run(all_of_them())


def counting(server: CaptionServer, input_tokens: int, output_tokens: int) -> None:
    """The server counts this for every answer."""
    usage = {"prompt_tokens": input_tokens, "completion_tokens": output_tokens}
    server.answering = lambda request, seen: Answer(text=json.dumps(GOOD), usage=usage)


def test_money_and_tokens_are_what_the_server_counted(tmp_path: Path) -> None:
    with served() as server:
        counting(server, 110, 20)
        _, spent = ask(endpoint(server.url, model="some-model", prices=PRICES), tmp_path, 5)
    assert spent == Spent(5, 5 * 130, pytest.approx(5 * (110 * 100 + 20 * 400) / 1e6), 0)


def test_without_a_price_money_is_unknown_and_tokens_are_counted(tmp_path: Path) -> None:
    assert cost_usd(Usage(1, 1), Endpoint()) is None
    with served() as server:
        counting(server, 110, 20)
        _, spent = ask(endpoint(server.url), tmp_path, 2)
    assert (spent.tokens, spent.usd, spent.unpriced_tokens) == (260, 0.0, 260)


def test_a_limit_of_money_without_a_price_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with served() as server, pytest.raises(UserError, match="there is no price for model other"):
        ask(endpoint(server.url, model="other", prices=PRICES, max_usd=1.0), tmp_path, 1)
    assert not server.log


@pytest.mark.parametrize(
    ("limit", "raised"), [({"max_tokens": 3000}, "max_tokens"), ({"max_usd": 0.3}, "max_usd")], ids=["tokens", "usd"]
)
def test_a_tiny_budget_stops_before_it_is_exceeded(tmp_path: Path, limit: dict[str, Any], raised: str) -> None:
    where: dict[str, Any] = {"model": "some-model", "prices": PRICES, "concurrency": 4}
    with served() as server:
        counting(server, 110, 120)
        answers, spent = ask(endpoint(server.url, **where, **limit), tmp_path, 60)
        most = limit.get("max_tokens", 10**9), limit.get("max_usd", 10**9)
        assert spent.tokens <= most[0] and spent.usd <= most[1]
        good = [answer for answer in answers if isinstance(answer, Reply)]
        assert len(good) == len(server.log) == spent.num_requests and 4 <= len(good) < 20
        error = next(answer for answer in answers if isinstance(answer, UserError))
        assert f"caption.endpoint.{raised} is reached" in error.what and "set caption.endpoint." in error.fix
        sent = len(server.log)
        answers, again = ask(endpoint(server.url, **where, **limit), tmp_path, 60)  # a new run begins where that ended
        assert len(server.log) == sent and again == spent
        assert sum(isinstance(answer, Reply) for answer in answers) == len(good)
        _, more = ask(endpoint(server.url, **where), tmp_path, 60)
    assert more.num_requests == 60


def test_a_server_that_counts_more_than_was_thought_is_believed(tmp_path: Path) -> None:
    """Its first answer says so, before others are sent; the rest are reserved by that."""
    with served() as server:
        usage = {"prompt_tokens": 5000, "completion_tokens": 20}
        server.answering = lambda request, seen: Answer(text=json.dumps(GOOD), usage=usage, silent_s=0.3)
        _, spent = ask(endpoint(server.url, max_tokens=22_000, concurrency=8, request_s=5), tmp_path, 30)
        assert len(server.log) == 4 and spent.tokens == 4 * 5020
        ask(
            endpoint(server.url, max_tokens=31_000, concurrency=8, request_s=5), tmp_path, 30
        )  # and by the next run from the start
        assert len(server.log) == 6 and server.log[5].at_s - server.log[4].at_s < 0.3  # together


def test_what_was_turned_away_costs_nothing_and_what_was_lost_costs_its_reservation(tmp_path: Path) -> None:
    with served(answering=lambda request, seen: Answer(503, body="")) as server:
        _, spent = ask(endpoint(server.url, tries=1), tmp_path, 1)
        assert (spent.tokens, spent.num_requests) == (0, 1)
        server.answering = lambda request, seen: Answer(silent_s=2)
        _, spent = ask(endpoint(server.url, tries=1, request_s=0.2), tmp_path, 1)
        assert spent.tokens > 120 + 4  # all that could have been said, and what was asked
        server.answering = lambda request, seen: Answer(text=json.dumps(GOOD), without_usage=True)
        _, after = ask(endpoint(server.url), tmp_path, 1)
    assert after.tokens == 2 * spent.tokens


def _spend(path: Path, limit: int, start: Any, results: Any) -> None:
    """A process that reserves for as long as it may, and settles half of what it got below its reservation."""
    ledger, where = Ledger(path), Endpoint(max_tokens=limit)
    start.wait()
    num_settled = num_open = 0
    while True:
        try:
            ledger.reserve(Reservation(Usage(7, 3), 10, None), where)
        except OverLimit:
            break
        if (num_settled + num_open) % 2:
            ledger.add(-4, None)
            num_settled += 1
        else:
            num_open += 1
    results.put((num_settled, num_open))


def test_processes_at_once_never_exceed_a_limit_together(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start, results = context.Event(), context.Queue()
    path, limit = tmp_path / "spent.jsonl", 4003
    workers = [context.Process(target=_spend, args=(path, limit, start, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    start.set()
    counts = [results.get(timeout=30) for _ in workers]
    for worker in workers:
        worker.join()
    spent = Ledger(path).spent()
    assert spent.tokens == sum(6 * settled + 10 * left for settled, left in counts)
    assert limit - 10 < spent.tokens <= limit
    sums = [json.loads(line)["spent"]["tokens"] for line in path.read_bytes().splitlines()]
    assert max(sums) <= limit  # at no time


def test_what_a_killed_process_had_reserved_stays_counted(tmp_path: Path) -> None:
    path = tmp_path / "spent.jsonl"
    child = os.fork()
    if child == 0:
        Ledger(path).reserve(Reservation(Usage(70, 30), 100, 0.5), Endpoint(max_tokens=1000))
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert Ledger(path).spent() == Spent(1, 100, 0.5, 0)
    with pytest.raises(OverLimit):
        Ledger(path).reserve(Reservation(Usage(70, 30), 901, 0.5), Endpoint(max_tokens=1000))


def test_a_ledger_that_was_cut_short_goes_on_from_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "spent.jsonl"
    ledger = Ledger(path)
    for _ in range(60):
        ledger.add(100, 0.25, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert Ledger(path).spent() == Spent(59, 5900, 59 * 0.25, 0)
    ledger.add(100, 0.25, 1)
    assert Ledger(path).spent() == Spent(60, 6000, 15.0, 0)


def test_a_damaged_ledger_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "spent.jsonl"
    Ledger(path).add(100, 0.25, 1)
    path.write_bytes(path.read_bytes().replace(b"100", b"001"))
    with pytest.raises(UserError, match="says no longer what was spent"):
        Ledger(path).spent()
