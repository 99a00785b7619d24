"""The command line as a person meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rigmill.commands.cli import main


def test_help_loads_no_heavy_package() -> None:
    code = (
        "import sys\nfrom rigmill.commands.cli import main\ntry: main(['run', '--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('ray','torch','bpy','numpy','pyarrow','cv2','av') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "rendr"],
        ["run", "all", "--profile", "nope"],
        ["status", "--set", "render.nope=1"],
        ["plan", "--config", "nowhere.yaml"],
        ["show", "ffff", "--set", "output=nothing-here"],
        ["export", "ffff", "--set", "output=nothing-here"],
    ],
)
def test_mistakes_end_with_a_message_that_names_the_fix(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    text = capsys.readouterr().err
    assert text.startswith("error[E") and "fix:" in text and "Traceback" not in text
    assert len(text.splitlines()) <= 8


def test_a_plan_counts_on_the_retargeted_clips_that_are_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = []
    for clips in ("{}", "{procedural: 113003}"):
        assert main(["plan", "--json", "--set", f"output={tmp_path}", "--set", f"retarget.clips={clips}"]) == 0
        rows = {row["stage"]: row["expected"] for row in json.loads(capsys.readouterr().out)}
        expected.append(rows)
    assert expected[1]["retarget"] == 113_003
    for stage in ("preview", "render"):
        assert expected[1][stage] - expected[0][stage] == 113_003 - expected[0]["retarget"]


def test_a_stage_without_inputs_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "render", "--set", f"output={tmp_path}"]) == 2
    assert "has no inputs" in capsys.readouterr().err


def test_the_console_script_ignores_foreign_folders(tmp_path: Path) -> None:
    (tmp_path / "render").mkdir()
    (tmp_path / "render" / "__init__.py").write_text("raise SystemExit('a foreign render was imported')")
    script = Path(sys.executable).parent / "rigmill"
    if not script.exists():
        pytest.skip("rigmill is not installed in this environment")
    answer = subprocess.run(
        [script, "plan", "render", "--set", f"output={tmp_path}/out"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        env=os.environ,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
