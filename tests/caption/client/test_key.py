from __future__ import annotations

import asyncio
import copy
import json
import logging
import traceback
from pathlib import Path

import pytest

from caption.client.asker import Asker
from caption.client.key import Key, checked_address, in_own_network, is_this_machine
from rigmill.errors import UserError
from tests.support.caption_questions import GOOD, endpoint, question
from tests.support.caption_server import Answer, served
from tests.support.seeded_key import files_with

SECRET = "sk-seeded-" + "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("10.1.2.3", True),
        ("192.168.0.7", True),
        ("172.16.0.1", True),
        ("::1", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("vllm", True),
        ("gpu-1.local", True),
        ("vllm.models.svc", True),
        ("8.8.8.8", False),
        ("134744072", False),  # 8.8.8.8 to the system
        ("0x08080808", False),
        ("8.2056", False),
        ("172.32.0.1", False),
        ("2001:4860:4860::8888", False),
        ("::ffff:8.8.8.8", False),
        ("api.openai.com", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
    ],
)
def test_which_networks_are_ones_own(host: str, own: bool) -> None:
    assert in_own_network(host) == own


def test_a_key_travels_by_https_or_at_home_alone() -> None:
    key = Key("TEST_CAPTION_KEY", SECRET)
    for address in ("https://api.openai.com/v1", "http://10.0.0.5:8000/v1", "http://[::1]:8000/v1"):
        assert checked_address(address, key) == address
    with pytest.raises(UserError, match="no key is sent to http://api.example.com/v1"):
        checked_address("http://api.example.com/v1", key)
    assert checked_address("http://api.example.com/v1", Key("TEST_CAPTION_KEY"))  # none to lose


@pytest.mark.parametrize(
    "address",
    [
        "api.openai.com/v1",
        "ftp://a.example",
        "https://",
        "https://me:hunter2@a.example/v1",
        "https://a.example/v1?key=hunter2",
        "https://a.example/v1#hunter2",
        "http://a.example:99999/v1",
        "",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(UserError) as raised:
        checked_address(address, Key("TEST_CAPTION_KEY"))
    assert "hunter2" not in raised.value.render()


@pytest.mark.parametrize("value", ["sk-abc def", "sk-abc\nX-Header: 1", "sk-\u00e4", "sk-abc\x00"])
def test_what_is_no_key_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(UserError) as raised:
        Key("TEST_CAPTION_KEY", value)
    assert "abc" not in raised.value.render() and "TEST_CAPTION_KEY" in raised.value.what


def test_a_key_is_not_shown_and_leaves_no_process() -> None:
    key = Key("TEST_CAPTION_KEY", f" {SECRET}\n")
    assert key.reveal() == SECRET
    assert SECRET not in f"{key} {key!r} {key.scrub(f'a {SECRET} b')}"
    with pytest.raises(TypeError):
        copy.copy(key)


def test_words_that_servers_want_in_place_of_a_key_are_no_secrets() -> None:
    assert Key("TEST_CAPTION_KEY", "EMPTY").scrub("EMPTY room") == "EMPTY room"


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/v1", "http://localhost/v1", "http://[::1]:1/v1"])
def test_no_proxy_stands_before_this_machine(address: str) -> None:
    assert is_this_machine(address) and not is_this_machine("http://10.0.0.1/v1")


def test_a_proxy_of_the_environment_is_not_asked_for_a_server_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with served(answering=lambda request, seen: dict(GOOD)) as server:
        assert _ask(server.url, tmp_path) is None


def _ask(url: str, output: Path) -> BaseException | None:
    async def one() -> None:
        async with Asker.opened(endpoint(url, tries=2, breaker=3), output=output) as asker:
            await asker.ask(question())

    try:
        asyncio.run(one())
    except Exception as error:
        return error
    return None


def _echo(status: int) -> Answer:
    """A server that says the key back, in its words and in its answer."""
    words = f"Incorrect key {SECRET}, see https://a.example/?key={SECRET}"
    if status == 200:
        return Answer(text=json.dumps(GOOD | {"sentence": f"A dog says {SECRET}."}))
    return Answer(status, body=json.dumps({"error": {"message": words}}))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 302])
def test_a_key_that_the_server_says_back_is_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    monkeypatch.setenv("TEST_CAPTION_KEY", SECRET)
    caplog.set_level(logging.DEBUG)
    with served(answering=lambda request, seen: _echo(status)) as server:
        error = _ask(server.url, tmp_path)
        assert {asked.authorization for asked in server.log} == {f"Bearer {SECRET}"}  # it was sent, once a request
    shown = "".join(traceback.format_exception(error)) if error else ""
    shown += error.render() if isinstance(error, UserError) else repr(error)
    assert SECRET not in shown + caplog.text
    assert files_with(SECRET, tmp_path) == []
    assert (error is None) == (status == 200)


def test_the_search_for_a_key_finds_one(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "log.bin").write_bytes(b"\x00" * (2**20 - 5) + SECRET.encode() + b"\xff")
    assert files_with(SECRET, tmp_path) == [tmp_path / "deep" / "log.bin"]
