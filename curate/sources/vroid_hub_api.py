"""A client for the part of VRoid Hub's API that hands out the models of a user's own account.

Written from the public pages at developer.vroid.com (API version 11) and tested against a local server that answers as
they say; it was never run against the service itself. The token goes to the service's own address alone, never along a
redirect, and into no message.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from curate.download.downloader import Downloader, Request
from curate.download.limits import DownloadFailed, DownloadLimits
from rigmill.outcomes import Refusal, Reject

ADDRESS = "https://hub.vroid.com"
# The service's own names, those of its company's file servers, and Amazon's, whose signed addresses it hands out.
HOSTS = ("hub.vroid.com", ".vroid.com", ".pximg.net", ".amazonaws.com")
API_VERSION = "11"
_MAX_JSON_BYTES = 4_000_000
_MAX_PAGES = 100


class Hub:
    """One user's view of VRoid Hub, within `with`. DownloadFailed: the service or the way to it, not the model, is why
    there is no answer.
    """

    def __init__(self, token: str, *, address: str = ADDRESS) -> None:
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}", "X-Api-Version": API_VERSION, "Accept": "application/json"}

    def __enter__(self) -> Hub:
        parts = urlsplit(self._address)
        loopback = () if parts.scheme == "https" else (parts.hostname or "",)  # a test's server
        self._runner, self._stack = asyncio.Runner(), AsyncExitStack()
        opened = Downloader.opened(DownloadLimits(HOSTS, loopback))
        self._downloader = self._runner.run(self._stack.enter_async_context(opened))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    def model(self, model_id: str) -> dict[str, Any]:
        """What the service says about a model."""
        data = self._data("GET", f"/api/character_models/{model_id}")
        inner = data.get("character_model")
        return inner if isinstance(inner, dict) else data

    def owns(self, model_id: str) -> bool:
        """Whether the model is one that the token's user uploaded."""
        path: str | None = "/api/account/character_models?count=100"
        for _ in range(_MAX_PAGES):
            if path is None:
                break
            answer = self._json("GET", path)
            models = answer.get("data")
            if any(isinstance(model, dict) and model.get("id") == model_id for model in models or []):
                return True
            path = _next_page(answer)
        return False

    def download(self, model_id: str, *, max_bytes: int) -> bytes:
        """The model's file, under a download licence that is given back afterwards."""
        licence = self._data("POST", "/api/download_licenses", {"character_model_id": model_id}).get("id")
        if not (isinstance(licence, str) and licence.isascii() and licence.isalnum()):
            raise DownloadFailed("the service gave no download licence")
        try:
            return self._ask("GET", f"/api/download_licenses/{licence}/download", max_bytes=max_bytes, follow=True)
        finally:
            with suppress(DownloadFailed, Refusal):  # it runs out by itself
                self._ask("DELETE", f"/api/download_licenses/{licence}", tries=1)

    def _data(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        data = self._json(method, path, body).get("data")
        if not isinstance(data, dict):
            raise DownloadFailed("the service's answer has no 'data'")
        return data

    def _json(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = json.loads(self._ask(method, path, body))
        except (ValueError, RecursionError):
            raise DownloadFailed("the service's answer is no JSON") from None
        if not isinstance(answer, dict):
            raise DownloadFailed("the service's answer is no object")
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, str] | None = None,
        *,
        max_bytes: int = _MAX_JSON_BYTES,
        follow: bool = False,
        tries: int | None = None,
    ) -> bytes:
        request = Request(self._address + path, max_bytes, method, self._headers, body, follow)
        try:
            return self._runner.run(self._downloader.ask(request, tries=tries))
        except DownloadFailed as failed:
            raise _explained(failed) from None
        except Refusal as refusal:
            if refusal.code is Reject.FOREIGN_ADDRESS:  # the service's doing: it says nothing about the model
                raise DownloadFailed(f"the service leads to an address that is not asked: {refusal}") from None
            if refusal.code is Reject.TOO_LARGE and not follow:
                raise DownloadFailed("the service's answer is too long") from None
            raise


def _explained(failed: DownloadFailed) -> Exception:
    """What is wrong with the token or the model, where the service's status says so."""
    if failed.status == 401:
        return DownloadFailed("the service does not accept the token (401): VROID_HUB_TOKEN has run out or is wrong")
    if failed.status == 403:
        return Refusal(Reject.LICENCE, "the service does not give this model to this account or application (403)")
    if failed.status == 404:
        return Refusal(Reject.DEAD_LINK, "the service does not know this model (404)")
    return failed


def _next_page(answer: dict[str, Any]) -> str | None:
    """The path of the next page; only ever one of the service itself."""
    links = answer.get("_links")
    after = links.get("next") if isinstance(links, dict) else None
    path = after.get("href") if isinstance(after, dict) else None
    return path if isinstance(path, str) and path.startswith("/api/") else None
