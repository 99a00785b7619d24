"""A real HTTP server on the loopback interface with the Objaverse indexes' layout; it misbehaves where told to."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.stages.collect import CollectStage
from rigmill.config.schema import Profile
from rigmill.pipeline.stage import Job
from tests.support.curation import Tables, demo_profile
from tests.support.paths import ASSETS

FOX, LEVER, SIMPLE = (ASSETS / name for name in ("Fox.glb", "Quaternius_Lever.glb", "RiggedSimple.glb"))
COMMIT = "6928b08a2501aa7a4a4aabac1f888b66e7782056"


@dataclass
class Asked:
    """One request as the server saw it. `num_sent` counts bytes of the body."""

    path: str
    range: str | None
    if_range: str | None
    status: int = 0
    num_sent: int = 0


@dataclass
class Behaviour:
    """What happens to one request instead of a plain answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None  # bytes of the body after which the connection is closed
    piece: int = 65536
    pause_s: float = 0.0  # between two pieces
    body: bytes | None = None  # instead of the file
    without_length: bool = False
    silent_s: float = 0.0  # before the answer


class Site:
    """Files by path, and what goes otherwise than plainly: behaviours are used up one by one."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.behaviours: dict[str, list[Behaviour]] = {}
        self.for_ever: set[str] = set()  # paths whose last behaviour stays
        self.log: list[Asked] = []
        self.at_once = self.most_at_once = 0  # requests that wait for the first byte
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def asked(self, path: str) -> list[Asked]:
        with self.lock:
            return [entry for entry in self.log if entry.path == path]

    def behave(self, path: str, *behaviours: Behaviour, for_ever: bool = False) -> None:
        self.behaviours[path] = list(behaviours)
        self.for_ever = self.for_ever | {path} if for_ever else self.for_ever - {path}

    def next_behaviour(self, path: str) -> Behaviour:
        with self.lock:
            waiting = self.behaviours.get(path, [])
            if not waiting:
                return Behaviour()
            return waiting[0] if len(waiting) == 1 and path in self.for_ever else waiting.pop(0)


@contextmanager
def served() -> Iterator[Site]:
    site = Site()
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def do_GET(self) -> None:
        entry = Asked(self.path, self.headers.get("Range"), self.headers.get("If-Range"))
        with self.site.lock:
            self.site.log.append(entry)
            self.site.at_once += 1
            self.site.most_at_once = max(self.site.most_at_once, self.site.at_once)
        behaviour = self.site.next_behaviour(self.path)
        time.sleep(behaviour.silent_s)
        with self.site.lock:
            self.site.at_once -= 1
        data = self.site.files.get(self.path) if behaviour.body is None else behaviour.body
        entry.status = behaviour.status if behaviour.status != 200 or data is not None else 404
        if entry.status != 200 or data is None:
            self._head(entry.status, behaviour.headers | {"Content-Length": "0"})
            return
        tag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
        start = 0
        match = re.fullmatch(r"bytes=(\d+)-", entry.range or "")
        if match and entry.if_range in (None, tag):
            start = int(match[1])
            if start >= len(data):
                entry.status = 416
                self._head(416, {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0"})
                return
            entry.status = 206
        headers = {"ETag": tag, "Content-Type": "model/gltf-binary", **behaviour.headers}
        if behaviour.without_length:
            self.close_connection = True
            headers["Connection"] = "close"
        else:
            headers["Content-Length"] = str(len(data) - start)
        if entry.status == 206:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._head(entry.status, headers)
        end = len(data) if behaviour.cut_after is None else min(len(data), start + behaviour.cut_after)
        for place in range(start, end, behaviour.piece):
            try:
                self.wfile.write(data[place : min(end, place + behaviour.piece)])
                self.wfile.flush()
            except OSError:
                self.close_connection = True
                return
            entry.num_sent = min(end, place + behaviour.piece) - start
            time.sleep(behaviour.pause_s)
        if end < len(data):
            self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def uid(number: int) -> str:
    return f"{number:032x}"


def object_path(name: str, part: str = "000-000") -> str:
    return f"glbs/{part}/{name}.glb"


def annotation(name: str, **changes: Any) -> dict[str, Any]:
    """An object's entry as Objaverse 1.0 has them, with the keys that Sketchfab's API gives."""
    about = {
        "uri": f"https://api.sketchfab.com/v3/models/{name}",
        "uid": name,
        "name": f"Walking fox {name[-2:]}",
        "viewerUrl": f"https://sketchfab.com/3d-models/walking-fox-{name}",
        "animationCount": 2,
        "faceCount": 1728,
        "vertexCount": 900,
        "isDownloadable": True,
        "description": "A fox.",
        "license": "by",
        "tags": [{"name": "fox", "slug": "fox", "uri": "https://api.sketchfab.com/v3/tags/fox"}],
        "categories": [{"name": "animals-pets"}],
        "user": {
            "uid": "0" * 32,
            "username": "jane",
            "displayName": "Jane Doe",
            "profileUrl": "https://sketchfab.com/jane",
        },
        "archives": {"glb": {"faceCount": 1728, "vertexCount": 900, "size": 162_852, "textureCount": 1}},
    }
    return about | changes


def lay_out_1(
    site: Site,
    objects: dict[str, tuple[dict[str, Any], bytes]],
    *,
    parts: dict[str, str] | None = None,
    hashes: dict[str, str] | None = None,
) -> None:
    """Objaverse 1.0 below /v1 (object-paths.json.gz, metadata/000-000.json.gz, glbs/) and XL's table of its hashes."""
    where = {name: (parts or {}).get(name, "000-000") for name in objects}
    paths = {name: object_path(name, part) for name, part in where.items()}
    site.files["/v1/object-paths.json.gz"] = gzip.compress(json.dumps(paths).encode(), mtime=0)
    for part in set(where.values()):
        about = {name: entry for name, (entry, _) in objects.items() if where[name] == part}
        site.files[f"/v1/metadata/{part}.json.gz"] = gzip.compress(json.dumps(about).encode(), mtime=0)
    for name, (_, data) in objects.items():
        site.files[f"/v1/{paths[name]}"] = data
    known = {name: sha256(data) for name, (_, data) in objects.items()} | (hashes or {})
    site.files["/xl/sketchfab/sketchfab.parquet"] = parquet(
        [
            {
                "fileIdentifier": f"https://sketchfab.com/3d-models/{name}",
                "source": "sketchfab",
                "fileType": "glb",
                "license": "Creative Commons - Attribution",
                "sha256": digest,
            }
            for name, digest in known.items()
        ]
    )


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def github_row(path: str, data: bytes, **changes: Any) -> dict[str, Any]:
    kind = path.rsplit(".", 1)[-1].lower()
    return {
        "fileIdentifier": f"https://github.com/jane/rigs/blob/{COMMIT}/{path}",
        "source": "github",
        "license": "MIT License",
        "fileType": kind,
        "sha256": sha256(data),
        "metadata": "{}",
    } | changes


def patient(**changes: Any) -> dict[str, Any]:
    """How the tests ask: at once, and over plain http to this machine."""
    return {
        "http_hosts": ["127.0.0.1"],
        "requests_per_s": 1000,
        "parallel": 4,
        "tries": 2,
        "connect_s": 2,
        "read_s": 3,
        "patience_s": 0.6,
    } | changes


def source_1(site: Site, folder: Path, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "objaverse",
        "index": str(folder / "index"),
        "address": f"{site.url}/v1",
        "hashes": f"{site.url}/xl/sketchfab/sketchfab.parquet",
        "download": patient(),
    } | changes


def source_xl(site: Site, folder: Path, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "objaverse_xl",
        "index": str(folder / "index"),
        "address": f"{site.url}/xl",
        "objects": f"{site.url}/v1",
        "github": f"{site.url}/github",
        "download": patient(),
    } | changes


def profile_of(*sources: dict[str, Any], max_file_bytes: int = 2**28) -> Profile:
    return demo_profile(sources=list(sources), collect={"max_file_bytes": max_file_bytes})


def planned(profile: Profile, *, prepare: bool = True) -> list[Job]:
    """The collect stage's jobs, as a run lists them."""
    stage = CollectStage()
    if prepare:
        stage.prepare(stage.settings(profile), lambda line: None)
    return stage.plan(Tables(), profile)
