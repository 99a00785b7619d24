"""However a command ends, it ends with one message that names the fix, and with an exit status of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from rigmill.commands.cli import main
from rigmill.commands.signals import Ended, ended_by_signals, interrupted_status
from tests.support.paths import ROOT
from tests.support.processes import processes_below
from tests.support.small_runs import rigmill

MINE = """
mine:
  inherits: demo
  output: out
  sources: [{kind: folder, path: files}]
  run: {min_free_disk_bytes: 0}
"""


class Typed:
    """Commands in a folder: exit status and everything printed. `apart` is in a process of its own, as people do it."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capfd = folder, capfd

    def __call__(self, *arguments: str) -> tuple[int, str]:
        self.capfd.readouterr()
        status = main(list(arguments))
        printed = self.capfd.readouterr()
        return status, printed.out + printed.err

    def apart(self, *arguments: str) -> tuple[int, str]:
        answer = subprocess.run(
            [sys.executable, "-m", "rigmill", *arguments],
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        return answer.returncode, answer.stdout


@contextmanager
def nobody() -> Iterator[None]:
    """As a user whom the system refuses something; root it refuses nothing."""
    if os.geteuid():
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def assert_one_message(answer: tuple[int, str], *named: str) -> None:
    status, text = answer
    assert status == 2 and text.startswith("error[E") and "  fix: " in text and "Traceback" not in text, text
    assert len(text.splitlines()) <= 8 and text.count("error[") == 1
    assert all(name in " ".join(text.split()) for name in named), text


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with a profile of its own and a folder of files."""
    config = ROOT / "pipelines.yaml"
    (tmp_path / "mine.yaml").write_text(config.read_text() + MINE)
    (tmp_path / "files").mkdir()
    (tmp_path / "a-file").write_text("")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "tables").write_text("")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / ".lock").mkdir()
    return tmp_path


@pytest.fixture
def typed(mine: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Typed:
    monkeypatch.chdir(mine)
    return Typed(mine, capfd)


def ours(command: Sequence[str], output: str) -> list[str]:
    return [*command, "--config", "mine.yaml", "--profile", "mine", "--set", f"output={output}"]


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["status"], "a-file"),
        (["plan"], "a-file/below"),
        (["show", "abc"], "half"),
        (["report"], "a-file"),
        (["verify"], "half"),
        (["run", "select"], "a-file/below"),
        (["run", "select"], "half"),
    ],
)
def test_a_file_in_the_way_of_the_output_folder_is_one_message(typed: Typed, command: list[str], output: str) -> None:
    assert_one_message(typed(*ours(command, output)), "move it away", output)


@pytest.mark.parametrize(
    ("command", "output"), [(["report"], "/proc/x"), (["run", "select"], "/sys/x"), (["retry"], "/proc/x")]
)
def test_a_file_system_that_takes_no_folder_is_one_message(typed: Typed, command: list[str], output: str) -> None:
    assert_one_message(typed(*ours(command, output)), output, "--set output=FOLDER")


def test_a_folder_in_place_of_the_lock_is_one_message(typed: Typed) -> None:
    assert_one_message(typed.apart(*ours(["run", "select"], "taken")), "move it away")


def test_a_folder_that_may_not_be_written_is_one_message_and_may_be_looked_at(typed: Typed) -> None:
    kept = typed.folder / "kept"
    for command in (["status"], ["run", "select"], ["report"]):  # what they import root alone may be able to read
        typed(*ours(command, "first"))
    for folder in (typed.folder, *typed.folder.parents):
        if "pytest-of-" in str(folder):
            folder.chmod(folder.stat().st_mode | 0o711)
    kept.mkdir()
    kept.chmod(0o555)
    with nobody():
        status, text = typed(*ours(["status"], "kept"))
        assert status == 0 and "collect" in text, text
        assert_one_message(typed(*ours(["run", "select"], "kept")), str(kept), "--set output=FOLDER")
        assert_one_message(typed(*ours(["report"], "kept")), str(kept), "--set output=FOLDER")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "all", "--limit", "abc"], "no whole number from 1 on"),
        (["run", "all", "--limit", "0"], "no whole number from 1 on"),
        (["run", "all", "--limit", "\u00b2"], "no whole number from 1 on"),
        (["run", "all", "--workers", "two"], "no whole number from 1 on"),
        (["statsu"], "did you mean 'status'?"),
        (["status", "--by", "sources"], "did you mean 'source'?"),
        (["run"], "rigmill run --help"),
        (["render", "--asset", "x", "--out", "y", "--fps", "fast"], "'fast' is no number"),
        (["animate", "x.glb", "--prompt", "a", "--frames", "20000"], "--frames 10000"),
        (["animate", "x.glb", "--prompt", "a", "--frames", "-5"], "--frames 1"),
        (["animate", "x.glb", "--prompt", "a", "--steps", "2000"], "--steps 1000"),
        (["plan", "--set", "train.num_frames=18"], "train.num_frames': must be a 4k+1"),
        (["plan", "--set", "filters.min_frames=30"], "filters.min_frames = 30"),
        (["plan", "--set", "train.mixture={a: 0.5}"], "'train.mixture.a': no source has this name"),
        (["plan", "--set", "render.samples=many"], "'render.samples' must be a whole number, got 'many'"),
        (["run", "collect", "--ray-address", "127.0.0.1:1"], "no Ray at '127.0.0.1:1'"),
        (["run", "collect", "--ray-address", "127.0.0.1:70000"], "65535"),
        (["run", "collect", "--ray-address", "nowhere.invalid:6379"], "--ray-address local"),
        (["run", "collect", "--ray-address", "nonsense"], "--ray-address local"),
    ],
    ids=str,
)
def test_mistakes_in_a_command_line_are_one_message(typed: Typed, arguments: list[str], named: str) -> None:
    (typed.folder / "files" / "x.glb").write_bytes(b"junk")
    started = time.monotonic()
    status, text = typed(*ours(arguments, "out"))
    text = text.removeprefix(f"connecting to Ray at {arguments[-1]}\n")
    assert_one_message((status, text), named)
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "arguments", [["run", "all", "--limit", "abc"], ["run", "collect", "--ray-address", "127.0.0.1:1"]], ids=" ".join
)
def test_mistakes_are_the_same_message_for_a_shell(typed: Typed, arguments: list[str]) -> None:
    (typed.folder / "files" / "x.glb").write_bytes(b"junk")
    assert typed.apart(*ours(arguments, "out")) == typed(*ours(arguments, "out"))


@pytest.fixture
def untouched_signals() -> Iterator[None]:
    """As in a process of its own: an earlier test's Ray leaves a handler, and `nohup` would have them ignored."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("untouched_signals")
def test_signals_end_what_they_interrupt_as_ctrl_c_does() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        with pytest.raises(KeyboardInterrupt) as caught, ended_by_signals():
            os.kill(os.getpid(), number)
            time.sleep(5)
        assert isinstance(caught.value, Ended) and interrupted_status() == 128 + number
        assert signal.getsignal(number) is signal.SIG_DFL
    with pytest.raises(KeyboardInterrupt), ended_by_signals():
        raise KeyboardInterrupt
    assert interrupted_status() == 130


@pytest.mark.usefixtures("untouched_signals")
def test_a_signal_counts_though_compiled_code_ends_with_an_interruption_of_its_own() -> None:
    """So does Ray's, while it waits."""
    with pytest.raises(KeyboardInterrupt), ended_by_signals():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None
    assert interrupted_status() == 143


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.05)
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.slow
@pytest.mark.ray
def test_a_run_that_is_asked_to_end_keeps_what_is_done_and_no_process(mine: Path) -> None:
    for index in range(1000):
        (mine / "files" / f"{index}.glb").write_bytes(b"junk %d" % index)
    command = ["run", "collect", "--config", "mine.yaml", "--profile", "mine"]
    process = rigmill(*command, cwd=mine)
    manifest = mine / "out" / "tables" / "collect" / "manifest.json"
    until = time.monotonic() + 100
    while not manifest.exists() and time.monotonic() < until:
        time.sleep(0.1)
    below = processes_below(process.pid)
    process.send_signal(signal.SIGTERM)
    text, _ = process.communicate(timeout=100)
    assert process.returncode == 143, text
    assert "interrupted; finished work is kept, the same command continues" in text and "Traceback" not in text
    assert len(below) >= 2
    until = time.monotonic() + 30
    while left := [pid for pid in below if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < until, [below[pid] for pid in left]
        time.sleep(0.2)
    text, _ = rigmill(*command, cwd=mine).communicate(timeout=200)
    assert "collect: kept 0 of 1000, rejected 1000, failed 0" in text
