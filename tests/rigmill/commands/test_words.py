"""What commands say of a run with files of every fate: in names, in lines that fit, with commands that run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rigmill.commands.cli import main
from rigmill.commands.single.show_text import SCREEN_LINES
from rigmill.printable import WIDTH
from tests.support.paths import ASSETS, ROOT
from tests.support.small_runs import PROFILE, results

pytestmark = [pytest.mark.slow, pytest.mark.blender, pytest.mark.ray]
HOSTILE = "a\x1b]0;owned\x07\r\nfix: rm -rf \u202e~.glb"
LONG = "a folder with a long name/" * 3 + "and a file whose name is long as well" * 2 + ".glb"
OWN = ["--config", "mine & x.yaml", "--profile", "small", "--set", "train.mixture={folder: 1.0}"]
A_COMMAND = re.compile(r"rigmill (?:run|retry|status|plan|show|verify|doctor)\b.*?(?=, or |; | fetches|$)")
ESCAPES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of every fate and what a run made of them; `said` has what the run said."""
    folder = tmp_path_factory.mktemp("words")
    own = re.sub(r"sources:.*?filters:", "sources: [{kind: folder, path: files}]\n  filters:", PROFILE, flags=re.DOTALL)
    own = own.replace("max_frames: 17", "min_frames: 20, max_frames: 21")  # the fox walks for 18
    (folder / "mine & x.yaml").write_text((ROOT / "pipelines.yaml").read_text() + own)
    for name, data in ((HOSTILE, b"junk"), (LONG, b"more junk"), ("empty.glb", b""), ("some/Fox.glb", None)):
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((ASSETS / "Fox.glb").read_bytes() if data is None else data)
    command = [sys.executable, "-m", "rigmill", "run", "curate", *OWN]
    answer = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    (folder / "said").write_bytes(answer.stdout + answer.stderr)
    assert answer.returncode == 0, (folder / "said").read_text()
    return folder


class Asked:
    """Commands in the folder; everything that they print is looked at."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capfd = folder, capfd
        self.printed = [(folder / "said").read_bytes().decode()]

    def __call__(self, *arguments: str, status: int | None = 0) -> str:
        self.capfd.readouterr()
        ended = main([*arguments, *OWN])
        printed = self.capfd.readouterr()
        text = printed.out + printed.err
        assert status is None or ended == status, text
        self.printed.append(text)
        return text


@pytest.fixture
def asked(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Asked]:
    monkeypatch.chdir(folder)
    asked = Asked(folder, capfd)
    yield asked
    for text in asked.printed:
        assert "Traceback" not in text and not ESCAPES.search(text), ascii(text)
        for line in text.splitlines():
            # What people copy is whole: a command or a path.
            assert len(line) <= WIDTH or A_COMMAND.search(line) or " " not in line.strip(), line


def test_a_run_ends_in_lines_with_the_output_folder_and_the_persons_own_command(folder: Path, asked: Asked) -> None:
    said = " ".join(asked.printed[0].split())
    assert "starting Ray on this machine collect: kept 1 of 4, rejected 3" in re.sub(
        r"collect +\d.*?(?=collect:)", "", said
    )
    assert re.search(r"in out; why: rigmill status collect --profile small --config 'mine & x.yaml' --set '", said)
    assert re.search(r"preview: kept 3 of 4, rejected 1, failed 0 \(too_few_frames 1\); \d+ s; in out; why:", said)


def test_status_names_files_and_motions(asked: Asked) -> None:
    text = asked("status")
    assert "some/Fox.glb, motion 'Walk' [" in text and "output in out" in text
    text = asked("status", "collect", "preview")
    assert "empty.glb: the file holds no bytes" in text and "a?]0;owned?  fix: rm -rf ?~.glb" in text
    rows = json.loads(asked("status", "preview", "--json"))
    (example,) = rows[0]["reasons"][0]["examples"]
    assert example["name"] == "some/Fox.glb, motion 'Walk'" and "--rejected" in example["command"]
    asked("status", "--by", "source")


@pytest.mark.parametrize("name", ["Fox.glb", "some/Fox.glb", "fox"])
def test_an_asset_is_shown_on_one_screen_with_what_was_dropped(asked: Asked, name: str) -> None:
    text = asked("show", name)
    assert len(text.splitlines()) <= SCREEN_LINES
    assert "motion 'Walk': rejected, too_few_frames: 18 frames at 24 fps; more than 20" in " ".join(text.split())
    assert len(asked("show", name, "--json")) > len(text)


def test_a_dropped_motion_is_known_by_its_name_and_its_id(asked: Asked) -> None:
    for name in ("Walk", "walk"):
        text = asked("show", name)
        assert "preview: rejected 1" in text and "too_few_frames" in text and "Survey" not in text
    (own_id,) = re.findall(r"\[([0-9a-f]{16})\]", asked("status", "preview"))
    assert "too_few_frames" in asked("show", own_id)
    assert "Run" in asked("show", "Run") and "Walk" not in asked("show", "Run")


def test_a_rejected_file_is_known_by_its_name(asked: Asked) -> None:
    assert "empty_file: the file holds no bytes" in asked("show", "empty.glb")
    assert "unknown_type" in asked("show", HOSTILE)
    assert "unknown_type" in asked("show", Path(LONG).name)
    assert "no file, title or motion is called so" in asked("show", "nothing", status=2)
    assert "nothing is known about ''" in asked("show", "", status=2)


def test_the_report_names_files_and_motions_of_rejects(asked: Asked, folder: Path) -> None:
    asked("report")
    page = (folder / "out" / "report" / "index.html").read_text()
    rejects = page[page.index("Rejected and failed") :]
    assert "some/Fox.glb, motion &#39;Walk&#39;" in rejects and "empty.glb" in rejects


def test_every_other_command_prints_lines_that_fit(asked: Asked) -> None:
    asked("plan")
    asked("verify")
    asked("report")
    asked("export", "ffff", status=2)
    asked("export", "ffff", "--out", f"{HOSTILE}.xyz", status=2)
    asked("animate", str(asked.folder / "files" / HOSTILE), "--prompt", HOSTILE, "--checkpoint", HOSTILE, status=2)
    asked("render", "--asset", str(asked.folder / "files" / HOSTILE), "--out", "r", status=2)
    asked("status", HOSTILE, status=2)
    asked("run", HOSTILE, "--limit", HOSTILE, status=2)
    asked("status", "--set", f"{HOSTILE}={HOSTILE}", status=2)
    asked("status", "--set", f"output={HOSTILE}")


def test_letters_that_a_terminal_does_not_know_are_spelt(folder: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "rigmill", "show", "J\u00e4ger \u5b57", *OWN],
        cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 2 and b"J\\xe4ger \\u5b57" in answer.stderr
    answer = subprocess.run(
        [sys.executable, "-m", "rigmill", "status", *OWN, "--set", "output=J\u00e4ger"],
        cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0 and b"J\\xe4ger" in answer.stdout


def test_no_log_of_a_run_holds_a_control_character(folder: Path) -> None:
    logs = [path for path in (folder / "out" / "runs").rglob("*") if path.is_file()]
    assert len(logs) >= 2
    for path in logs:
        assert not ESCAPES.search(path.read_text())


def test_every_command_that_is_suggested_runs(asked: Asked, folder: Path) -> None:
    asked("status", *("collect", "preview"))
    asked("show", "Fox.glb")
    asked("show", "nothing", status=2)
    asked("export", "ffff", status=2)
    asked("animate", str(ASSETS / "Fox.glb"), "--prompt", "it runs", "--checkpoint", "ffff", status=2)
    asked("run", "render", "--only", "nothing-begins-so", status=None)
    suggested = {found for text in asked.printed for line in text.splitlines() for found in A_COMMAND.findall(line)}
    commands = {tuple(shlex.split(text)[1:]) for text in suggested}
    assert len({command[0] for command in commands}) >= 4 and len(commands) >= 8
    retries = sorted(command for command in commands if command[0] == "retry")
    others = sorted(command for command in commands if command[0] not in ("retry", "run", "doctor"))
    before = results(folder)
    for command in [*others, retries[0]]:
        words = [word.replace("STAGE", "probe").replace("ASSET", "Fox.glb") for word in command]
        ended = main(words)
        printed = asked.capfd.readouterr()
        assert ended in (0, 1) and "error[" not in printed.err, (words, printed)
        assert words[words.index("--config") + 1] == "mine & x.yaml" and OWN[-1] in words
    assert "1 jobs to try again" in printed.err
    assert results(folder) == before, "a retry that ends as before leaves the same bytes"
