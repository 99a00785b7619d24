"""One child, many ways to die: each costs the item it was working on and nothing else."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from render.blender.sandbox.child import run_child
from rigmill.blender.client import BlenderClient, Limits, Reply
from rigmill.errors import UserError
from rigmill.outcomes import Failed, FailKind, Rejected
from tests.support.paths import ROOT

pytestmark = pytest.mark.blender
LIMITS = Limits(wall_s=6.0, cpu_s=60, memory_bytes=2 * 2**30, file_bytes=2**23, network="best_effort")


@pytest.fixture(scope="module")
def client() -> Iterator[BlenderClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        client = BlenderClient(LIMITS)
        yield client
        client.close()


def act(client: BlenderClient, scratch: Path, *what: str) -> list[Reply]:
    return list(client.run("tests.support.blender.misbehave:act", [{"do": do} for do in what], scratch=scratch))


def failed(reply: Reply) -> Failed:
    assert isinstance(reply.outcome, Failed)
    return reply.outcome


def test_items_of_one_call_share_a_child_and_its_state(client: BlenderClient, tmp_path: Path) -> None:
    first, second = act(client, tmp_path, "work", "work")
    assert first.value and second.value
    assert (first.value["calls"], second.value["calls"]) == (1, 2)
    assert first.value["pid"] == second.value["pid"] != os.getpid()
    (other,) = act(client, tmp_path, "work")
    assert other.value and other.value["pid"] != first.value["pid"]


@pytest.mark.parametrize(
    ("what", "kind", "signal_name"),
    [
        ("segfault", FailKind.CRASH, "SIGSEGV"),
        ("hang", FailKind.TIMEOUT, None),
        ("spin", FailKind.TIMEOUT, None),
        ("eat", FailKind.MEMORY, None),
        ("raise", FailKind.EXCEPTION, None),
        ("killed", FailKind.INTERRUPTED, "SIGKILL"),
        ("write", FailKind.EXCEPTION, None),
    ],
)
def test_a_bad_item_is_named_and_the_server_lives_on(
    client: BlenderClient, tmp_path: Path, what: str, kind: FailKind, signal_name: str | None
) -> None:
    good, bad, *rest = act(client, tmp_path, "work", what)
    assert good.value is not None and rest == []
    assert failed(bad).kind == kind and failed(bad).signal == signal_name
    assert act(client, tmp_path, "work")[0].value is not None


@pytest.mark.parametrize("what", ["full", "refuse what is full"])
def test_a_full_disk_in_a_child_is_the_machines_and_no_item_is_to_blame(
    client: BlenderClient, tmp_path: Path, what: str
) -> None:
    with pytest.raises(UserError, match="the disk is full"):
        act(client, tmp_path, "work", what, "work")
    assert all(reply.value for reply in act(client, tmp_path, "work", "work"))


def heard(client: BlenderClient, scratch: Path, *what: str) -> tuple[list[Reply], list[tuple[int, int, int]]]:
    told: list[tuple[int, int, int]] = []
    replies = list(
        client.run(
            "tests.support.blender.misbehave:act",
            [{"do": do} for do in what],
            scratch=scratch,
            on_progress=lambda index, done, total: told.append((index, done, total)),
        )
    )
    return replies, told


def test_a_child_tells_how_far_it_is_a_few_times_a_second_and_each_item_still_has_one_answer(
    client: BlenderClient, tmp_path: Path
) -> None:
    replies, told = heard(client, tmp_path, "work", "tell", "work")
    assert [reply.value is not None for reply in replies] == [True, True, True]
    assert 2 <= len(told) <= 4 and {index for index, _, _ in told} == {1} and {total for *_, total in told} == {10**9}
    done = [number for _, number, _ in told]
    assert done == sorted(set(done)) and replies[1].value and done[-1] <= replies[1].value["told"]
    assert 1.0 < replies[1].measured.wall_s < LIMITS.wall_s  # from answer to answer, whatever was told between
    # Nobody has to listen, and the answers are the same.
    (unheard,) = act(client, tmp_path, "tell")
    assert unheard.value is not None


@pytest.mark.parametrize("what", ["tell forever", "flood"])
def test_telling_is_no_answer_so_the_clock_of_the_item_runs_on(
    client: BlenderClient, tmp_path: Path, what: str
) -> None:
    started = time.monotonic()
    (good, bad), told = heard(client, tmp_path, "work", what)
    assert good.value is not None and told
    assert (failed(bad).kind, failed(bad).error_type) == (FailKind.TIMEOUT, "WallClock")
    assert LIMITS.wall_s <= time.monotonic() - started < LIMITS.wall_s + 60
    assert act(client, tmp_path, "work")[0].value is not None


def test_an_answer_comes_with_the_cpu_seconds_of_its_item(client: BlenderClient, tmp_path: Path) -> None:
    first, second = act(client, tmp_path, "burn", "work")
    assert 0.5 <= first.measured.extra["cpu_s"] < first.measured.wall_s - 0.2  # it slept for 0.3 s
    assert second.measured.extra["cpu_s"] < 0.4


def test_items_after_a_death_are_not_answered(client: BlenderClient, tmp_path: Path) -> None:
    replies = act(client, tmp_path, "work", "segfault", "work")
    assert len(replies) == 2


def test_items_after_an_exception_go_on_with_fresh_state(client: BlenderClient, tmp_path: Path) -> None:
    replies = act(client, tmp_path, "work", "raise", "work")
    assert [reply.value and reply.value["calls"] for reply in replies] == [1, None, 1]


def test_a_refusal_keeps_its_code_and_numbers(client: BlenderClient, tmp_path: Path) -> None:
    (reply,) = act(client, tmp_path, "refuse")
    assert reply.outcome == Rejected("no_rig", "no rig here", 0, 1)


def test_messages_hold_no_paths(client: BlenderClient, tmp_path: Path) -> None:
    (reply,) = act(client, tmp_path, "raise")
    assert failed(reply).message == "bad thing at <scratch>/x"


def test_a_child_has_no_network_where_the_system_allows_it(client: BlenderClient, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        (reply,) = client.run(
            "tests.support.blender.misbehave:act",
            [{"do": "connect", "port": server.getsockname()[1]}],
            scratch=tmp_path,
        )
    assert reply.value is not None
    if reply.value["connected"]:
        pytest.skip("this system does not let processes drop their network")
    # No socket where system calls are refused; no permission by the file barrier; no route where the network is gone.
    refusals = ("not permitted", "permission denied", "unreachable")
    assert any(words in reply.value["error"].lower() for words in refusals)


def test_a_reply_says_what_its_child_was_kept_from(client: BlenderClient, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "other").write_text("secret")
    item = {"do": "look around", "file": str(tmp_path / "other")}
    (reply,) = client.run("tests.support.blender.misbehave:act", [item], scratch=tmp_path / "scratch")
    assert reply.value is not None
    sandbox = reply.measured.sandbox
    assert sandbox is not None
    assert (sandbox.files, sandbox.network) == (not reply.value["opened"], not reply.value["loopback"])


@pytest.mark.parametrize(("files", "network"), [(False, True), (True, False), (False, False)])
def test_a_child_that_cannot_be_confined_says_so_first_and_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: bool, network: bool
) -> None:
    monkeypatch.setattr("render.blender.sandbox.child.confine", lambda request, scratch: files)
    monkeypatch.setattr("render.blender.sandbox.child.cut_network", lambda: network)
    monkeypatch.setattr("render.blender.sandbox.child.close_system_calls", lambda: False)
    limits = {name: getattr(LIMITS, name) for name in Limits.__slots__}
    request = {"function": "tests.support.blender.misbehave:act", "items": [{"do": "work"}], "limits": limits}
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        run_child(request | {"scratch": str(tmp_path)}, answer_fd=write, parent=os.getppid())
    os.close(write)
    with os.fdopen(read) as answers:
        first, second = map(json.loads, answers)
    os.waitpid(pid, 0)
    layers = {"files": files, "network": network, "privileges": True, "system_calls": False}
    assert first == {"sandbox": layers} and second["value"]["did"] == "work"


def test_a_child_starts_no_process_or_it_ends_with_it(client: BlenderClient, tmp_path: Path) -> None:
    (reply,) = act(client, tmp_path, "daemon")
    if reply.value is None:  # refused; where the kernel cannot refuse it, the whole session is ended
        assert failed(reply).error_type == "PermissionError"
        return
    assert _ends_soon(reply.value["pid"])


def _ends_soon(pid: int) -> bool:
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline and _alive(pid):
        time.sleep(0.05)
    return not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (Path("/proc") / str(pid) / "stat").read_text().split(")")[1].split()[0] != "Z"


def test_keys_of_the_environment_do_not_reach_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    client = BlenderClient(LIMITS)
    (reply,) = act(client, tmp_path, "environment")
    client.close()
    assert reply.value is not None and "OPENAI_API_KEY" not in reply.value["names"]


def test_a_server_killed_while_it_starts_is_an_interruption(tmp_path: Path) -> None:
    client = BlenderClient(LIMITS)

    def kill_soon() -> None:
        while client._process is None:
            time.sleep(0.01)
        os.kill(client._process.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_soon)
    killer.start()
    (reply,) = act(client, tmp_path, "work")
    killer.join()
    client.close()
    assert failed(reply).kind == FailKind.INTERRUPTED


def test_a_server_that_hangs_while_it_starts_is_ended_with_all_it_started_and_a_person_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "python"
    hanging.write_text(f'#!/bin/sh\nsleep 600 &\necho $! $$ > {tmp_path}/pids\necho "no display" >&2\nwait\n')
    hanging.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(hanging))
    client = BlenderClient(LIMITS, start_timeout_s=0.5)
    started = time.monotonic()
    with pytest.raises(UserError, match="Blender does not start") as told:
        act(client, tmp_path, "work")
    assert time.monotonic() - started < 30
    assert "0.5 s" in told.value.why and "no display" in told.value.why and told.value.fix
    assert all(_ends_soon(int(pid)) for pid in (tmp_path / "pids").read_text().split())


def test_a_killed_server_is_reported_and_replaced(client: BlenderClient, tmp_path: Path) -> None:
    stream = client.run("tests.support.blender.misbehave:act", [{"do": "work"}, {"do": "hang"}], scratch=tmp_path)
    assert next(stream).value is not None
    assert client._process is not None
    os.kill(client._process.pid, signal.SIGKILL)
    assert failed(next(stream)).kind == FailKind.INTERRUPTED
    assert act(client, tmp_path, "work")[0].value is not None


@pytest.mark.slow  # over 10 s
def test_nothing_of_a_server_stays_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is closed, killed with its child, or forgotten."""
    place, scratch = tmp_path / "temporary", tmp_path / "scratch"
    scratch.mkdir()
    system = tmp_path / "system"
    system.mkdir()
    monkeypatch.setenv("TMPDIR", str(system))
    monkeypatch.setattr(tempfile, "tempdir", None)
    client = BlenderClient(LIMITS, temporary=place)
    assert act(client, scratch, "work")[0].value and len(list(place.iterdir())) == 1
    assert [path.name.split("_")[0] for path in place.glob("*/*")] == ["blender"]  # so that the test means something
    act(client, scratch, "hang")
    assert client._process is not None
    os.killpg(client._process.pid, signal.SIGKILL)
    act(client, scratch, "work")  # says that it is gone
    assert act(client, scratch, "work")[0].value and len(list(place.iterdir())) == 1
    client.close()
    assert list(place.iterdir()) == []
    client = BlenderClient(LIMITS, temporary=place)
    assert act(client, scratch, "work")[0].value
    process = client._process
    del client
    assert list(place.iterdir()) == [] and process is not None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(system.iterdir()) == []
