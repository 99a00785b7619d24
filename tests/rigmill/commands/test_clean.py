"""`rigmill clean`, and what `status` and `plan` say of what it would remove."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rigmill.commands.cli import main
from rigmill.config.load import load
from rigmill.outcomes import Kept
from rigmill.pipeline.plan_history import PlanHistory
from rigmill.pipeline.view import View
from rigmill.storage.columns import outcome_row
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked
from tests.support.toy_runs import tables

Command = Callable[..., str]


def collect(folder: Path, *overrides: str) -> None:
    """The demo's assets of these settings as if a run had collected them, each with a file of 1,000 bytes."""
    resolved, layout = load("demo", overrides=overrides), Layout(folder)
    layout.root.mkdir(exist_ok=True)
    layout.profile_json.write_text(resolved.to_json())
    view = View(layout.tables, resolved.profile)
    outcomes, products = [], []
    for stub in view.pending("collect"):
        stored = layout.store.put_bytes("asset.glb", stub.key.encode().ljust(1000))
        outcomes.append(outcome_row(stub.key, stub.input_id, Kept([]), "again"))
        products.append({"job_key": stub.key, "asset_id": stub.key, "source": "procedural", "file": stored.to_row()})
    view.commit("collect", outcomes, products)
    view.compact("collect")
    PlanHistory(layout).note(view, "collect", whole=True)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that was collected into with two seeds, first with 8."""
    collect(tmp_path / "out", "seed=8")
    collect(tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def command(out: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command over that folder and gives what it printed, on both streams."""

    def run(*arguments: str, status: int = 0) -> str:
        assert main([*arguments, "--set", f"output={out}"]) == status
        printed = capsys.readouterr()
        return printed.out + printed.err

    return run


def test_status_and_plan_say_what_is_kept_beside_what_is_planned(out: Path, command: Command) -> None:
    num = len(View(Layout(out).tables, load("demo").profile).plan("collect"))
    for name in ("status", "plan"):
        assert f"collect: {num} of other settings or inputs kept, {num}.0 kB" in command(name)
        rows = {row["stage"]: row["unplanned"] for row in json.loads(command(name, "--json"))}
        assert (rows["collect"]["outcomes"], rows["collect"]["files"], rows["collect"]["bytes"]) == (
            num,
            num,
            num * 1000,
        )
        assert rows["probe"]["outcomes"] == 0
    assert "kept" not in command("status", "probe").partition("\n")[2]


def test_the_suggested_listing_has_the_options_of_the_command_that_suggests_it(out: Path, command: Command) -> None:
    (line,) = [
        line for line in command("status", "--set", "run.workers=1").splitlines() if line.startswith("list them")
    ]
    assert f"--profile demo --set run.workers=1 --set output={out}" in line
    assert line.endswith(" --unplanned --dry-run") and ": rigmill clean " in line


def test_a_plan_says_why_it_does_something_again(command: Command) -> None:
    again = {
        row["stage"]: row["again"] for row in json.loads(command("plan", "--json", "--set", "collect.max_file_bytes=9"))
    }
    (reason,) = again["collect"]
    assert reason["why"] == "config changed (collect.max_file_bytes: 268435456 -> 9)" and reason["jobs"] > 3
    text = command("plan", "--set", "collect.max_file_bytes=9")
    assert f"collect: {reason['jobs']} again, {reason['why']}" in text


def test_a_dry_run_lists_and_removes_nothing_and_then_the_same_goes(out: Path, command: Command) -> None:
    before = tables(out)
    num = len(View(Layout(out).tables, load("demo").profile).plan("collect"))
    listed = command("clean", "--unplanned", "--dry-run")
    assert re.search(rf"collect +{num} rows +{num} files +{num}\.0 kB +last planned less than a minute ago", listed)
    assert "nothing was removed" in listed and tables(out) == before
    assert f"{num} stay: planned later than that" in command("clean", "--unplanned", "--older-than", "7d")
    assert tables(out) == before
    assert command("clean", "--unplanned").endswith("\nremoved\n")
    after = tables(out)
    assert {name for name in before if name.startswith("store")} > {name for name in after if name.startswith("store")}
    collect(out / "only", "seed=7")
    assert after == tables(out / "only")
    assert "  nothing" in command("clean", "--unplanned")


def test_clean_says_what_it_can_remove_where_nothing_is_named(out: Path, command: Command) -> None:
    before = tables(out)
    for arguments in ((), ("--all", "--unplanned"), ("--all", "--older-than", "1d"), ("--dry-run",)):
        text = command("clean", *arguments, status=2)
        assert text.startswith("error[E153]") and "fix: rigmill clean" in text and len(text.splitlines()) <= 8
    assert tables(out) == before


def test_an_age_that_is_none_is_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("7", "d", "-1d", "7y", "soon", "99999999d", ""):
        assert main(["clean", "--unplanned", f"--older-than={text}"]) == 2
        said = " ".join(capsys.readouterr().err.split())
        assert "is no age: write 30m, 12h, 7d or 2w" in said


def test_nobody_cleans_while_a_run_writes(out: Path, command: Command) -> None:
    with locked(Layout(out)):
        assert "another run is writing" in command("clean", "--unplanned", status=2)
        assert "another run is writing" in command("clean", "--all", status=2)
        assert "dry run" in command("clean", "--unplanned", "--dry-run")


def test_files_that_no_row_names_are_listed_before_they_go(out: Path, command: Command) -> None:
    command("clean", "--unplanned")
    stored = Layout(out).store.put_bytes("asset.glb", bytes(5000))  # of a job that was killed before its row
    assert re.search(r"store +1 files +5\.0 kB +that no row names", command("clean", "--unplanned", "--dry-run"))
    assert Layout(out).store.path(stored).exists()
    command("clean", "--unplanned")
    assert not Layout(out).store.path(stored).exists()


def test_a_folder_without_tables_is_left_alone_with_whatever_is_called_store_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "store" / "ab" / "mine.bin"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    assert main(["clean", "--unplanned", "--set", f"output={tmp_path}"]) == 0
    assert "nothing to clean" in capsys.readouterr().out
    assert main(["clean", "--all", "--set", f"output={tmp_path}"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["store"] and mine.exists(), "not even a lock is made"


def test_all_of_a_profile_goes_and_what_is_not_ours_stays(out: Path, command: Command) -> None:
    (out / "notes.txt").write_text("mine")
    (out / "red\x1b[31m").mkdir()
    elsewhere = out.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "page.html").write_text("mine")
    (out / "report").symlink_to(elsewhere)
    assert "nothing was removed" in command("clean", "--all", "--dry-run") and (out / "tables").exists()
    text = command("clean", "--all")
    assert "store" in text and "notes.txt" in text and "it is not ours" in text and "\x1b" not in text
    assert sorted(path.name for path in out.iterdir()) == ["notes.txt", "red\x1b[31m"]
    assert (elsewhere / "page.html").exists()
    assert "is no output folder of rigmill" in command("clean", "--all", status=2)
    (out / "notes.txt").unlink()
    (out / "red\x1b[31m").rmdir()
    collect(out)
    command("clean", "--all")
    assert not out.exists()
    assert "nothing to clean" in command("clean", "--all")
    assert not out.exists(), "not even made by looking"


def test_a_folder_that_another_profile_wrote_last_is_refused(out: Path, command: Command) -> None:
    before = tables(out)
    text = command("clean", "--all", "--profile", "paper", status=2)
    assert "holds results of profile 'demo'" in text and "--profile demo" in text
    assert tables(out) == before


def test_a_removal_that_was_cut_short_can_be_repeated(
    out: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    real = shutil.rmtree

    def full(path: Path, *arguments: object) -> None:
        if path.name == "store":
            raise KeyboardInterrupt
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr("rigmill.pipeline.cleaning.clean_all.shutil.rmtree", full)
        command("clean", "--all", status=130)
    assert not (out / "tables").exists() and (out / "store").exists()
    command("clean", "--all")
    assert not out.exists()
