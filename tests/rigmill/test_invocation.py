"""Commands that are suggested to a person carry the person's own options, and would run."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from rigmill.commands.cli import build_parser
from rigmill.errors import MAX_LINES, UserError
from rigmill.invocation import Invocation, typed_program
from rigmill.printable import WIDTH
from tests.support.suggestions import Site, commands_in_other_texts, commands_without_a_mark, sites

# What words that are known only when they are printed can be.
SAMPLES = {"status": "probe", "retry": "probe", "run": "probe", "show": "0" * 16, "export": "0" * 16}
SAMPLES |= {"caption": "batch", "bench": "folder", "study": "folder"}
MINE = Invocation("my own", "a folder/mine; rm -rf x.yaml", ("train.mixture={a: 0.5, b: 0.5}", "output=it's"))


def words_of(site: Site) -> list[str]:
    assert site.words[0] is not None, site
    return [SAMPLES[site.words[0]] if word is None else word.replace("STAGE", "probe") for word in site.words]


def test_suggestions_are_found_in_the_source() -> None:
    places = {site.where.partition(":")[0] for site in sites()}
    assert {"rigmill/pipeline/driver.py", "rigmill/commands/status.py", "eval/checkpoint.py"} <= places
    assert any("--rejected" in site.words for site in sites())


@pytest.mark.parametrize("site", sites(), ids=lambda site: f"{site.where} {' '.join(map(str, site.words))}")
def test_every_suggestion_is_a_command_with_the_persons_own_options(site: Site) -> None:
    program, *arguments = shlex.split(MINE.suggest(*words_of(site)))
    parsed = build_parser().parse_args(arguments)
    assert program == "rigmill"
    if arguments[0] != "doctor":
        assert (parsed.profile, str(parsed.config), tuple(parsed.overrides)) == (
            MINE.profile,
            MINE.config,
            MINE.overrides,
        )


def test_no_other_text_names_a_command() -> None:
    assert commands_in_other_texts() == []


def test_every_error_with_a_command_shows_it() -> None:
    assert commands_without_a_mark() == []


@pytest.mark.parametrize("value", ["a b", "it's", "x;y|z&", "$(date)", "a\nb", "\x1b]0;title\x07", "\u00e4'\\\x9b"])
def test_a_shell_reads_what_was_typed(value: str) -> None:
    command = Invocation("p", value, (f"output={value}",)).suggest("status", "probe")
    assert command.isprintable()
    shown = subprocess.run(
        ["bash", "-c", f"rigmill() {{ printf '%s\\0' \"$@\"; }}; {command}"], capture_output=True, check=True
    ).stdout
    assert shown.decode().split("\0")[:-1] == [
        "status",
        "probe",
        "--profile",
        "p",
        "--config",
        value,
        "--set",
        f"output={value}",
    ]


def test_an_error_says_its_command_with_the_options_and_never_breaks_it() -> None:
    error = UserError(
        "something is wrong " * 9, why="for this reason, " * 90, fix="{command}, or not", code="E1", command=("plan",)
    )
    lines = error.render(MINE).splitlines()
    assert len(lines) == MAX_LINES
    command = MINE.suggest("plan")
    assert any(command in line for line in lines)
    assert all(len(line) <= WIDTH or command in line for line in lines)


def test_no_control_character_of_a_name_is_in_an_error() -> None:
    hostile = "\x1b]0;owned\x07\r\nfix: rm -rf ~"
    text = UserError(hostile, why=hostile, fix=hostile, code="E1").render(Invocation(hostile))
    assert all(line.isprintable() for line in text.splitlines())
    assert len([line for line in text.splitlines() if line.startswith("fix")]) == 0


def test_the_program_is_said_as_this_shell_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, other = tmp_path / "my env" / "bin", tmp_path / "other"
    for folder in (here, other):
        folder.mkdir(parents=True)
        (folder / "rigmill").touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    for typed, path, said in (
        ("my env/bin/rigmill", other, "'my env/bin/rigmill' plan"),
        ("my env/bin/rigmill", tmp_path, "'my env/bin/rigmill' plan"),
        (str(here / "rigmill"), here, "rigmill plan"),
        ("/somewhere/rigmill/__main__.py", tmp_path, "rigmill plan"),
    ):
        monkeypatch.setattr("sys.argv", [typed])
        monkeypatch.setenv("PATH", str(path))
        assert Invocation(program=typed_program()).suggest("plan") == said


def test_a_configs_path_is_said_as_it_was_typed(tmp_path: Path) -> None:
    assert Invocation("demo", "../p.yaml").suggest("plan") == "rigmill plan --profile demo --config ../p.yaml"
    assert Invocation("demo", "../p.yaml").suggest("doctor") == "rigmill doctor"
