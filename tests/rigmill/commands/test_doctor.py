"""What the doctor says of findings, and with what status it ends; its real checks run in the chaos tests."""

from __future__ import annotations

import json
import subprocess
from types import SimpleNamespace

import pytest

from rigmill.blender.client import BlenderClient
from rigmill.commands import doctor, exit_status
from rigmill.commands.cli import build_parser
from rigmill.commands.doctor import Finding, findings_text
from rigmill.errors import UserError

WELL = Finding("python", True, "3.11.9", "install it")
NOTED = Finding("isolation", False, "children keep their network", "turn them on", required=False)
BAD = Finding("blender cycles", False, "no picture", "see the page")


def ends(monkeypatch: pytest.MonkeyPatch, *findings: Finding, arguments: tuple[str, ...] = ()) -> int:
    monkeypatch.setattr(doctor, "examine", lambda: list(findings))
    return doctor.command(build_parser().parse_args(["doctor", *arguments]))


def test_only_what_is_required_makes_the_doctor_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ends(monkeypatch, WELL, NOTED) == exit_status.OK
    assert ends(monkeypatch, WELL, NOTED, BAD) == exit_status.FAILED


def test_a_way_out_stands_below_what_is_wrong_and_nowhere_else() -> None:
    assert findings_text([WELL, NOTED, BAD]).splitlines() == [
        "ok   python: 3.11.9",
        "note isolation: children keep their network",
        "     fix: turn them on",
        "FAIL blender cycles: no picture",
        "     fix: see the page",
    ]


def test_as_json_every_finding_has_the_same_keys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(monkeypatch, WELL, BAD, arguments=("--json",)) == exit_status.FAILED
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["python", "blender cycles"]
    assert all(set(row) == {"name", "ok", "detail", "fix", "required"} for row in rows)


def test_a_missing_library_is_named_with_the_package_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = "\tlibX11.so.6 => not found\n\tlibm.so.6 => /lib/libm.so.6 (0x00007f)\n\tlibmystery.so.1 => not found\n"
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: SimpleNamespace(origin="/bpy/__init__.so"))
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/ldd")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=listing))
    first, second = doctor._libraries()
    assert (first.name, first.ok, first.fix) == ("library libX11.so.6", False, "apt-get install libx11-6")
    assert second.name == "library libmystery.so.1" and "libmystery.so.1" in second.fix


def test_a_blender_that_does_not_start_is_a_finding_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: BlenderClient, *_: object, **__: object) -> None:
        raise UserError("Blender does not start", why="libGL.so.1: cannot open", fix="run: make doctor", code="E200")

    monkeypatch.setattr(BlenderClient, "run", broken)
    (finding,) = doctor._blender()
    assert not finding.ok and finding.required and finding.detail == "libGL.so.1: cannot open"
