"""A question as the bytes of a request. Pictures go from JPEG to base64 to the body, without a stop in between."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from caption.client.schema_check import as_sent
from caption.questions.question import Part, Picture, Question, Text
from rigmill.config.caption import Endpoint
from rigmill.errors import UserError
from rigmill.types import Row

# Keys of a request that are the question's own, or would change how the answer comes back.
_OURS = frozenset({"model", "messages", "max_tokens", "max_completion_tokens", "stream", "n"})


def check_extra(endpoint: Endpoint) -> None:
    """A UserError where `extra` would set what is not its to set."""
    if taken := sorted(_OURS & endpoint.extra.keys()):
        raise UserError(
            f"caption.endpoint.extra may not hold '{taken[0]}'",
            why="rigmill sets that key of a request itself",
            fix=f"take '{taken[0]}' out of it",
            code="E400",
        )


def is_openai(endpoint: Endpoint) -> bool:
    """Whether the model is one of OpenAI's, whose requests and counting differ in places."""
    return endpoint.token_rule.startswith("openai")


def request_body(question: Question, endpoint: Endpoint) -> bytes:
    """The JSON of a request to /chat/completions. Keys of `extra` come over ours; null takes one out."""
    fields: dict[str, Any] = {
        "model": endpoint.model,
        "max_completion_tokens" if is_openai(endpoint) else "max_tokens": question.max_output_tokens,
        "temperature": endpoint.temperature,
        "response_format": _response_format(question),
    }
    fields = {name: value for name, value in (fields | endpoint.extra).items() if value is not None}
    return b"".join([_json(fields)[:-1], b',"messages":[', b",".join(_messages(question, endpoint)), b"]}"])


def _response_format(question: Question) -> Row:
    name = re.sub(r"[^A-Za-z0-9_-]", "_", question.prompt)[:64] or "answer"
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": as_sent(question.schema)}}


def _messages(question: Question, endpoint: Endpoint) -> Iterator[bytes]:
    if question.instructions:
        yield _json({"role": "system", "content": question.instructions})
    parts = b",".join(b"".join(_part(part, endpoint)) for part in question.parts)
    yield b"".join([b'{"role":"user","content":[', parts, b"]}"])
    for turn in question.turns:
        yield _json({"role": turn.role, "content": turn.text})


def _part(part: Part, endpoint: Endpoint) -> Iterator[bytes]:
    if isinstance(part, Text):
        yield _json({"type": "text", "text": part.text})
    elif isinstance(part, Picture):
        yield b'{"type":"image_url","image_url":{'
        yield b'"detail":"high",' if is_openai(endpoint) else b""
        yield b'"url":"data:image/jpeg;base64,'
        yield b64encode(part.jpeg)
        yield b'"}}'
    else:
        yield b'{"type":"video_url","video_url":{"url":"data:video/mp4;base64,'
        yield b64encode(part.mp4)
        yield b'"}}'


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
