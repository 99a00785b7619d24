"""Questions to a service by the downloader, against a real server on this machine."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from curate.download import downloader
from curate.download.downloader import Downloader, Request
from curate.download.limits import DownloadFailed, DownloadLimits
from rigmill.outcomes import Refusal, Reject
from tests.support.objaverse_site import Behaviour, Site, served

PATH = "/answer"
TEXT = b"an answer " * 1000
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(downloader, "FIRST_WAIT_S", 0.01)
    with served() as running:
        running.files[PATH] = TEXT
        yield running


def asked(site: Site, *, max_bytes: int = 20_000, **more: Any) -> bytes:
    async def ask() -> bytes:
        async with Downloader.opened(DownloadLimits((), ("127.0.0.1",), tries=2)) as opened:
            return await opened.ask(Request(site.url + PATH, max_bytes, **more))

    return asyncio.run(ask())


def test_an_answer_is_whole_and_unpacked(site: Site) -> None:
    assert asked(site) == TEXT
    site.behave(PATH, Behaviour(body=gzip.compress(TEXT), headers=GZIP))
    assert asked(site) == TEXT


@pytest.mark.parametrize(
    "broken",
    [
        Behaviour(cut_after=500),
        Behaviour(body=gzip.compress(TEXT)[:-20], headers=GZIP),
        Behaviour(body=TEXT, headers=GZIP),
        Behaviour(status=503),
    ],
)
def test_an_answer_that_breaks_off_is_asked_for_again(site: Site, broken: Behaviour) -> None:
    site.behave(PATH, broken)
    assert asked(site) == TEXT
    site.behave(PATH, broken, for_ever=True)
    with pytest.raises(DownloadFailed, match="tried 2 times"):
        asked(site)


def test_what_unpacks_to_more_than_is_wanted_is_refused(site: Site) -> None:
    bomb = Behaviour(body=gzip.compress(bytes(50_000_000)), headers=GZIP)
    for behaviour in (Behaviour(), Behaviour(without_length=True), bomb):
        site.behave(PATH, behaviour)
        with pytest.raises(Refusal) as caught:
            asked(site, max_bytes=5000)
        assert caught.value.code is Reject.TOO_LARGE
    assert asked(site, max_bytes=len(TEXT)) == TEXT


def test_other_encodings_and_other_statuses_fail_at_once(site: Site) -> None:
    site.behave(PATH, Behaviour(headers={"Content-Encoding": "br"}))
    with pytest.raises(DownloadFailed, match="nobody asked for"):
        asked(site)
    for status in (302, 401, 404):
        site.behave(PATH, Behaviour(status=status, headers={"Location": "/elsewhere"}))
        with pytest.raises(DownloadFailed, match=f"HTTP {status}") as caught:
            asked(site)
        assert caught.value.status == status
    assert not site.asked("/elsewhere")


def test_where_an_answer_leads_is_asked_only_if_it_is_followed_and_its_errors_are_tried_anew(site: Site) -> None:
    site.files["/elsewhere"] = b"there"
    site.behave(PATH, Behaviour(status=302, headers={"Location": "/elsewhere"}), for_ever=True)
    assert asked(site, follow=True) == b"there"
    site.behave("/elsewhere", Behaviour(status=403))  # an address that ran out
    assert asked(site, follow=True) == b"there" and len(site.asked("/elsewhere")) == 3
    site.behave(PATH, Behaviour(status=302, headers={"Location": "http://localhost/x"}))
    with pytest.raises(Refusal) as caught:
        asked(site, follow=True)
    assert caught.value.code is Reject.FOREIGN_ADDRESS
