"""A real HTTP server on the loopback interface that speaks OpenAI's protocol, and fails in the ways that servers do.

What happens to a request follows from the seed, the request's bytes and how often they came, so it does not depend on
the order in which requests arrive. As a program it serves until its input ends, and lets others read what it was asked:

    python -m tests.support.caption_server '{"seed": 7, "shares": {"status_500": 0.05}}'
"""

from __future__ import annotations

import hashlib
import json
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.common.processes import command, environment

# All kinds of trouble, in the order in which their shares are laid out.
KINDS = (
    "busy",  # 429
    "busy_until",  # 429 with Retry-After
    "status_500",
    "hang",  # nothing comes
    "drip",  # the answer comes byte by byte
    "reset",  # the connection breaks
    "html",  # status 200 with a web page
    "no_json",  # the model's answer is no JSON
    "cut_off",  # finish_reason length
    "refusal",
    "empty",
    "wrong_word",  # a value outside of its enum
    "contradiction",  # a valid answer that is not true: what `contradict` makes of it
)


@dataclass
class Script:
    """How a server behaves: shares of requests by kind; the rest is answered plainly."""

    seed: int = 0
    shares: dict[str, float] = field(default_factory=dict)
    retry_after_s: float = 0.05
    hang_s: float = 30.0
    think_s: float = 0.0  # before an answer
    model: str = "scripted-1"

    def kind(self, digest: str, time_seen: int) -> str:
        draw = random.Random(f"{self.seed} {digest} {time_seen}").random()
        for kind in KINDS:
            draw -= self.shares.get(kind, 0.0)
            if draw < 0:
                return kind
        return "plain"


@dataclass
class Asked:
    """One request as the server saw it."""

    digest: str  # of the body
    at_s: float  # time.time
    name: str  # the client's name for it
    kind: str
    authorization: str
    num_bytes: int
    status: int = 200


@dataclass
class Answer:
    """A whole answer, where a value alone will not do. `body` replaces the completion."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    text: str | None = None
    finish_reason: str = "stop"
    message: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, int] | None = None
    without_usage: bool = False
    silent_s: float = 0.0
    reset: bool = False
    drip_s: float = 0.0  # between two bytes


Answering = Callable[[dict[str, Any], int], "Answer | dict[str, Any]"]  # of a request's JSON, and how often it came


class CaptionServer:
    """Answers by the request's schema, or by `answering`."""

    def __init__(self, script: Script | None = None, answering: Answering | None = None) -> None:
        self.script, self.answering = script or Script(), answering
        self.contradict: Callable[[dict[str, Any]], dict[str, Any]] = lambda value: value
        self.log: list[Asked] = []
        self.bodies: list[dict[str, Any]] = []
        self.seen: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.closing = threading.Event()
        handler = type("Handler", (_Handler,), {"owner": self})
        self.server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: dict[str, Any], asked: Asked, time_seen: int) -> Answer:
        kind, script = asked.kind, self.script
        if kind in ("busy", "busy_until"):
            after = {"Retry-After": f"{script.retry_after_s:g}"} if kind == "busy_until" else {}
            return Answer(429, after, body='{"error":{"message":"too many requests","code":"rate_limit_exceeded"}}')
        if kind == "status_500":
            return Answer(500, body="<html><body>Internal Server Error</body></html>")
        if kind == "html":
            return Answer(body="<!doctype html><title>Log in</title>")
        made = self.answering(request, time_seen) if self.answering else filled(schema_of(request), asked.digest)
        if not isinstance(made, Answer):
            value = self.contradict(made) if kind == "contradiction" else made
            made = Answer(text=json.dumps(_wrong(value, schema_of(request)) if kind == "wrong_word" else value))
        if kind == "no_json":
            made.text = f"Sure! Here it is: {made.text}"
        elif kind == "cut_off":
            made.text, made.finish_reason = (made.text or "")[:-2], "length"
        elif kind == "refusal":
            made.text, made.message = None, {"refusal": "I cannot help with that."}
        elif kind == "empty":
            made.text = ""
        made.silent_s += script.hang_s if kind == "hang" else script.think_s
        made.reset = made.reset or kind == "reset"
        made.drip_s = made.drip_s or (0.02 if kind == "drip" else 0.0)
        return made

    def completion(self, request: dict[str, Any], answer: Answer) -> bytes:
        if answer.body is not None:
            return answer.body.encode()
        message = {"role": "assistant", "content": answer.text} | answer.message
        whole: dict[str, Any] = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.script.model,
            "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason}],
        }
        if not answer.without_usage:
            prompt, said = counted(request), len(answer.text or "") // 4 + 1
            usage = answer.usage or {"prompt_tokens": prompt, "completion_tokens": said}
            whole["usage"] = usage | {"total_tokens": sum(usage.values())}
        return json.dumps(whole).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    owner: CaptionServer
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def do_GET(self) -> None:
        with self.owner.lock:
            data = json.dumps([asdict(asked) for asked in self.owner.log]).encode()
        self._send(Answer(), data)

    def do_POST(self) -> None:
        owner = self.owner
        data = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(data)
        digest = hashlib.sha256(data).hexdigest()
        with owner.lock:
            time_seen = owner.seen[digest]
            owner.seen[digest] += 1
            asked = Asked(
                digest=digest,
                at_s=time.time(),
                name=self.headers.get("X-Client-Request-Id", ""),
                kind=owner.script.kind(digest, time_seen),
                authorization=self.headers.get("Authorization", ""),
                num_bytes=len(data),
            )
            owner.log.append(asked)
            owner.bodies.append(request)
            owner.at_once += 1
            owner.most_at_once = max(owner.most_at_once, owner.at_once)
        try:
            answer = owner.answer(request, asked, time_seen)
            asked.status = answer.status
            owner.closing.wait(answer.silent_s)
        finally:
            with owner.lock:
                owner.at_once -= 1
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        self._send(answer, owner.completion(request, answer))

    def _send(self, answer: Answer, data: bytes) -> None:
        self.send_response(answer.status)
        kind = "application/json" if data[:1] != b"<" else "text/html"
        for name, value in ({"Content-Type": kind, "Content-Length": str(len(data))} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if not answer.drip_s:
            self.wfile.write(data)
            return
        for place in range(len(data)):
            self.wfile.write(data[place : place + 1])
            self.wfile.flush()
            if self.owner.closing.wait(answer.drip_s):
                return


def schema_of(request: dict[str, Any]) -> dict[str, Any]:
    """The schema that came with a request; of one without: nothing."""
    found: dict[str, Any] = request.get("response_format", {}).get("json_schema", {}).get("schema", {})
    return found


def filled(schema: dict[str, Any], seed: str) -> Any:
    """A valid value of the schema, the same for the same seed."""
    draw = random.Random(f"{seed} {json.dumps(schema, sort_keys=True)}")
    if "enum" in schema:
        return draw.choice(schema["enum"])
    match schema.get("type", "object"):
        case "object":
            return {name: filled(inner, seed + name) for name, inner in schema.get("properties", {}).items()}
        case "array":
            return [filled(schema["items"], f"{seed}{index}") for index in range(schema.get("minItems", 1))]
        case "string":
            return draw.choice(["A dog runs forward.", "A door opens.", "A bird flaps its wings."])
        case "boolean":
            return draw.random() < 0.5
        case "integer":
            return int(schema.get("minimum", 1))
        case _:
            low, high = schema.get("minimum", 0), schema.get("maximum", 1)
            return round(draw.uniform(low, high), 2)


def counted(request: dict[str, Any]) -> int:
    """Tokens of a request as this server counts: 100 a picture, and a token for four characters."""
    total = 0
    for message in request["messages"]:
        content = message["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        total += sum(len(part["text"]) // 4 if part["type"] == "text" else 100 for part in parts)
    return total


def http_date(in_s: float) -> str:
    """A moment so many seconds from now, as Retry-After may say it."""
    return formatdate(time.time() + in_s, usegmt=True)


def _wrong(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    enums = [name for name, inner in schema.get("properties", {}).items() if "enum" in inner]
    return value | {name: "spaceship" for name in enums[:1]} if enums else {"something": "else"}


@contextmanager
def served(script: Script | None = None, answering: Answering | None = None) -> Iterator[CaptionServer]:
    """A server in this process."""
    server = CaptionServer(script, answering)
    try:
        yield server
    finally:
        server.close()


@dataclass
class Apart:
    """A server in a process of its own, whose work is not counted as ours."""

    url: str

    def log(self) -> list[Asked]:
        with urllib.request.urlopen(f"{self.url}/log") as answer:
            return [Asked(**row) for row in json.load(answer)]


@contextmanager
def served_apart(script: Script) -> Iterator[Apart]:
    """A server in a process of its own; it ends with ours."""
    process = subprocess.Popen(
        command("tests.support.caption_server", json.dumps(asdict(script))),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield Apart(process.stdout.readline().strip())
    finally:
        process.stdin.close()
        process.wait()


def main() -> None:
    with served(Script(**json.loads(sys.argv[1])), as_of_a_walk) as server:
        server.contradict = backwards
        print(server.url, flush=True)
        sys.stdin.read()


def as_of_a_walk(request: dict[str, Any], _: int) -> dict[str, Any]:
    """What a good model says of a person that walks forward; of other forms of answers any valid one."""
    schema = schema_of(request)
    value = filled(schema, json.dumps(request["messages"][0]))
    said = {"subject": "person", "verb": "walks", "sentence": "A person walks forward.", "confidence": 0.9}
    return {name: said.get(name, other) for name, other in value.items()}


def backwards(value: dict[str, Any]) -> dict[str, Any]:
    """What contradicts facts that say forward."""
    return {name: one.replace("forward", "backward") if isinstance(one, str) else one for name, one in value.items()}


if __name__ == "__main__":
    main()
