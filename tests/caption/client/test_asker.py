from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from caption.client import pauses
from caption.client.asker import Asker, NoAnswer
from caption.questions.question import Question, Reply
from rigmill.config.caption import Endpoint
from rigmill.errors import UserError
from rigmill.outcomes import Refusal, Reject
from tests.support.caption_questions import GOOD, endpoint, question
from tests.support.caption_server import Answer, CaptionServer, Script, http_date, served


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "FIRST_PAUSE_S", 0.02)
    monkeypatch.delenv("TEST_CAPTION_KEY", raising=False)


@pytest.fixture
def server() -> Iterator[CaptionServer]:
    with served() as server:
        server.answering = lambda request, time_seen: dict(GOOD)
        yield server


def ask(where: Endpoint, output: Path, *questions: Question) -> list[Any]:
    """Replies, or what was raised, in the order of the questions."""

    async def all_of_them() -> list[Any]:
        async with Asker.opened(where, output=output) as asker:
            return list(await asyncio.gather(*map(asker.ask, questions), return_exceptions=True))

    return asyncio.run(all_of_them())


def answers(server: CaptionServer, *one_by_one: Answer | dict[str, Any]) -> None:
    """The server gives these answers in this order, whatever it is asked; the last one for ever."""
    waiting = list(one_by_one)
    server.answering = lambda request, time_seen: waiting.pop(0) if len(waiting) > 1 else waiting[0]


def test_a_reply_is_the_value_that_was_asked_for(server: CaptionServer, tmp_path: Path) -> None:
    (reply,) = ask(endpoint(server.url), tmp_path, question())
    assert reply == Reply(
        value=GOOD, text=json.dumps(GOOD), model="scripted-1", usage=reply.usage, cached=False, num_requests=1
    )
    assert reply.usage.input_tokens > 100


def test_a_second_run_sends_nothing(server: CaptionServer, tmp_path: Path) -> None:
    (first,) = ask(endpoint(server.url), tmp_path, question())
    (second,) = ask(endpoint(server.url), tmp_path, question())
    assert (second.value, second.usage, second.cached, second.num_requests) == (first.value, first.usage, True, 0)
    assert len(server.log) == 1


@pytest.mark.parametrize(
    "changes",
    [{"temperature": 0.5}, {"model": "other"}, {"extra": {"top_k": 1}}],
    ids=["temperature", "model", "extra"],
)
def test_other_parameters_ask_again(server: CaptionServer, tmp_path: Path, changes: dict[str, Any]) -> None:
    ask(endpoint(server.url), tmp_path, question())
    (reply,) = ask(endpoint(server.url, **changes), tmp_path, question())
    assert not reply.cached and len(server.log) == 2


def test_a_moved_server_does_not_ask_again(server: CaptionServer, tmp_path: Path) -> None:
    ask(endpoint(server.url), tmp_path, question())
    (reply,) = ask(endpoint(server.url.replace("127.0.0.1", "localhost")), tmp_path, question())
    assert reply.cached


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(429, body="{}"),
        Answer(408, body="{}"),
        Answer(409, body="{}"),
        Answer(500, body="<html>sorry</html>"),
        Answer(503, body=""),
        Answer(529, body="overloaded"),
        Answer(reset=True),
        Answer(silent_s=5),
        Answer(text="{}" * 100, drip_s=0.05),
        Answer(body="<!doctype html><title>Log in</title>"),
        Answer(body=""),
        Answer(body='{"choices": [{"mess'),
        Answer(body='{"choices": []}'),
        Answer(body='{"error": {"message": "overloaded"}}'),
        Answer(body="[" * 100_000),
    ],
    ids=lambda answer: f"{answer.status} {(answer.body or '')[:24]} {answer.silent_s} {answer.reset} {answer.drip_s}",
)
def test_what_says_nothing_about_the_question_is_tried_again(
    server: CaptionServer, tmp_path: Path, trouble: Answer
) -> None:
    answers(server, trouble, trouble, GOOD)
    never_ends = trouble.silent_s or trouble.drip_s
    impatient = {"request_s": 0.5} if never_ends else {}
    (reply,) = ask(endpoint(server.url, **impatient), tmp_path, question())
    assert (reply.value, reply.num_requests) == (GOOD, 3)


def test_after_all_tries_the_next_run_asks_again(server: CaptionServer, tmp_path: Path) -> None:
    answers(server, Answer(503, body=""))
    (failed,) = ask(endpoint(server.url, tries=3), tmp_path, question())
    assert isinstance(failed, NoAnswer) and "status 503" in str(failed) and len(server.log) == 3
    answers(server, GOOD)
    (reply,) = ask(endpoint(server.url, tries=3), tmp_path, question())
    assert reply.value == GOOD


def test_nobody_listening_is_no_answer(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        (failed,) = ask(endpoint(f"http://127.0.0.1:{nobody.getsockname()[1]}/v1", tries=2), tmp_path, question())
    assert isinstance(failed, NoAnswer) and "no connection to the server" in str(failed)


@pytest.mark.parametrize(
    ("headers", "least_s"),
    [({"Retry-After": "1"}, 1.0), ({"retry-after-ms": "700", "Retry-After": "5"}, 0.7)],
    ids=["seconds", "milliseconds"],
)
def test_a_server_is_left_alone_for_as_long_as_it_says(
    server: CaptionServer, tmp_path: Path, headers: dict[str, str], least_s: float
) -> None:
    answers(server, Answer(429, headers, body="{}"), GOOD)
    ask(endpoint(server.url), tmp_path, question())
    first, second = (asked.at_s for asked in server.log)
    assert least_s <= second - first < least_s + 1.5


def test_a_server_is_left_alone_until_the_date_that_it_says(server: CaptionServer, tmp_path: Path) -> None:
    date = http_date(2.0)
    answers(server, Answer(503, {"Retry-After": date}, body=""), GOOD)
    ask(endpoint(server.url), tmp_path, question())
    moment = parsedate_to_datetime(date).timestamp()
    assert moment <= server.log[1].at_s < moment + 1.5


def test_the_other_questions_leave_it_alone_as_well(server: CaptionServer, tmp_path: Path) -> None:
    answers(server, Answer(429, {"Retry-After": "1"}, body="{}"), GOOD)
    replies = ask(endpoint(server.url, concurrency=1), tmp_path, *map(question, range(3)))
    assert all(reply.value == GOOD for reply in replies)
    assert server.log[1].at_s - server.log[0].at_s >= 1.0


def test_a_pause_beyond_the_deadline_is_not_waited_for(server: CaptionServer, tmp_path: Path) -> None:
    answers(server, Answer(429, {"Retry-After": "3600"}, body="{}"))
    started = time.monotonic()
    (failed,) = ask(endpoint(server.url, deadline_s=30), tmp_path, question())
    assert isinstance(failed, NoAnswer) and time.monotonic() - started < 5 and len(server.log) == 1


def test_all_tries_together_end_at_the_deadline(
    server: CaptionServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(server, Answer(silent_s=5))
    started = time.monotonic()
    (failed,) = ask(endpoint(server.url, request_s=0.4, deadline_s=1.0, tries=50), tmp_path, question())
    assert isinstance(failed, NoAnswer)
    assert 0.8 < time.monotonic() - started < 2.5 and 2 <= len(server.log) <= 4


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_question_that_the_server_will_not_have_is_rejected_in_its_words(
    server: CaptionServer, tmp_path: Path, status: int
) -> None:
    words = "At most 4 image(s)\x1b[31m may\nbe given. " + "x" * 1000
    answers(server, Answer(status, body=json.dumps({"error": {"message": words}})))
    (refusal,) = ask(endpoint(server.url), tmp_path, question())
    assert isinstance(refusal, Refusal) and refusal.code == Reject.BAD_ANSWER and len(server.log) == 1
    assert f"status {status}: At most 4 image(s)?[31m may be given." in refusal.message and len(refusal.message) < 400


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(401, body='{"error": {"message": "bad key"}}'), "the key is wrong"),
        (Answer(403, body="{}"), "may not do that"),
        (Answer(404, body='{"error": {"message": "The model does not exist."}}'), "no such address or model"),
        (Answer(302, {"Location": "https://elsewhere.example/v1"}, body=""), "leads somewhere else"),
        (Answer(429, body='{"error": {"code": "insufficient_quota"}}'), "no credit"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_what_no_question_would_survive_stops_the_stage(
    server: CaptionServer, tmp_path: Path, answer: Answer, says: str
) -> None:
    answers(server, answer)
    raised = ask(endpoint(server.url, model="some-model", concurrency=1), tmp_path, *map(question, range(4)))
    assert len(server.log) == 1
    for error in raised:
        assert isinstance(error, UserError)
        message = error.render().replace("\n       ", " ")
        assert says in message and "some-model" in message and server.url in message
    assert answer.status not in (401, 403) or "TEST_CAPTION_KEY" in raised[0].fix


BAD_ANSWERS = [
    (Answer(text="no JSON at all"), "not JSON"),
    (Answer(text='Sure! {"sentence": "A dog runs."}'), "not JSON"),
    (Answer(text=json.dumps(GOOD)[:-3], finish_reason="length"), "cut off"),
    (Answer(text=json.dumps(GOOD), finish_reason="length"), "cut off"),
    (Answer(text=None, message={"refusal": "I cannot help."}), "declined"),
    (Answer(text=json.dumps(GOOD), finish_reason="content_filter"), "withheld"),
    (Answer(text=" \n\t "), "empty"),
    (Answer(text=json.dumps(GOOD | {"direction": "up"})), "'direction' is none of the allowed values"),
    (Answer(text=json.dumps(GOOD | {"sentence": "x" * 161})), "'sentence' is longer than 160"),
    (Answer(text=json.dumps(GOOD | {"more": 1})), "a key that was not asked for"),
    (Answer(text=json.dumps([GOOD])), "is no object"),
]


@pytest.mark.parametrize(("bad", "says"), BAD_ANSWERS, ids=[says for _, says in BAD_ANSWERS])
def test_a_bad_answer_is_told_so_once_and_then_rejected(
    server: CaptionServer, tmp_path: Path, bad: Answer, says: str
) -> None:
    answers(server, bad)
    (refusal,) = ask(endpoint(server.url, bad_answers=2), tmp_path, question())
    assert isinstance(refusal, Refusal) and refusal.code == Reject.BAD_ANSWER and says in refusal.message
    assert bad.text is None or bad.text.strip()[:20] in refusal.message
    first, second = server.bodies
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assert [message["role"] for message in second["messages"][-2:]] == ["assistant", "user"]
    assert says in second["messages"][-1]["content"]


def test_a_better_second_answer_is_taken_and_found_again(server: CaptionServer, tmp_path: Path) -> None:
    answers(server, Answer(text="Sure!"), GOOD)
    (reply,) = ask(endpoint(server.url), tmp_path, question())
    assert (reply.value, reply.num_requests) == (GOOD, 2)
    (again,) = ask(endpoint(server.url), tmp_path, question())
    assert again.cached and again.value == GOOD and len(server.log) == 2


def test_a_rejected_question_is_not_paid_for_again(server: CaptionServer, tmp_path: Path) -> None:
    answers(server, Answer(text="Sure!"))
    (first,) = ask(endpoint(server.url), tmp_path, question())
    (second,) = ask(endpoint(server.url), tmp_path, question())
    assert isinstance(second, Refusal) and second.message == first.message and len(server.log) == 2


@pytest.mark.parametrize("wrapped", ["```json\n{}\n```", "```\n{}\n```", "\n\n  {}  \n"])
def test_fences_and_white_space_around_an_answer_are_no_fault(
    server: CaptionServer, tmp_path: Path, wrapped: str
) -> None:
    answers(server, Answer(text=wrapped.format(json.dumps(GOOD, indent=1))))
    (reply,) = ask(endpoint(server.url), tmp_path, question())
    assert reply.value == GOOD


def test_a_broken_server_stops_the_stage_and_says_what_it_did(server: CaptionServer, tmp_path: Path) -> None:
    answers(server, Answer(503, body=""))
    raised = ask(endpoint(server.url, breaker=6, concurrency=2), tmp_path, *map(question, range(50)))
    assert all(isinstance(error, UserError) for error in raised)
    assert "the last 6 requests" in raised[0].what and "status 503" in raised[0].why
    assert len(server.log) <= 7  # one more may have been under way


def test_rejections_in_a_row_are_a_broken_server_too(server: CaptionServer, tmp_path: Path) -> None:
    answers(server, Answer(400, body='{"error": "this model takes no images"}'))
    raised = ask(endpoint(server.url, breaker=5, concurrency=1), tmp_path, *map(question, range(9)))
    assert len(server.log) == 5 and isinstance(raised[-1], UserError) and "takes no images" in raised[-1].why


def test_a_busy_server_is_not_broken_until_it_says_so_for_ever(server: CaptionServer, tmp_path: Path) -> None:
    answers(server, Answer(429, {"retry-after-ms": "1"}, body="{}"))
    raised = ask(endpoint(server.url, breaker=5, tries=1, concurrency=1), tmp_path, *map(question, range(30)))
    kinds = Counter(type(error) for error in raised)
    assert kinds == {NoAnswer: 19, UserError: 11}


def test_one_answer_shows_that_the_server_works(server: CaptionServer, tmp_path: Path) -> None:
    server.answering = lambda request, seen: Answer(500, body="") if seen < 3 else dict(GOOD)
    replies = ask(endpoint(server.url, breaker=5, concurrency=1), tmp_path, question(0))
    replies += ask(endpoint(server.url, breaker=5, concurrency=1), tmp_path, question(1))
    assert all(isinstance(reply, Reply) for reply in replies)


def test_answers_under_way_are_kept_when_the_stage_stops(server: CaptionServer, tmp_path: Path) -> None:
    def answering(request: dict[str, Any], seen: int) -> Answer | dict[str, Any]:
        late = "clip 0" in json.dumps(request)
        return Answer(text=json.dumps(GOOD), silent_s=0.3) if late else Answer(401, body="{}")

    server.answering = answering
    late, stopped = ask(endpoint(server.url), tmp_path, question(0), question(1))
    assert late.value == GOOD and isinstance(stopped, UserError)


def test_no_more_requests_at_a_time_than_allowed(server: CaptionServer, tmp_path: Path) -> None:
    answers(server, Answer(text=json.dumps(GOOD), silent_s=0.02))
    ask(endpoint(server.url, concurrency=3), tmp_path, *map(question, range(20)))
    assert server.most_at_once == 3


def test_pauses_are_the_same_in_every_run_and_differ_between_questions() -> None:
    bounds = [pauses.FIRST_PAUSE_S * 2**attempt for attempt in range(20)]
    drawn = [[pauses.pause_s(name, attempt) for attempt in range(20)] for name in "ab"]
    assert drawn[0] == [pauses.pause_s("a", attempt) for attempt in range(20)] and drawn[0] != drawn[1]
    assert all(0 <= pause <= min(bound, pauses.LONGEST_PAUSE_S) for pause, bound in zip(drawn[0], bounds))
    spread = [pauses.pause_s(str(name), 3) / bounds[3] for name in range(1000)]
    assert min(spread) < 0.02 and max(spread) > 0.98 and abs(sum(spread) / 1000 - 0.5) < 0.05


def test_every_question_ends_kept_or_rejected_on_a_server_with_all_troubles(tmp_path: Path) -> None:
    shares = {"busy": 0.1, "busy_until": 0.1, "status_500": 0.05, "hang": 0.02, "reset": 0.02, "html": 0.02}
    shares |= {"no_json": 0.03, "wrong_word": 0.03, "cut_off": 0.02, "refusal": 0.02, "empty": 0.02}
    with served(Script(seed=3, shares=shares, retry_after_s=0.02)) as server:
        replies = ask(endpoint(server.url, tries=12, request_s=0.5), tmp_path, *map(question, range(80)))
        assert {type(reply) for reply in replies} <= {Reply, Refusal} and len(server.log) < 160
        sent = len(server.log)
        again = ask(endpoint(server.url, tries=12, request_s=0.5), tmp_path, *map(question, range(80)))
        assert len(server.log) == sent and [type(reply) for reply in again] == [type(reply) for reply in replies]


def test_settings_of_ours_cannot_be_set_twice(server: CaptionServer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="extra may not hold 'stream'"):
        ask(endpoint(server.url, extra={"stream": True}), tmp_path, question())
    assert not server.log
