"""The targets of make: what they run, and that what is typed as a variable arrives as it was typed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from rigmill.commands.cli import build_parser
from rigmill.config.load import load, split_settings
from rigmill.pipeline.registry import STAGES
from tests.support.paths import ROOT

STUB = '#!/bin/sh\nfor word; do printf \'%s\\0\' "$word"; done > "$TYPED"\n'


class Make:
    """The Makefile of this checkout, with a rigmill that writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, folder / name)
        script = folder / "env" / "bin" / "rigmill"
        script.parent.mkdir(parents=True)
        script.write_text(STUB)
        script.chmod(0o755)
        installed = folder / "env" / ".installed"
        installed.touch()
        os.utime(installed, (time.time() + 60,) * 2)

    def __call__(self, target: str, *variables: str) -> tuple[int, list[str], str]:
        """The exit status, the words that rigmill was called with last, and what make printed."""
        typed = self.folder / "typed"
        typed.unlink(missing_ok=True)
        answer = subprocess.run(
            ["make", target, "VENV=env", *variables],
            cwd=self.folder,
            env=os.environ | {"TYPED": str(typed)},
            text=True,
            capture_output=True,
            check=False,
        )
        words = typed.read_text().split("\0")[:-1] if typed.exists() else []
        return answer.returncode, words, answer.stdout + answer.stderr


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return Make(tmp_path)


def test_a_recipe_may_be_named_beside_the_profile(make: Make) -> None:
    status, words, _ = make("train", "PROFILE=mine", "RECIPE=wan_joint", "SET=train.ranks=2")
    parsed = build_parser().parse_args(words)
    assert not status and parsed.stages == ["train"]
    assert parsed.overrides == ["train.ranks=2", "train.recipe=wan_joint"]


@pytest.mark.parametrize("stage", [*STAGES, "curate"])
def test_every_stage_is_a_target(make: Make, stage: str) -> None:
    status, words, text = make(stage, "PROFILE=mine", "CONFIG=my file.yaml", "LIMIT=5", "WORKERS=2", "SET=seed=3")
    assert status == 0, text
    parsed = build_parser().parse_args(words)
    assert (parsed.stages, parsed.profile, str(parsed.config)) == ([stage], "mine", "my file.yaml")
    assert (parsed.limit, parsed.workers, parsed.overrides) == (5, 2, ["seed=3"])


@pytest.mark.parametrize("target", ["plan", "status", "report", "verify"])
def test_what_looks_at_a_profile_has_its_options(make: Make, target: str) -> None:
    status, words, text = make(target, "PROFILE=mine", "SET=seed=3 output=x")
    assert (status, words) == (0, [target, "--profile", "mine", "--set", "seed=3 output=x"]), text


@pytest.mark.parametrize(
    "value",
    [
        "train.mixture={a: 0.5, b: 0.5}",
        "output=it's; touch owned",
        'output="quoted" | touch owned & `touch owned` $(touch owned) $HOME > owned',
        "output=\\back\\slash * ? [a] ~ # no comment",
        "output=a,b(c)",
    ],
)
def test_a_setting_arrives_as_it_was_typed(make: Make, value: str) -> None:
    status, words, text = make("status", f"SET={value}")
    assert (status, words) == (0, ["status", "--profile", "demo", "--set", value]), text
    assert not (make.folder / "owned").exists()
    assert split_settings(value) == [value]


@pytest.mark.parametrize("corpus", ["", "/data/it's mine, really"])
def test_the_benchmark_takes_the_files_of_the_corpus_where_there_are_some(make: Make, corpus: str) -> None:
    status, words, text = make("bench", f"RIGMILL_CORPUS={corpus}")
    assert status == 0, text
    parsed = build_parser().parse_args(words)
    assert parsed.command == "evaluation.bench:check" and parsed.profile == "demo"  # the last of three
    sources = load("demo", file=ROOT / "pipelines.yaml", overrides=tuple(parsed.overrides)).profile.sources
    assert [source.path for source in sources if source.kind == "folder"] == ([corpus] if corpus else [])
    assert len(sources) == len(load("demo", file=ROOT / "pipelines.yaml").profile.sources) + bool(corpus)


def test_several_settings_with_blanks_in_them_arrive_as_several(make: Make) -> None:
    status, words, _ = make("status", "SET=seed=3 train.mixture={procedural: 0.5} output=a b")
    assert status == 0
    profile = load("demo", file=ROOT / "pipelines.yaml", overrides=(words[-1],)).profile
    assert (profile.seed, profile.train.mixture, profile.output) == (3, {"procedural": 0.5}, "a b")


def test_export_and_animate_are_targets_and_say_what_they_need(make: Make) -> None:
    assert make("export", "CLIP=0123", "OUT=a b.glb")[:2] == (
        0,
        ["export", "0123", "--out", "a b.glb", "--profile", "demo"],
    )
    assert make("animate", "MESH=a fox.glb", "PROMPT=it's running", "OUT=here")[:2] == (
        0,
        ["animate", "a fox.glb", "--prompt", "it's running", "--out", "here", "--profile", "demo"],
    )
    for target, variables, needed in (
        ("export", (), "CLIP="),
        ("animate", ("MESH=x",), "PROMPT="),
        ("animate", ("PROMPT=x",), "MESH="),
    ):
        status, words, text = make(target, *variables)
        assert status and not words and "error: name a" in text and needed in text


def test_help_names_every_stage_and_every_variable(make: Make) -> None:
    status, _, text = make("help")
    assert status == 0
    for name in (*STAGES, "curate", "export", "animate"):
        assert re.search(rf"^  make {name} ", text, re.M)
    for variable in set(re.findall(r"call option,[-a-z]*,([A-Z_]+)", (ROOT / "Makefile").read_text())):
        assert f"{variable}=" in text


def test_a_world_has_as_many_clips_as_are_asked_for(make: Make) -> None:
    status, words, text = make("world", "N=40", "WORKERS=2")
    assert status == 0, text
    parsed = build_parser().parse_args(words)
    assert parsed.stages[-1] == "shards" and parsed.profile == "world" and parsed.workers == 2
    # Some bodies of a world have no motion, and nothing is made of them: a stage that keeps nothing is exit status 1.
    assert not {"curate", "retarget"} & set(parsed.stages)
    (source,) = load("world", overrides=tuple(parsed.overrides)).profile.sources
    assert source.kind == "world" and source.clips == 40
