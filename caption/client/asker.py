"""Asks a model: the one policy of retries, limits and cache that every question goes through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from caption.client.answers import Completion, NoCompletion, read_completion, value_or_problem
from caption.client.breaker import Breaker
from caption.client.budget import Budget, Ledger, Spent
from caption.client.cache import Cache, Record, key_of, parameters_of
from caption.client.key import Key
from caption.client.pace import Pace
from caption.client.pauses import pause_s
from caption.client.request_body import check_extra, request_body
from caption.client.schema_check import as_sent
from caption.client.sending import Line, NotTaken, TryAgain
from caption.client.tokens import estimate
from caption.questions.question import Question, Reply, Turn
from rigmill.config.caption import Endpoint
from rigmill.errors import UserError
from rigmill.outcomes import Refusal, Reject
from rigmill.printable import shortened
from rigmill.storage.files import canonical_json
from rigmill.storage.layout import Layout

_KEPT_OF_ANSWER = 200  # characters, in a verdict
_REPEATED_OF_ANSWER = 1000  # characters, when the model is told what was wrong with it


class NoAnswer(Exception):
    """The network's or the server's fault, after all tries: it says nothing about the question, so ask in another run.

    A stage makes Failed(FailKind.NETWORK) of it. The message is the same whenever the same thing happens.
    """


@dataclass(slots=True)
class Effort:
    """What one question has taken so far, all of its tries together."""

    num_requests: int = 0
    busy_s: float = 0.0  # in requests and pauses; not while it waited for its turn
    attempt: int = 0  # failed ones in a row


class Asker:
    """Puts questions to an endpoint for one worker. `ask` may be called for many questions at once.

    After one call has raised a UserError the stage is over: every other call raises it as soon as it would send
    something, and requests that are under way still end and are kept, for they are paid: wait for their calls.
    """

    def __init__(self, line: Line, output: Path) -> None:
        folder = Layout(output).answers
        self._line, self._endpoint = line, line.endpoint
        self._cache = Cache(folder)
        self._ledger = Ledger(folder / "spent.jsonl")
        self._budget = Budget(self._ledger, line.endpoint)
        self._pace = Pace(folder / "pace.bin", line.endpoint)
        self._breaker = Breaker(line.endpoint.breaker, line.address)
        self._room = asyncio.Semaphore(line.endpoint.concurrency)
        self._left_alone_until = 0.0  # of time.monotonic: the server asked for it
        self._stop: UserError | None = None
        self._stopped = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def opened(cls, endpoint: Endpoint, *, output: Path, key: Key | None = None) -> AsyncIterator[Asker]:
        """Connections for a worker. `output` is the profile's output folder; the key is read from the environment.

        A UserError where the endpoint's settings cannot work: no request is sent before.
        """
        check_extra(endpoint)
        async with Line.opened(endpoint, key or Key.from_environment(endpoint.key_variable)) as line:
            asker = cls(line, output)
            asker._budget.check()
            yield asker

    def spent(self) -> Spent:
        """What all requests of the output folder have cost so far."""
        return self._ledger.spent()

    async def ask(self, question: Question) -> Reply:
        """The model's answer, of the form that was asked for.

        Refusal: the server will not have the question, or all answers were of another form. NoAnswer: none came.
        UserError: the stage cannot go on.
        """
        effort, asked = Effort(), question
        for _ in range(self._endpoint.bad_answers):
            record = await self._answer(asked, effort)
            if record.value is not None:
                return Reply(
                    value=record.value,
                    text=record.text,
                    model=record.model,
                    usage=record.usage,
                    cached=effort.num_requests == 0,
                    num_requests=effort.num_requests,
                )
            asked = _told(asked, record)
        said = shortened(record.text, _KEPT_OF_ANSWER)
        raise Refusal(Reject.BAD_ANSWER, f"{record.problem}: {said}" if said else record.problem)

    async def _answer(self, question: Question, effort: Effort) -> Record:
        """From the cache, or by as many requests as it takes."""
        digest, parameters = question.digest, parameters_of(question, self._endpoint)
        key = key_of(digest, parameters, self._endpoint.model)
        if (known := await asyncio.to_thread(self._cache.find, key)) is not None:
            return known
        while True:
            try:
                completion, latency_s = await self._request(question, digest, effort)
            except TryAgain as trouble:
                await self._pause(trouble, digest, effort)
                continue
            effort.attempt = 0
            value, problem = value_or_problem(completion, question.schema)
            record = Record(
                key=key,
                question=digest,
                pictures=question.picture_digests,
                prompt=question.prompt,
                model_asked=self._endpoint.model,
                model=completion.model or self._endpoint.model,
                parameters=parameters,
                text=completion.text or completion.refusal,
                value=value,
                problem=problem,
                finish_reason=completion.finish_reason,
                usage=completion.usage or estimate(question, self._endpoint),
                is_counted=completion.usage is not None,
                num_requests=effort.num_requests,
                latency_s=round(latency_s, 3),
                date=datetime.now(UTC).isoformat(timespec="seconds"),
                source=self._line.address,
            )
            await asyncio.to_thread(self._cache.put, record)
            return record

    async def _request(self, question: Question, digest: str, effort: Effort) -> tuple[Completion, float]:
        """One request, when it is its turn. What it cost is settled whatever becomes of it."""
        if effort.busy_s >= self._endpoint.deadline_s:
            raise NoAnswer("the model's server gave no good answer in time")
        async with self._room:
            worst = replace(estimate(question, self._endpoint), output_tokens=question.max_output_tokens)
            await self._turn(worst.input_tokens + worst.output_tokens)
            try:
                reservation = await self._budget.reserve(worst)
            except UserError as error:
                raise self._stopped_by(error) from None
            started = time.monotonic()
            within_s = min(self._endpoint.request_s, self._endpoint.deadline_s - effort.busy_s)
            effort.num_requests += 1
            settled = False
            try:
                body = request_body(question, self._endpoint)
                text = await self._line.send(body, f"{digest[:32]}-{effort.num_requests}", within_s)
                completion = read_completion(text)
                self._breaker.answered()
                settled = True
                await self._budget.settle(reservation, completion.usage)
                return completion, time.monotonic() - started
            except NoCompletion as error:
                trouble = TryAgain(str(error))
                self._count(trouble)
                raise trouble from None
            except TryAgain as trouble:
                if not trouble.may_be_charged:
                    settled = True
                    await self._budget.release(reservation)
                self._count(trouble)
                raise
            except NotTaken as error:
                settled = True
                await self._budget.release(reservation)
                self._count(TryAgain(str(error)))
                raise Refusal(Reject.BAD_ANSWER, f"the server does not take the question: {error}") from None
            except UserError as error:
                settled = True
                await self._budget.release(reservation)
                raise self._stopped_by(error) from None
            finally:
                if not settled:
                    self._budget.lost()
                effort.busy_s += time.monotonic() - started

    async def _turn(self, tokens: int) -> None:
        """Wait until a request may go: the stage is not over, the server wants to be asked, and the pace allows it."""
        while (wait_s := self._left_alone_until - time.monotonic()) > 0 and self._stop is None:
            await self._sleep(wait_s)
        self._go_on()
        await self._pace.turn(tokens)
        self._go_on()

    async def _pause(self, trouble: TryAgain, digest: str, effort: Effort) -> None:
        """Before the next try; NoAnswer where there is none left."""
        wait_s = pause_s(digest, effort.attempt) if trouble.wait_s is None else trouble.wait_s
        effort.attempt += 1
        too_late = effort.busy_s + wait_s >= self._endpoint.deadline_s
        if effort.num_requests >= self._endpoint.tries or too_late:
            raise NoAnswer(f"the model's server gave no answer; the last try: {trouble}")
        if trouble.wait_s is not None:
            self._left_alone_until = max(self._left_alone_until, time.monotonic() + trouble.wait_s)
        effort.busy_s += wait_s
        await self._sleep(wait_s)

    async def _sleep(self, seconds: float) -> None:
        """As long, or until the stage is over."""
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return

    def _count(self, trouble: TryAgain) -> None:
        try:
            self._breaker.failed(str(trouble), trouble.weight)
        except UserError as error:
            raise self._stopped_by(error) from None

    def _go_on(self) -> None:
        if self._stop is not None:
            raise self._stopped_by(self._stop)

    def _stopped_by(self, error: UserError) -> UserError:
        """The error for this call; that of the first one stays that of all."""
        self._stop = self._stop or error
        self._stopped.set()
        first = self._stop
        return UserError(first.what, why=first.why, fix=first.fix, code=first.code, command=first.command)


def _told(question: Question, record: Record) -> Question:
    """The same question, after the answer and what was wrong with it: asked again alone it would be answered alike."""
    answer = shortened(record.text, _REPEATED_OF_ANSWER) or "(nothing)"
    correction = (
        f"That cannot be used: {record.problem}. Answer the question again with one JSON object and nothing else. "
        f"It has to satisfy this JSON schema: {canonical_json(as_sent(question.schema))}"
    )
    return replace(question, turns=(*question.turns, Turn("assistant", answer), Turn("user", correction)))
