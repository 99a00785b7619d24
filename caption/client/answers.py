"""What a server sent back: a chat completion out of the body, a value out of its text, or what is wrong with it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from caption.client.schema_check import problem_of
from caption.questions.question import Usage
from rigmill.types import Row

MAX_CHARACTERS = 20_000  # of an answer; what was asked for is a fraction of that
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?\s*```", re.DOTALL)


class NoCompletion(Exception):
    """The body is no chat completion: the web page of something in between, or another protocol."""


@dataclass(frozen=True, slots=True)
class Completion:
    """The parts of a chat completion that matter. `usage` is None where the server did not count."""

    text: str
    refusal: str
    finish_reason: str
    model: str
    usage: Usage | None


def read_completion(body: str) -> Completion:
    """The completion in a body that came with status 200."""
    try:
        return completion_of(json.loads(body))
    except (ValueError, RecursionError):
        page = "a web page" if body.lstrip()[:1] == "<" else "nothing" if not body.strip() else "no JSON"
        raise NoCompletion(f"status 200 with {page} in place of an answer") from None


def completion_of(whole: Any) -> Completion:
    """The completion in parsed JSON."""
    try:
        choice = whole["choices"][0]
        message = choice["message"]
        text, refusal, reason = message.get("content"), message.get("refusal"), choice.get("finish_reason")
        model = whole.get("model")
        return Completion(
            text=text if isinstance(text, str) else "",
            refusal=refusal if isinstance(refusal, str) else "",
            finish_reason=reason if isinstance(reason, str) else "",
            model=model if isinstance(model, str) else "",
            usage=_usage(whole.get("usage")),
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        raise NoCompletion("status 200 with JSON that is no chat completion") from None


def value_or_problem(completion: Completion, schema: Row) -> tuple[Row | None, str]:
    """The value that satisfies the schema, or None and why there is none, in words of ours."""
    text = completion.text.strip()
    if completion.refusal:
        return None, "the model declined to answer"
    if completion.finish_reason == "content_filter":
        return None, "the answer was withheld by a filter"
    if completion.finish_reason == "length":
        return None, "the answer was cut off at the token limit"
    if not text:
        return None, "the answer is empty"
    if len(text) > MAX_CHARACTERS:
        return None, "the answer is far too long"
    fenced = _FENCED.fullmatch(text)
    try:
        value = json.loads(fenced[1] if fenced else text, parse_constant=_no_number, object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode()  # a half of a surrogate pair is no letter
    except (ValueError, RecursionError):
        return None, "the answer is not JSON"
    problem = problem_of(value, schema)
    return (None, problem) if problem else (value, "")


def _usage(counted: Any) -> Usage | None:
    numbers = (
        [counted.get(name) for name in ("prompt_tokens", "completion_tokens")] if isinstance(counted, dict) else []
    )
    good = [number for number in numbers if isinstance(number, int) and not isinstance(number, bool) and number >= 0]
    return Usage(*good) if len(good) == 2 else None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found
