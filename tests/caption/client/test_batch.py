from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from caption.client.asker import Asker
from caption.client.batch_export import export_batch
from caption.client.batch_import import Imported, import_batch
from caption.client.budget import Ledger
from caption.questions.question import Question, Reply
from rigmill.config.caption import Endpoint, Price
from rigmill.errors import UserError
from rigmill.outcomes import Refusal
from tests.support.caption_questions import GOOD, endpoint, question
from tests.support.caption_server import CaptionServer, served

WHERE = Endpoint(model="some-model", prices={"some-model": Price(input_usd=1.0, output_usd=2.0)})


def questions(num: int, **changes: Any) -> list[tuple[str, Question]]:
    return [(one.digest, one) for one in (question(number, **changes) for number in range(num))]


def lines(*paths: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def result(custom_id: str, value: Any, **changes: Any) -> dict[str, Any]:
    """A line as OpenAI writes it."""
    text = value if isinstance(value, str) else json.dumps(value)
    body = {
        "model": "some-model-2026",
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": None} | changes


def write(path: Path, *rows: dict[str, Any] | str) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def ask(server: CaptionServer, output: Path, asked: list[Question]) -> list[Any]:
    async def all_of_them() -> list[Any]:
        where = endpoint(server.url, model="some-model")
        async with Asker.opened(where, output=output) as asker:
            return list(await asyncio.gather(*map(asker.ask, asked), return_exceptions=True))

    return asyncio.run(all_of_them())


def test_a_batch_asks_what_the_client_would_have_asked(tmp_path: Path) -> None:
    asked = questions(3, num_pictures=2)
    exported = export_batch(asked, tmp_path / "batch", WHERE)
    written = lines(*exported.files)
    assert [row["custom_id"] for row in written] == [custom_id for custom_id, _ in asked]
    assert {(row["method"], row["url"]) for row in written} == {("POST", "/v1/chat/completions")}
    with served(answering=lambda request, seen: dict(GOOD)) as server:
        for _, one in asked:
            ask(server, tmp_path / "out", [one])
        assert [row["body"] for row in written] == server.bodies


def test_files_are_split_by_bytes_and_by_requests(tmp_path: Path) -> None:
    asked = questions(40)
    whole = export_batch(asked, tmp_path / "whole", WHERE)
    assert len(whole.files) == 1 and whole.num_bytes == whole.files[0].stat().st_size
    longest = max(len(line) for line in whole.files[0].read_bytes().splitlines(keepends=True))
    by_bytes = export_batch(asked, tmp_path / "bytes", WHERE, max_bytes=3 * longest)
    assert all(path.stat().st_size <= 3 * longest for path in by_bytes.files) and len(by_bytes.files) >= 40 // 4
    by_requests = export_batch(asked, tmp_path / "requests", WHERE, max_requests=7)
    assert [len(lines(path)) for path in by_requests.files] == [7, 7, 7, 7, 7, 5]
    for split in (by_bytes, by_requests):
        assert lines(*split.files) == lines(*whole.files) and split.num_requests == 40
    with pytest.raises(UserError, match="one question takes"):
        export_batch(asked, tmp_path / "small", WHERE, max_bytes=longest - 1)
    assert not list((tmp_path / "small").glob("*.jsonl"))


def test_a_question_is_asked_once_and_a_batch_is_not_written_over(tmp_path: Path) -> None:
    exported = export_batch(questions(3) + questions(2), tmp_path, WHERE)
    assert (exported.num_requests, exported.num_duplicates) == (3, 2)
    with pytest.raises(UserError, match="there is a batch in"):
        export_batch(questions(1), tmp_path, WHERE)


def test_an_export_that_was_killed_is_made_again(tmp_path: Path) -> None:
    def broken() -> Any:
        yield from questions(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_batch(broken(), tmp_path, WHERE)
    assert not list(tmp_path.glob("*.jsonl"))
    assert export_batch(questions(4), tmp_path, WHERE).num_requests == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["asked.jsonl", "batch-0001.jsonl"]


def test_answers_in_any_order_are_joined_by_id_and_the_next_run_spends_nothing(tmp_path: Path) -> None:
    asked = questions(20)
    export_batch(asked, tmp_path / "batch", WHERE, max_requests=8)
    rows = [result(custom_id, GOOD | {"sentence": f"This is {custom_id[:8]}."}) for custom_id, _ in asked]
    random.Random(5).shuffle(rows)
    paths = [write(tmp_path / "b.jsonl", *rows[:9]), write(tmp_path / "a.jsonl", *rows[9:])]
    imported = import_batch(paths, tmp_path / "batch", WHERE, output=tmp_path / "out")
    assert imported == Imported(good=20)
    spent = Ledger(tmp_path / "out" / "answers" / "spent.jsonl").spent()
    assert (spent.num_requests, spent.tokens, spent.usd) == (20, 2200, pytest.approx(20 * 120 / 1e6))
    with served() as server:
        replies = ask(server, tmp_path / "out", [one for _, one in asked])
        assert server.log == []
    for (custom_id, _), reply in zip(asked, replies):
        assert isinstance(reply, Reply) and reply.cached and reply.model == "some-model-2026"
        assert reply.value["sentence"] == f"This is {custom_id[:8]}."


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    asked = questions(3)
    export_batch(asked, tmp_path / "batch", WHERE)
    path = write(tmp_path / "r.jsonl", *(result(custom_id, GOOD) for custom_id, _ in asked))
    import_batch([path], tmp_path / "batch", WHERE, output=tmp_path)
    spent = Ledger(tmp_path / "answers" / "spent.jsonl").spent()
    assert import_batch([path], tmp_path / "batch", WHERE, output=tmp_path) == Imported(known=3)
    assert Ledger(tmp_path / "answers" / "spent.jsonl").spent() == spent


def test_everything_that_is_not_an_answer_is_reported(tmp_path: Path) -> None:
    asked = questions(8)
    ids = [custom_id for custom_id, _ in asked]
    export_batch(asked, tmp_path / "batch", WHERE)
    refused = {"status_code": 400, "request_id": "r", "body": {"error": {"message": "too many\nimages"}}}
    of_vllm = {"status_code": 400, "request_id": "r", "body": None}
    results = write(
        tmp_path / "1-output.jsonl",
        result(ids[0], GOOD),
        '{"custom_id": "cut off in the midd',
        result(ids[0], GOOD | {"direction": "backward"}),
        result("somebody else's", GOOD),
        "",
        result(ids[1], "Sure! It runs."),
        "[1, 2]",
        result(ids[2], GOOD, response={"status_code": 200, "body": {"choices": []}}),
        result(ids[7], GOOD, response={"status_code": 200, "body": "x"}),
    )
    errors = write(
        tmp_path / "2-errors.jsonl",
        result(ids[3], GOOD, response=refused),
        result(ids[4], GOOD, response=None, error={"code": "batch_expired", "message": "it was not done in time"}),
        result(ids[5], GOOD, response=of_vllm, error={"object": "error", "message": "bad picture", "code": 400}),
    )
    found = import_batch([errors, results], tmp_path / "batch", WHERE, output=tmp_path / "out")
    assert (found.good, found.bad, found.known) == (1, 1, 0)
    assert found.damaged == [("1-output.jsonl", 2), ("1-output.jsonl", 7)]
    assert found.foreign == ["somebody else's"] and found.duplicates == [ids[0]]
    assert found.unanswered == ids[2:]
    assert found.refused == {
        ids[2]: "status 200 with JSON that is no chat completion",
        ids[3]: "status 400: too many images",
        ids[4]: "no answer: it was not done in time",
        ids[5]: "status 400: bad picture",
        ids[7]: "status 200 with JSON that is no chat completion",
    }
    with served(answering=lambda request, seen: dict(GOOD)) as server:
        replies = ask(server, tmp_path / "out", [one for _, one in asked])
        assert all(reply.value == GOOD for reply in replies)  # of two answers to one question the first
        assert len(server.log) == 7  # a bad answer is told what was wrong with it


def test_a_batch_of_a_vllm_server_is_read(tmp_path: Path) -> None:
    """As `vllm run-batch` writes it: an id of its own, and an error beside every response."""
    asked = questions(2)
    export_batch(asked, tmp_path / "batch", WHERE)
    rows = [result(custom_id, GOOD, id="vllm-1") for custom_id, _ in asked]
    rows[0]["response"]["body"] |= {"id": "chatcmpl-1", "prompt_logprobs": None, "kv_transfer_params": None}
    rows[0]["response"]["body"]["choices"][0]["message"] |= {"reasoning_content": None, "tool_calls": []}
    found = import_batch([write(tmp_path / "r.jsonl", *rows)], tmp_path / "batch", WHERE, output=tmp_path / "out")
    assert found == Imported(good=2)


def test_bad_answers_of_a_batch_are_rejected_like_any(tmp_path: Path) -> None:
    ((custom_id, asked),) = questions(1)
    export_batch([(custom_id, asked)], tmp_path / "batch", WHERE)
    path = write(tmp_path / "r.jsonl", result(custom_id, GOOD | {"direction": "up"}))
    import_batch([path], tmp_path / "batch", WHERE, output=tmp_path / "out")
    with served(answering=lambda request, seen: {"no": "form"}) as server:
        (refusal,) = ask(server, tmp_path / "out", [asked])
        assert isinstance(refusal, Refusal) and len(server.log) == 1


@pytest.mark.parametrize("damage", [None, "{", '{"custom_id": "a"}\n'], ids=["gone", "cut", "foreign"])
def test_an_export_that_is_gone_or_damaged_is_said(tmp_path: Path, damage: str | None) -> None:
    if damage is not None:
        (tmp_path / "asked.jsonl").write_text(damage)
    with pytest.raises(UserError, match="does not say what was asked"):
        import_batch([], tmp_path, WHERE, output=tmp_path / "out")
