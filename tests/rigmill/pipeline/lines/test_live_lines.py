"""What a person sees while a run goes on, on a terminal and elsewhere."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections import Counter
from contextlib import suppress

import pytest
from rich.cells import cell_len
from rich.console import Console

from rigmill.pipeline.lines import live_lines
from rigmill.pipeline.lines.live_lines import PLAIN_INTERVAL_S, Progress
from rigmill.pipeline.lines.terminal_lines import TerminalLines
from rigmill.pipeline.view import Counts
from rigmill.printable import one_line
from tests.support.paths import ROOT

WIDTH = 80
HOSTILE = "a\x1b]0;title\x07\x1b[2J\rb\nc\u202ed\x9be\u2028f[bold red]"
ONE_LINE = "a?]0;title??[2J b c?d?e?f[bold red]"
SOME = Counts(300, 200, 30, 4)
SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def drawn(lines: TerminalLines, console: Console) -> list[str]:
    """The lines that stand on the terminal now, without colours."""
    with console.capture() as capture:
        console.print(lines._lines())
    return [SEQUENCE.sub("", line) for line in capture.get().splitlines()]


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=WIDTH, height=24)


@pytest.mark.parametrize("counts", [Counts(0, 0, 0, 0), SOME, Counts(10**9, 10**8, 10**8, 10**8)])
@pytest.mark.parametrize("words", ["", "16 s left  loss 0.1 (20/300, 4.9/s)", "views " * 40, "\u5b57" * 90])
@pytest.mark.parametrize("planned", [True, False])
def test_every_line_fits_the_terminal(console: Console, counts: Counts, words: str, planned: bool) -> None:
    lines = TerminalLines(console)
    for stage in ("collect", "retarget"):
        lines.show_stage(stage, counts, planned=planned, words=words)
    lines.show_words("step", f"{words}!")
    shown = drawn(lines, console)
    assert len(shown) == 3 and all(cell_len(line) <= WIDTH for line in shown)


def test_a_stages_line_has_its_counts_the_time_left_and_a_note(console: Console) -> None:
    lines = TerminalLines(console)
    lines.show_stage("render", SOME, planned=False, words="running 2")
    assert re.fullmatch(r"render \S+ 234/300\+ kept 200 rejected 30 failed 4 running 2 *", drawn(lines, console)[0])
    lines.show_stage("render", SOME, planned=True, words="16 s left  [bold]")
    lines.show_stage("train", Counts(1, 0, 0, 0), planned=True, words="loss 0.1")
    lines.show_words("Fox.glb", "Fox.glb: looking")
    lines.show_words("Fox.glb", "Fox.glb: [red]4 of 104")
    render, train, words = drawn(lines, console)
    assert "234/300 kept" in render and render.rstrip().endswith("16 s left  [bold]")
    assert train.startswith("train ") and "loss 0.1" in train and words.rstrip() == "Fox.glb: [red]4 of 104"
    for name in ("render", "Fox.glb", "never shown"):
        lines.remove(name)
    assert [line.split()[0] for line in drawn(lines, console)] == ["train"]


def test_words_of_strangers_are_one_line_that_moves_no_cursor() -> None:
    assert one_line(HOSTILE) == ONE_LINE
    assert (
        one_line("J\u00e4ger \u5b57 \U0001f98a\u200d\U0001f525 'a' <b>")
        == "J\u00e4ger \u5b57 \U0001f98a\u200d\U0001f525 'a' <b>"
    )


def test_elsewhere_a_line_is_printed_when_something_changed_and_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(live_lines.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress.update("render", SOME, running=2, planned=False)
        progress.update("render", Counts(300, 201, 30, 4), running=2, planned=True)  # too soon
        now[0] += PLAIN_INTERVAL_S
        progress.update("render", Counts(300, 230, 30, 4), running=2, planned=True, note=f"frames {HOSTILE}")
        now[0] += PLAIN_INTERVAL_S
        progress.update("render", Counts(300, 230, 30, 4), running=2, planned=True, note=f"frames {HOSTILE}")  # again
        progress.show("Fox.glb", "Fox.glb: 4 of 104", state="4")
        progress.close("render", "render: kept 266")
    assert stream.getvalue().splitlines() == [
        "render    234/300+  kept 200  rejected 30  failed 4  running 2",
        "render    264/300  kept 230  rejected 30  failed 4  running 2, 12 s left  frames",
        f"  {ONE_LINE}",
        "Fox.glb: 4 of 104",
        "render: kept 266",
    ]


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    with Progress(stream) as progress:
        progress.show("x", "4 of 104", state="4")
        assert stream.getvalue() == "4 of 104\n"


def test_rich_is_imported_for_a_terminal_alone() -> None:
    code = (
        "import io, sys\nfrom rigmill.pipeline.lines.live_lines import Progress\n"
        "with Progress(io.StringIO()) as progress: progress.show('a', 'b', state='c')\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'rich']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_line_that_stays_is_whole_and_stands_above_the_live_ones(console: Console) -> None:
    lines = TerminalLines(console)
    lines.start()
    lines.show_words("step", "working")
    lines.say("long " * 40)
    lines.stop()
    assert "long " * 40 in console.file.getvalue()  # type: ignore[attr-defined]


def test_lines_that_stay_fit_and_a_command_is_whole() -> None:
    stream, command = io.StringIO(), "rigmill status probe --profile demo --set " + "x" * 50
    with Progress(stream) as progress:
        progress.close("probe", "word " * 40 + "why:", command=command)
        progress.say("word " * 40)
        progress.update("render", Counts(10**9, 10**8, 10**8, 10**8), running=9, planned=True, note="frames " * 9)
    lines = stream.getvalue().splitlines()
    assert f"  {command}" in lines
    assert all(len(line) <= WIDTH for line in lines if command not in line) and len(lines) == 10


SCRIPT = f"""
import sys, time
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.view import Counts
with Progress() as progress:
    for done in range(0, 300, 100):
        progress.update("render", Counts(300, done, 0, 0), running=2, planned=True, note={HOSTILE!r} * 9)
        progress.show("x", {HOSTILE!r} * 9, state=str(done))
        time.sleep(0.3)
    progress.close("x", "closed " + {HOSTILE!r})
    print("to a pipe")
    time.sleep(60 if "wait" in sys.argv else 0)
"""


class Terminal:
    """A program with a terminal of 80 columns for its error stream."""

    def __init__(self, script: str, *arguments: str) -> None:
        self.ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, WIDTH))
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm", "PYTHONPATH": str(ROOT)},
        )
        self.theirs = theirs
        self.text = ""

    def read(self, *, until: str | None = None) -> str:
        """What was written so far, at least until these words or the program's end."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (until is None or until not in self.text):
            ended = self.process.poll() is not None
            if select.select([self.ours], [], [], 0.1)[0]:
                self.text += os.read(self.ours, 1 << 16).decode()
            elif ended:
                break
        return self.text

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self.ours)
        os.close(self.theirs)


def test_in_a_real_terminal_lines_fit_and_names_do_nothing() -> None:
    terminal = Terminal(SCRIPT)
    try:
        text = terminal.read()
        assert terminal.process.wait() == 0 and terminal.process.stdout
        assert terminal.process.stdout.read() == b"to a pipe\n"  # not into the live lines
    finally:
        terminal.close()
    kinds = Counter(re.sub(r"[0-9;]", "", sequence) for sequence in SEQUENCE.findall(text))
    assert set(kinds) <= {"\x1b[m", "\x1b[A", "\x1b[K", "\x1b[?l", "\x1b[?h"}  # colours, one line up, erase, cursor
    rest = SEQUENCE.sub("", text)
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\u2028]", rest)
    lines = [line for line in re.split(r"[\r\n]+", rest) if line]
    assert any("100/300 kept 100" in line for line in lines) and f"closed {ONE_LINE}" in lines
    assert all(cell_len(line) <= WIDTH for line in lines)


def test_an_interrupted_run_leaves_the_terminal_as_it_was() -> None:
    terminal = Terminal(SCRIPT, "wait")
    try:
        assert "\x1b[?25l" in terminal.read(until="closed ")  # the cursor is hidden
        for _ in range(20):  # as a person does where nothing happens: Python may lose one inside a clean-up of its own
            terminal.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                terminal.process.wait(5)
                break
        text = terminal.read()
        assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
        assert termios.tcgetattr(terminal.theirs) == terminal.before
        assert "KeyboardInterrupt" in text[text.rindex("\x1b[?25h") :]  # what is said later stands below
    finally:
        terminal.close()
