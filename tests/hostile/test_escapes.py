"""Code that runs inside a child, and what it can do outside of it: nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rigmill.blender.client import BlenderClient, Limits
from tests.support.hostile.escapes import attempts
from tests.support.paths import ROOT

pytestmark = pytest.mark.blender
LIMITS = Limits(wall_s=60, cpu_s=60, memory_bytes=4 * 2**30, file_bytes=2**26, network="best_effort")


@pytest.fixture
def client() -> Iterator[BlenderClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        client = BlenderClient(LIMITS)
        yield client
        client.close()


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What lies outside of the child: a file, a folder, listening sockets, a process."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file").write_bytes(b"secret")
    name = f"rigmill-test-{os.getpid()}"
    with contextlib.ExitStack() as stack:
        listening = []
        for family, address in (
            (socket.AF_UNIX, str(tmp_path / "socket")),
            (socket.AF_UNIX, "\0" + name),
            (socket.AF_INET, ("127.0.0.1", 0)),
        ):
            listener = stack.enter_context(socket.socket(family))
            listener.bind(address)
            listener.listen()
            listening.append(listener)
        sleeper = subprocess.Popen(["sleep", "600"])
        stack.callback(lambda: (sleeper.kill(), sleeper.wait()))
        yield {
            "outside_file": str(folder / "file"),
            "outside_folder": str(folder),
            "outside_pid": sleeper.pid,
            "socket_path": str(tmp_path / "socket"),
            "abstract_name": name,
            "port": listening[2].getsockname()[1],
            "marker": str(tmp_path / "scratch" / "grandchild"),
        }


def state_of(folder: Path) -> list[tuple[Any, ...]]:
    found = []
    for path in sorted(folder.rglob("*")):
        info = path.stat()
        found.append((path.name, info.st_mode, info.st_uid, info.st_mtime_ns, info.st_size, os.listxattr(path)))
    return found


def test_nothing_that_code_in_a_child_tries_reaches_outside(
    client: BlenderClient, outside: dict[str, Any], tmp_path: Path
) -> None:
    scratch, folder = tmp_path / "scratch", Path(outside["outside_folder"])
    scratch.mkdir()
    before, segments = state_of(folder), Path("/proc/sysvipc/shm").read_text()
    (reply,) = client.run("tests.support.hostile.escapes:try_all", [outside], scratch=scratch)
    assert reply.value is not None, reply.outcome
    assert len(reply.value) >= 40 and reply.value.keys() == attempts(outside).keys()
    assert {name: end for name, end in reply.value.items() if end == "done"} == {}
    assert state_of(folder) == before
    assert Path("/proc/sysvipc/shm").read_text() == segments
    assert not Path(outside["marker"]).exists()
    assert Path(f"/proc/{outside['outside_pid']}").exists()
    assert (scratch / "own").read_bytes() == b"x"


def test_a_child_dies_with_its_server_however_it_resists(client: BlenderClient, tmp_path: Path) -> None:
    stream = client.run("tests.support.blender.misbehave:act", [{"do": "work"}, {"do": "hang"}], scratch=tmp_path)
    first = next(stream)
    assert first.value is not None
    pid = first.value["pid"]
    assert client._process is not None
    os.kill(client._process.pid, signal.SIGKILL)
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
