"""The model behind a server on loopback that speaks OpenAI's protocol: /v1/chat/completions, /v1/models, /health."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch
from PIL import UnidentifiedImageError

from tests.support.tiny_vlm import NAME
from tests.support.tiny_vlm.model import Conversation, Message, model, processor, tokenizer
from tests.support.tiny_vlm.writing import Writer

_IMAGE = ("data:image/jpeg;base64,", "data:image/png;base64,")
_one_at_a_time = threading.Lock()


class NotAnswered(ValueError):
    """What is wrong with a request: status 400."""


def complete(request: dict[str, Any]) -> dict[str, Any]:
    """The chat completion of a request. Answers of `response_format` json_schema satisfy the schema unless cut off."""
    messages = [_message(message) for message in request["messages"]]
    most = int(request.get("max_tokens") or request.get("max_completion_tokens") or 64)
    seed = int.from_bytes(sha256(json.dumps(request, sort_keys=True).encode()).digest()[:7])
    with _one_at_a_time:
        conversation = Conversation(messages)
        writer = Writer(conversation, float(request.get("temperature", 1.0)), request.get("seed", seed))
        form = request.get("response_format", {"type": "text"})
        if form["type"] == "json_schema":
            writer.answer(form["json_schema"]["schema"])
        else:
            writer.words()
        written = len(conversation.written)
        cut = written > most
        text = tokenizer().decode(conversation.written[:most])
    return {
        "id": f"chatcmpl-{seed:x}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": NAME,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text.strip(), "refusal": None},
                "finish_reason": "length" if cut else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": conversation.num_prompt_tokens,
            "completion_tokens": min(written, most),
            "total_tokens": conversation.num_prompt_tokens + min(written, most),
        },
    }


def _message(message: dict[str, Any]) -> Message:
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return Message(message["role"], tuple(_part(part) for part in parts))


def _part(part: dict[str, Any]) -> str | bytes:
    if part["type"] == "text":
        return str(part["text"])
    if part["type"] != "image_url":
        raise NotAnswered(f"this model reads no {part['type']}")
    url = part["image_url"]["url"]
    start = next((start for start in _IMAGE if url.startswith(start)), None)
    if start is None:
        raise NotAnswered("pictures come as data URLs of JPEG or PNG")
    return b64decode(url[len(start) :], validate=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/health":
            return self._send(200, {"status": "ok"})
        if self.path == "/v1/models":
            return self._send(200, {"object": "list", "data": [{"id": NAME, "object": "model"}]})
        return self._send(404, {"error": {"message": "no such path"}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/v1/chat/completions":
            return self._send(404, {"error": {"message": "no such path"}})
        try:
            request = json.loads(body)
            if request.get("model") != NAME:
                return self._send(404, {"error": {"message": f"the model `{request.get('model')}` does not exist"}})
            answer = complete(request)
        except (NotAnswered, BadBase64, UnidentifiedImageError, KeyError, TypeError, json.JSONDecodeError) as error:
            return self._send(400, {"error": {"message": f"{type(error).__name__}: {error}"}})
        return self._send(200, answer)

    def _send(self, status: int, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Silent."""


def made(port: int = 0) -> ThreadingHTTPServer:
    """The server, not yet serving, with the model loaded; port 0 is any free one.

    One thread for torch: on shared cores more of them wait for each other at every token.
    """
    torch.set_num_threads(1)
    model(), processor(), tokenizer()
    return ThreadingHTTPServer(("127.0.0.1", port), _Handler)


@contextmanager
def serving() -> Iterator[str]:
    """Serves from a thread of this process; gives the base URL."""
    threads = torch.get_num_threads()
    server = made()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        torch.set_num_threads(threads)
