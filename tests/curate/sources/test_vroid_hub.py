"""The client of VRoid Hub against a local server that answers as the service's public pages say."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from curate.download import downloader
from curate.download.limits import DownloadFailed
from curate.sources import vroid_hub_api
from curate.sources.vroid_hub_api import Hub
from curate.stages.collect import CollectStage
from rigmill.outcomes import Failed, FailKind, Kept, Outcome, Rejected
from rigmill.types import Row
from tests.support.curation import Tables, demo_profile, glb, plain_work

TOKEN = "seeded-token-1f2e3d"
AVATAR = glb(
    {
        "asset": {"version": "2.0"},
        "extensions": {"VRM": {"meta": {"title": "Ann", "author": "Bo", "allowedUserName": "Everyone"}}},
    }
)


@dataclass
class Service:
    """What the local server knows, and what it was asked."""

    models: dict[str, Row] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)
    file: bytes = AVATAR
    compressed: bool = False
    cut_short: bool = False
    bad_answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # given before any good one
    redirect: str = "/bucket/file.vrm?signature=abc"
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    address: str = ""


class Handler(BaseHTTPRequestHandler):
    service: Service
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            pass  # the client went away, as it may

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _data(self, data: Any, **more: Any) -> None:
        self._answer(200, json.dumps({"data": data, "error": None, "_links": {}, "rand": "r", **more}).encode())

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def do_DELETE(self) -> None:
        self._respond("DELETE")

    def _respond(self, method: str) -> None:
        service = self.service
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        service.asked.append((method, self.path, dict(self.headers)))
        path, _, query = self.path.partition("?")
        if path.startswith("/bucket/"):
            data = gzip.compress(service.file) if service.compressed else service.file
            more = {"Content_Encoding": "gzip"} if service.compressed else {}
            if service.cut_short:
                self._answer(200, data[:50], Content_Length=str(len(data)))
                self.close_connection = True
            else:
                self._answer(200, data, **more)
        elif service.bad_answers:
            status, headers = service.bad_answers.pop(0)
            self._answer(status, b"<html>busy</html>", **headers)
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}" or self.headers.get("X-Api-Version") != "11":
            self._answer(401, b'["OAUTH_UNAUTHORIZED: OAuth unauthorized"]')
        elif path == "/api/account/character_models":
            start = int(query.partition("max_id=")[2] or 0)
            after = {"next": {"href": f"{path}?count=100&max_id={start + 1}"}} if start + 1 < len(service.own) else {}
            self._data([{"id": name} for name in service.own[start : start + 1]], _links=after)
        elif path.startswith("/api/character_models/"):
            model = service.models.get(path.rpartition("/")[2])
            if model is None:
                self._answer(404, b'["COMMON_NOT_FOUND: not found"]')
            else:
                self._data({"character_model": model, "description": ""})
        elif (method, path) == ("POST", "/api/download_licenses"):
            self._data({"id": "777", "character_model_id": body["character_model_id"], "expires_at": "later"})
        elif method == "GET" and path == "/api/download_licenses/777/download":
            self._answer(302, Location=service.redirect)
        elif method == "DELETE" and path == "/api/download_licenses/777":
            self._data({})
        else:
            self._answer(404)


@contextmanager
def serving(known: Service) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"service": known}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    known.address = f"http://127.0.0.1:{server.server_port}"
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    known = Service()
    with serving(known):
        monkeypatch.setattr(vroid_hub_api, "ADDRESS", known.address)
        monkeypatch.setattr(downloader, "FIRST_WAIT_S", 0.01)
        monkeypatch.setenv("VROID_HUB_TOKEN", TOKEN)
        yield known


def model(name: str, **more: Any) -> Row:
    return {
        "id": name,
        "name": "Ann",
        "is_hearted": True,
        "is_downloadable": True,
        "is_other_users_available": True,
        "character": {"id": "55", "user": {"id": "9"}},
        "license": {"modification": "disallow", "credit": "necessary"},
    } | more


def collect(folder: Path, *models: str, **more: Any) -> dict[str, Outcome]:
    wanted = demo_profile(
        sources=[{"kind": "vroid_hub", "models": list(models), **more}], collect={"max_file_bytes": 5000}
    )
    stage, work = CollectStage(), plain_work(folder)
    jobs = stage.plan(Tables(), wanted)
    return {job.payload["uid"]: next(iter(stage.run([job], work))).outcome for job in jobs}


def test_planning_asks_the_service_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VROID_HUB_TOKEN")
    wanted = demo_profile(sources=[{"kind": "vroid_hub", "models": ["12", "3", "12"]}])
    assert [job.input_id for job in CollectStage().plan(Tables(), wanted)] == ["vroid_hub-12", "vroid_hub-3"]
    assert service.asked == []


@pytest.mark.parametrize("compressed", [False, True])
def test_a_hearted_model_is_taken_under_the_stricter_of_page_and_block(
    service: Service, tmp_path: Path, compressed: bool
) -> None:
    service.models["12"], service.compressed = model("12"), compressed
    outcome = collect(tmp_path, "12")["12"]
    assert isinstance(outcome, Kept), outcome
    (row,) = outcome.rows
    assert (row["title"], row["author"], row["origin"], row["licence_seen_in"]) == (
        "Ann",
        "Bo",
        "https://hub.vroid.com/characters/55/models/12",
        "file",
    )
    assert plain_work(tmp_path).store.root.joinpath(row["file"]["sha256"][:2]).exists()
    assert row["file"]["size_bytes"] == len(AVATAR)
    rights = row["rights"]
    assert (rights["may_modify"], rights["needs_credit"], rights["may_share_renders"]) == (False, True, True)
    # The licence to download is given back, and the token went to the service alone.
    assert [(method, path) for method, path, _ in service.asked][-1] == ("DELETE", "/api/download_licenses/777")
    for _, path, headers in service.asked:
        assert ("Authorization" in headers) == path.startswith("/api/")


def test_an_own_model_needs_no_heart_and_is_found_on_a_later_page(service: Service, tmp_path: Path) -> None:
    service.own = ["1", "2", "3"]
    service.models["3"] = model("3", is_hearted=False, is_downloadable=False)
    assert isinstance(collect(tmp_path, "3")["3"], Kept)
    assert sum(path.startswith("/api/account") for _, path, _ in service.asked) == 3


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_hearted": False}, "licence"),
        ({"is_downloadable": False}, "licence"),
        ({"is_other_users_available": None}, "licence"),
        ({"is_hearted": "yes"}, "licence"),
    ],
)
def test_a_model_that_is_not_the_accounts_or_not_offered_is_never_downloaded(
    service: Service, tmp_path: Path, change: Row, code: str
) -> None:
    service.models["12"] = model("12", **change)
    outcome = collect(tmp_path, "12")["12"]
    assert isinstance(outcome, Rejected) and outcome.code == code
    assert not any("download" in path for _, path, _ in service.asked)


def test_a_model_that_is_gone_too_large_or_no_avatar_is_rejected(service: Service, tmp_path: Path) -> None:
    service.models["12"] = model("12")
    codes = []
    for service.file in (b"x" * 6000, b"<!doctype html>", gzip.compress(bytes(6_000_000))):
        service.compressed = service.file[:2] == b"\x1f\x8b"
        if service.compressed:
            service.file = bytes(6_000_000)  # small on the wire
        outcome = collect(tmp_path, "12")["12"]
        assert isinstance(outcome, Rejected)
        codes.append(outcome.code)
    assert codes == ["too_large", "unknown_type", "too_large"]
    gone = collect(tmp_path, "99")["99"]
    assert isinstance(gone, Rejected) and gone.code == "dead_link"


def test_a_busy_service_is_asked_again_and_its_wish_to_wait_is_kept(service: Service) -> None:
    service.models["12"] = model("12")
    service.bad_answers = [(429, {"Retry-After": "1"}), (503, {}), (500, {})]
    started = time.monotonic()
    with Hub(TOKEN, address=service.address) as hub:
        assert hub.model("12")["id"] == "12"
        assert time.monotonic() - started >= 1 and len(service.asked) == 4
        service.bad_answers = [(503, {})] * 9
        with pytest.raises(DownloadFailed, match="503; tried 5 times"):
            hub.model("12")
        service.bad_answers = [(500, {"Retry-After": "99999"})]
        with pytest.raises(DownloadFailed, match="longer pause"):
            hub.model("12")


def test_trouble_of_the_way_is_tried_by_the_next_run_and_names_the_remedy(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.models["12"] = model("12")
    outcomes = []
    monkeypatch.setenv("VROID_HUB_TOKEN", "wrong-token-998877")
    outcomes.append(collect(tmp_path, "12")["12"])
    monkeypatch.delenv("VROID_HUB_TOKEN")
    outcomes.append(collect(tmp_path, "12")["12"])
    monkeypatch.setenv("VROID_HUB_TOKEN", TOKEN)
    service.cut_short = True
    outcomes.append(collect(tmp_path, "12")["12"])
    service.cut_short, service.redirect = False, "ftp://127.0.0.1/file.vrm"
    outcomes.append(collect(tmp_path, "12")["12"])
    service.redirect = "/api/download_licenses/777/download"  # for ever
    outcomes.append(collect(tmp_path, "12")["12"])
    monkeypatch.setattr(vroid_hub_api, "ADDRESS", "http://127.0.0.1:9")
    outcomes.append(collect(tmp_path, "12")["12"])
    messages = []
    for outcome in outcomes:
        assert isinstance(outcome, Failed) and outcome.kind is FailKind.NETWORK
        messages.append(outcome.message)
    for message, part in zip(
        messages,
        ("VROID_HUB_TOKEN", "VROID_HUB_TOKEN", "ended early", "neither http nor https", "401", "failed or broke"),
    ):
        assert part in message
    for text in messages:
        assert "wrong-token" not in text and TOKEN not in text and "signature" not in text and "127.0.0.1" not in text
    assert not any(TOKEN.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:{port}/bucket/file.vrm",
        "https://localhost/bucket/file.vrm",
        "http://10.0.0.1/bucket/file.vrm",
        "https://[::1]/bucket/file.vrm",
        "https://169.254.169.254/latest/meta-data",
        "https://s3.amazonaws.com.evil.example/file.vrm",
        "https://me@s3.amazonaws.com/file.vrm",
        "https://s3.amazonaws.com:8443/file.vrm",
    ],
)
def test_a_redirect_to_an_address_that_is_not_listed_is_refused_and_nothing_is_asked_there(
    service: Service, tmp_path: Path, address: str
) -> None:
    service.models["12"] = model("12")
    service.redirect = address.format(port=service.address.rpartition(":")[2])
    outcome = collect(tmp_path, "12")["12"]
    assert isinstance(outcome, Failed) and outcome.kind is FailKind.NETWORK, outcome
    assert "leads to an address that is not asked" in outcome.message
    assert not any(path.startswith("/bucket/") for _, path, _ in service.asked)


def test_a_redirect_along_a_listed_name_into_a_private_network_is_not_connected_to(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.models["12"], service.redirect = model("12"), "https://localhost/file.vrm"
    monkeypatch.setattr(vroid_hub_api, "HOSTS", ("hub.vroid.com", "localhost"))
    outcome = collect(tmp_path, "12")["12"]
    assert isinstance(outcome, Failed) and outcome.kind is FailKind.NETWORK, outcome
    assert outcome.message == "a public name that leads into a private network"


def test_a_redirected_question_is_not_asked_elsewhere_and_the_token_stays(service: Service, tmp_path: Path) -> None:
    service.models["12"] = model("12")
    other = Service()
    with serving(other):
        service.redirect = f"{other.address}/bucket/file.vrm"  # the same host's other port: allowed in tests
        assert isinstance(collect(tmp_path / "file", "12")["12"], Kept)
        ((_, path, headers),) = other.asked
        assert path == "/bucket/file.vrm" and TOKEN not in str(headers) and "X-Api-Version" not in headers
        service.bad_answers = [(307, {"Location": f"{other.address}/api/character_models/12"})]
        assert isinstance(collect(tmp_path / "json", "12")["12"], Failed)
    assert len(other.asked) == 1


@pytest.mark.parametrize("body", ["[]", "nonsense", "{}", '{"data": []}', '{"data": null}', "[" * 100_000])
def test_odd_answers_are_trouble_and_no_traceback(service: Service, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    monkeypatch.setattr(Handler, "_data", lambda self, data, **more: self._answer(200, body.encode()))
    service.models["12"] = model("12")
    with Hub(TOKEN, address=service.address) as hub:
        with pytest.raises(DownloadFailed):
            hub.model("12")
        with pytest.raises(DownloadFailed):
            hub.download("12", max_bytes=10)
