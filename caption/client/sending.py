"""One request, sent once: the body that came back, or which kind of failure it was. Nothing is tried again here."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from caption.client.breaker import BUSY
from caption.client.key import Key, checked_address, is_this_machine
from caption.client.pauses import asked_pause_s
from rigmill.config.caption import Endpoint
from rigmill.errors import UserError
from rigmill.printable import one_line, shortened

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

_TRY_AGAIN = frozenset({408, 409, 425, 429})  # and all from 500 on
_STOP = frozenset({401, 402, 403, 404, 405, 407, 410})  # and all redirections: no other row would fare better
_WORDS_OF_SERVER = 300  # characters
_LONGEST_CONNECT_S = 10.0


class TryAgain(Exception):
    """It says nothing about the question. `wait_s`: as the server asked; `weight`: of a failure, for the breaker.

    The message is the same whenever the same thing happens: no times, no ids. `may_be_charged`: the server may have
    answered and counted it, although nothing arrived.
    """

    def __init__(
        self, message: str, *, wait_s: float | None = None, weight: float = 1.0, may_be_charged: bool = False
    ) -> None:
        super().__init__(message)
        self.wait_s, self.weight, self.may_be_charged = wait_s, weight, may_be_charged


class NotTaken(Exception):
    """The server will not have this question, in its own words (scrubbed, one line, capped)."""


@dataclass(slots=True)
class Line:
    """An open connection to the endpoint's server."""

    endpoint: Endpoint
    key: Key
    address: str  # as it may be shown
    _client: AsyncOpenAI = field(repr=False)

    @classmethod
    @asynccontextmanager
    async def opened(cls, endpoint: Endpoint, key: Key) -> AsyncIterator[Line]:
        """The only place that imports openai, which takes half a second."""
        address = checked_address(endpoint.base_url, key)
        try:
            import openai
        except ImportError:
            raise UserError(
                "a model is asked by the package openai, which is not installed",
                fix="{command} says how to install it",
                command=("doctor",),
                code="E405",
            ) from None
        connect_s = min(_LONGEST_CONNECT_S, endpoint.request_s)
        transport = openai.DefaultAsyncHttpxClient(
            follow_redirects=False,  # a POST would become a GET, and the key is for one server
            trust_env=not is_this_machine(endpoint.base_url),  # proxies
            timeout=openai.Timeout(endpoint.request_s, connect=connect_s),
        )
        nobody: Any = openai.omit
        async with openai.AsyncOpenAI(
            api_key=key.reveal(),
            base_url=endpoint.base_url,
            max_retries=0,
            http_client=transport,
            default_headers={}
            if "openai.com" in address
            else {"OpenAI-Organization": nobody, "OpenAI-Project": nobody},
        ) as client:
            yield cls(endpoint, key, address, client)

    async def send(self, body: bytes, name: str, within_s: float) -> str:
        """What came back with status 200, without the key; TryAgain, NotTaken, or a UserError that stops the stage.

        `name` tells the server's log which question it was.
        """
        import openai

        headers = {"Content-Type": "application/json", "X-Client-Request-Id": name}
        try:
            async with asyncio.timeout(within_s):
                answer = await self._client.post(
                    "/chat/completions", cast_to=bytes, content=body, options={"headers": headers}
                )
        except (TimeoutError, openai.APITimeoutError):
            raise TryAgain("no answer in time", may_be_charged=True) from None
        except openai.APIConnectionError as error:
            raise _no_connection(error) from None
        except openai.APIStatusError as error:
            raise self._refused(error) from None
        return self.key.scrub(answer.decode(errors="replace"))

    def _refused(self, error: APIStatusError) -> Exception:
        status, words = error.status_code, self._words(error)
        if status == 429 and "insufficient_quota" in error.response.text:
            return self._stop(status, "the account has no credit left", words)
        if status in _TRY_AGAIN or status >= 500:
            wait_s = asked_pause_s(error.response.headers)
            weight = BUSY if status == 429 and wait_s is not None else 1.0
            return TryAgain(f"status {status}", wait_s=wait_s, weight=weight)
        if status in _STOP or status < 400:
            return self._stop(status, _MEANING.get(status, "it leads somewhere else"), "" if status == 401 else words)
        return NotTaken(f"status {status}: {words}" if words else f"status {status}")

    def _stop(self, status: int, meaning: str, words: str) -> UserError:
        variable = self.key.variable
        fixes = {404: "correct caption.endpoint.base_url and caption.endpoint.model", 402: "look at the account"}
        fix = fixes.get(status, "correct caption.endpoint.base_url")
        if status in (401, 403):
            fix = f"set environment variable {variable} to a key of that server" + (
                "" if self.key.is_given else " (it is not set here)"
            )
        elif status == 429:
            fix = "look at the account"
        return UserError(
            f"{self.address} refuses model {self.endpoint.model}: status {status}, {meaning}",
            why=f"the server says: {words}" if words else "",
            fix=f"{fix}, then run the same command: what is answered is kept",
            code="E401",
        )

    def _words(self, error: APIStatusError) -> str:
        """What the server says, for a person: one line, without markup and without the key."""
        text = error.response.text
        try:
            text = message_in(json.loads(text)) or text
        except (ValueError, RecursionError):
            text = re.sub(r"<[^>]*>", " ", text)
        return shortened(" ".join(one_line(self.key.scrub(text)).split()), _WORDS_OF_SERVER)


_MEANING = {
    401: "the key is wrong or missing",
    402: "it wants to be paid",
    403: "the key may not do that",
    404: "there is no such address or model",
    405: "it is no address for questions",
    407: "a proxy wants a password",
    410: "the address or the model is gone",
}


def message_in(value: Any) -> str:
    """The message in the ways in which servers wrap one."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return next(filter(None, (message_in(value.get(name)) for name in ("error", "message", "detail"))), "")
    return ""


def _no_connection(error: BaseException) -> TryAgain:
    """Why there is no connection. Before one is made, nothing was asked, so nothing is charged."""
    inner = error.__cause__ or error
    name = type(inner).__name__
    if name in ("ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol"):
        return TryAgain("no connection to the server")
    return TryAgain("the connection broke", may_be_charged=True)
