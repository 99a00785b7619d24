"""A client for the part of VRoid Hub's API that hands out the models of a user's own account.

Written from the public pages at developer.vroid.com (API version 11) and tested against a local server that answers as
they say; it was never run against the service itself. The token goes to the service's own address alone, never along a
redirect, and into no message.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from rigmill.outcomes import Refusal, Reject

ADDRESS = "https://hub.vroid.com"
API_VERSION = "11"
_ATTEMPTS = 4
_TIMEOUT_S = (10.0, 30.0)  # to connect, between two pieces of an answer
_DOWNLOAD_S = 600.0  # for one model in all
_MAX_JSON_BYTES = 4_000_000
_MAX_WAIT_S = 60.0
_MAX_PAGES = 100
_MAX_REDIRECTS = 3
_PIECE_BYTES = 1 << 20
T = TypeVar("T")


class HubTrouble(Exception):
    """The service or the way to it, not the model, is why there is no answer; another time it may work."""


class Hub:
    """One user's view of VRoid Hub."""

    def __init__(self, token: str, *, address: str = ADDRESS, wait: Callable[[float], None] | None = None) -> None:
        self._address, self._wait = address, wait or time.sleep
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc entry would replace the token
        self._headers = {
            "Authorization": f"Bearer {token}",
            "X-Api-Version": API_VERSION,
            "Accept": "application/json",
            "User-Agent": "rigmill",
        }

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._session.close()

    def model(self, model_id: str) -> dict[str, Any]:
        """What the service says about a model."""
        data = self._json("GET", f"/api/character_models/{model_id}")
        inner = data.get("character_model")
        return inner if isinstance(inner, dict) else data

    def owns(self, model_id: str) -> bool:
        """Whether the model is one that the token's user uploaded."""
        path: str | None = "/api/account/character_models?count=100"
        for _ in range(_MAX_PAGES):
            if path is None:
                break
            answer = self._answer("GET", path)
            models = answer.get("data")
            if any(isinstance(model, dict) and model.get("id") == model_id for model in models or []):
                return True
            path = _next_page(answer)
        return False

    def download(self, model_id: str, *, max_bytes: int) -> bytes:
        """The model's file, under a download licence that is given back afterwards."""
        licence = self._json("POST", "/api/download_licenses", {"character_model_id": model_id}).get("id")
        if not (isinstance(licence, str) and licence.isascii() and licence.isalnum()):
            raise HubTrouble("the service gave no download licence")
        try:
            return self._retried(lambda: self._file(f"/api/download_licenses/{licence}/download", max_bytes))
        finally:
            try:
                self._call("DELETE", f"/api/download_licenses/{licence}").close()
            except (HubTrouble, Refusal):
                pass  # it runs out by itself

    def _file(self, path: str, max_bytes: int) -> bytes:
        deadline = time.monotonic() + _DOWNLOAD_S
        response = self._call("GET", path)
        for _ in range(_MAX_REDIRECTS):
            target = response.headers.get("Location")
            if not (response.is_redirect and target):
                break
            response.close()
            address = urljoin(response.url, target)
            if urlsplit(address).scheme != urlsplit(self._address).scheme:  # https, except in tests
                raise HubTrouble("the service redirects to an address that is not https")
            response = self._session.get(
                address, headers={"User-Agent": "rigmill"}, timeout=_TIMEOUT_S, stream=True, allow_redirects=False
            )
            if response.status_code >= 400:
                response.close()
                raise _Again(f"the place of the file answered {response.status_code}")
        with response:
            if response.is_redirect:
                raise HubTrouble(f"more than {_MAX_REDIRECTS} redirects")
            data = bytearray()
            for piece in _pieces(response):
                data += piece
                if len(data) > max_bytes:
                    raise Refusal(
                        Reject.TOO_LARGE,
                        "the file is larger than collect.max_file_bytes",
                        measured=float(len(data)),
                        limit=float(max_bytes),
                    )
                if time.monotonic() > deadline:
                    raise HubTrouble(f"the download took more than {_DOWNLOAD_S:.0f} s")
        return bytes(data)

    def _json(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        data = self._answer(method, path, body).get("data")
        if not isinstance(data, dict):
            raise HubTrouble("the service's answer has no 'data'")
        return data

    def _answer(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        def once() -> dict[str, Any]:
            with self._call(method, path, body) as response:
                text = bytearray()
                for piece in _pieces(response):
                    text += piece
                    if len(text) > _MAX_JSON_BYTES:
                        raise HubTrouble("the service's answer is too long")
            try:
                answer = json.loads(bytes(text))
            except (ValueError, RecursionError):
                raise HubTrouble("the service's answer is no JSON") from None
            if not isinstance(answer, dict):
                raise HubTrouble("the service's answer is no object")
            return answer

        return self._retried(once)

    def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> requests.Response:
        try:
            response = self._session.request(
                method,
                self._address + path,
                headers=self._headers,
                json=body,
                timeout=_TIMEOUT_S,
                stream=True,
                allow_redirects=False,
            )
        except RequestException as error:
            raise _Again(f"no answer ({type(error).__name__})") from None
        _check(response)
        return response

    def _retried(self, once: Callable[[], T]) -> T:
        """The answer of one try or another; waits longer each time, or as long as the service asks."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return once()
            except _Again as again:
                trouble = again
            except (RequestException, HTTPError) as error:
                trouble = _Again(f"the connection broke ({type(error).__name__})")
            if attempt < _ATTEMPTS:
                self._wait(min(trouble.wait_s or 2.0**attempt, _MAX_WAIT_S))
        raise HubTrouble(f"{trouble}; {_ATTEMPTS} tries")


class _Again(HubTrouble):
    """Worth another try, after so many seconds where the service says."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


def _check(response: requests.Response) -> None:
    """Nothing for an answer; else what is wrong with the request, the token, the model or the service."""
    status = response.status_code
    if status < 400:
        return
    wait = response.headers.get("Retry-After", "")
    response.close()
    if status == 401:
        raise HubTrouble("the service does not accept the token (401): VROID_HUB_TOKEN has run out or is wrong")
    if status == 403:
        raise Refusal(Reject.LICENCE, "the service does not give this model to this account or application (403)")
    if status == 404:
        raise Refusal(Reject.DEAD_LINK, "the service does not know this model (404)")
    if status == 429 or status >= 500:
        raise _Again(f"the service answered {status}", float(wait) if wait.isascii() and wait.isdigit() else None)
    raise HubTrouble(f"the service answered {status}")


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body, decompressed; a body cut short is an error of the connection."""
    while piece := response.raw.read(_PIECE_BYTES, decode_content=True):
        yield piece


def _next_page(answer: dict[str, Any]) -> str | None:
    """The path of the next page; only ever one of the service itself."""
    links = answer.get("_links")
    after = links.get("next") if isinstance(links, dict) else None
    path = after.get("href") if isinstance(after, dict) else None
    return path if isinstance(path, str) and path.startswith("/api/") else None
