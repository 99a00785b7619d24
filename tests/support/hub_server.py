"""As much of a dataset hub as publishing asks of one: repositories, what lies in them, and commits."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Hub:
    """Repositories by name, each its files by path. It knows one token."""

    def __init__(self, token: str) -> None:
        self.token, self.repos, self.messages = token, dict[str, dict[str, bytes]](), list[str]()
        self.url = ""

    def create(self, body: Any) -> tuple[int, Any]:
        name = f"{body['organization']}/{body['name']}"
        known = name in self.repos
        self.repos.setdefault(name, {})
        return 409 if known else 200, {"url": f"{self.url}/datasets/{name}"}

    def commit(self, name: str, lines: list[Any]) -> tuple[int, Any]:
        files = self.repos[name]
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.messages.append(value["summary"])
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "deletedFile":
                del files[value["path"]]
            else:
                raise AssertionError(f"a commit does not do this here: {line['key']}")
        return 200, {"commitUrl": f"{self.url}/datasets/{name}/commit/{'0' * 40}", "commitOid": "0" * 40}

    def about(self, name: str) -> tuple[int, Any]:
        if name not in self.repos:
            return 404, {"error": "Repository not found"}
        return 200, {"id": name, "sha": "0" * 40, "siblings": [{"rfilename": path} for path in self.repos[name]]}

    def tree(self, name: str) -> tuple[int, Any]:
        found = self.repos[name].items()
        return 200, [{"type": "file", "path": path, "size": len(data), "oid": "0" * 40} for path, data in found]

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        parts = path.partition("?")[0].strip("/").split("/")
        if parts[:3] == ["api", "repos", "create"]:
            return self.create(json.loads(body))
        if parts[:2] == ["api", "validate-yaml"]:
            return 200, {"errors": [], "warnings": []}
        name, rest = "/".join(parts[2:4]), parts[4:]
        if rest[:1] == ["preupload"]:
            files = json.loads(body)["files"]
            return 200, {
                "files": [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in files]
            }
        if rest[:1] == ["commit"]:
            return self.commit(name, [json.loads(line) for line in body.splitlines()])
        return self.tree(name) if rest[:1] == ["tree"] else self.about(name)


@contextmanager
def hub(token: str) -> Iterator[Hub]:
    """A hub on this machine, while it runs."""
    found = Hub(token)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") == f"Bearer {found.token}":
                status, value = found.answer(self.path, body)
            else:
                status, value = 401, {"error": "Invalid credentials in Authorization header"}
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
