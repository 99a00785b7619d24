from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from caption.client.asker import Asker
from caption.client.cache import Cache, Record
from caption.questions.question import Picture, Reply
from tests.support.caption_questions import GOOD, endpoint, question
from tests.support.caption_server import CaptionServer, served


def ask(server: CaptionServer, output: Path) -> Reply:
    async def one() -> Reply:
        async with Asker.opened(endpoint(server.url), output=output) as asker:
            return await asker.ask(question(num_pictures=3))

    return asyncio.run(one())


def answer_file(output: Path) -> Path:
    (path,) = (output / "answers").glob("??/*.json")
    return path


def test_a_record_says_what_was_sent_and_what_came_back(tmp_path: Path) -> None:
    with served(answering=lambda request, seen: dict(GOOD)) as server:
        reply = ask(server, tmp_path)
        address = server.url
    path = answer_file(tmp_path)
    record = Cache(tmp_path / "answers").find(path.stem)
    assert record is not None and path.parent.name == path.stem[:2]
    asked = question(num_pictures=3)
    sent = [sha256(part.jpeg).hexdigest() for part in asked.parts if isinstance(part, Picture)]
    assert list(record.pictures) == sent and record.question == asked.digest
    assert (record.prompt, record.model_asked, record.model) == (
        "motion-1",
        "Qwen/Qwen2.5-VL-7B-Instruct",
        "scripted-1",
    )
    assert record.parameters == {"temperature": 0.0, "max_output_tokens": 120, "extra": {}}
    assert (record.value, record.text, record.problem) == (GOOD, json.dumps(GOOD), "")
    assert (record.finish_reason, record.usage, record.is_counted) == ("stop", reply.usage, True)
    assert (record.num_requests, record.source) == (1, address) and 0 < record.latency_s < 5
    assert (datetime.now(UTC) - datetime.fromisoformat(record.date)).total_seconds() < 60
    assert Record.from_bytes(record.to_bytes()) == record


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-40],
        lambda data: b"",
        lambda data: data.replace(b"forward", b"sideway", 1),
        lambda data: bytes(len(data)),
        lambda data: b"{}",
    ],
    ids=["cut", "empty", "changed", "zeros", "other"],
)
def test_a_damaged_answer_is_asked_for_again(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    with served(answering=lambda request, seen: dict(GOOD)) as server:
        ask(server, tmp_path)
        path = answer_file(tmp_path)
        whole = path.read_bytes()
        path.write_bytes(damage(whole))
        reply = ask(server, tmp_path)
        assert not reply.cached and reply.value == GOOD and len(server.log) == 2
        assert ask(server, tmp_path).cached
    assert len(path.read_bytes()) == len(whole)


def test_an_answer_under_another_name_is_not_believed(tmp_path: Path) -> None:
    with served(answering=lambda request, seen: dict(GOOD)) as server:
        ask(server, tmp_path)
    path = answer_file(tmp_path)
    other = path.with_name("f" * len(path.stem) + ".json")
    path.rename(other)
    assert Cache(tmp_path / "answers").find("f" * len(path.stem)) is None


def test_an_answer_of_another_version_is_asked_for_again(tmp_path: Path) -> None:
    from rigmill.storage.files import write_sealed

    path = tmp_path / "ab" / "abc.json"
    write_sealed(path, json.dumps({"key": "abc", "usage": {}, "pictures": []}).encode())
    assert Cache(tmp_path).find("abc") is None
