"""What `rigmill bench check` finds: each way to spoil a benchmark, by its name."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from caption.category import CATEGORIES
from eval.bench.check import check_bench
from eval.bench.clips import Group
from eval.bench.faults import Fault, Trouble
from eval.bench.ties import Tie, Trained, marks_of, trained
from rigmill.commands.cli import main
from tests.support import benches


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trained]:
    folder = tmp_path_factory.mktemp("bench")
    _, own = benches.bench(folder)
    return folder / "bench", trained(marks_of(own.view()))


def spoiled(made: tuple[Path, Trained], change: Callable[[list[str], random.Random], list[str] | bytes]) -> list[Fault]:
    """The faults of a bench.csv whose lines were changed."""
    folder, known = made
    path = folder / "bench.csv"
    before = path.read_bytes()
    try:
        after = change(before.decode().splitlines(), random.Random(5))
        path.write_bytes(after if isinstance(after, bytes) else "".join(f"{line}\n" for line in after).encode())
        return check_bench(folder, known)
    finally:
        path.write_bytes(before)


def test_as_it_was_made_nothing_is_wrong(made: tuple[Path, Trained]) -> None:
    assert check_bench(*made) == []


def at(lines: list[str], rng: random.Random) -> int:
    return rng.randrange(1, len(lines))


def with_cell(lines: list[str], line: int, column: int, text: str) -> list[str]:
    cells = lines[line].split(",")
    cells[column] = text
    return [*lines[:line], ",".join(cells), *lines[line + 1 :]]


def without(lines: list[str], line: int) -> list[str]:
    return [*lines[:line], *lines[line + 1 :]]


def all_one(lines: list[str], category: str) -> list[str]:
    return [lines[0], *(with_cell([line], 0, 1, category)[0] for line in lines[1:])]


WRONG = ("1.5", "-0.1", "high", "nan")
TRAINED = "070" + "c" * 13  # a clip of the training side
CORRUPTIONS: dict[Trouble, Callable[[list[str], random.Random], list[str] | bytes]] = {
    Trouble.CATEGORY: lambda lines, rng: with_cell(lines, at(lines, rng), 1, "animl"),
    Trouble.NO_CATEGORY: lambda lines, rng: with_cell(lines, at(lines, rng), 1, ""),
    Trouble.CONFIDENCE: lambda lines, rng: with_cell(lines, at(lines, rng), 3, rng.choice(WRONG)),
    Trouble.ANNOTATOR: lambda lines, rng: with_cell(lines, at(lines, rng), 2, ""),
    Trouble.TEXT: lambda lines, rng: with_cell(lines, at(lines, rng), 4, "x" * 2000),
    Trouble.UNKNOWN_CLIP: lambda lines, rng: [*lines, "0000000000000000,animal,Ada,1,"],
    Trouble.TWICE: lambda lines, rng: [*lines, lines[at(lines, rng)]],
    Trouble.MISSING_CLIP: lambda lines, rng: without(lines, at(lines, rng)),
    Trouble.TRAINING_CLIP: lambda lines, rng: [*lines, f"{TRAINED},character,Ada,1,"],
    Trouble.COLUMNS: lambda lines, rng: ["clip,category,who,confidence,notes", *lines[1:]],
    Trouble.CELLS: lambda lines, rng: [*lines[:3], lines[3] + ",and, more", *lines[4:]],
    Trouble.ENCODING: lambda lines, rng: "\n".join([*lines[:-1], lines[-1] + "caf\u00e9"]).encode("latin-1"),
    Trouble.CATEGORIES: lambda lines, rng: all_one(lines, "miscellaneous"),
    Trouble.CONTRADICTION: lambda lines, rng: [line.replace("character", "furniture") for line in lines],
}


@pytest.mark.parametrize("trouble", CORRUPTIONS, ids=str)
def test_each_corruption_is_caught_by_its_name(made: tuple[Path, Trained], trouble: Trouble) -> None:
    faults = spoiled(made, CORRUPTIONS[trouble])
    assert {fault.trouble for fault in faults} == {trouble}
    assert all(fault.fix and fault.what for fault in faults)


def test_a_fault_says_on_which_line_it_is(made: tuple[Path, Trained]) -> None:
    (fault,) = spoiled(made, lambda lines, _: with_cell(lines, 4, 1, "animl"))
    assert fault.line == 5 and "did you mean 'animal'" in fault.fix  # line 1 has the columns
    (fault,) = spoiled(made, lambda lines, _: with_cell(with_cell(lines, 2, 4, '"two\nlines"'), 4, 1, "animl"))
    assert fault.line == 6


def test_what_a_spreadsheet_saves_is_read(made: tuple[Path, Trained]) -> None:
    """Semicolons, a byte order mark, decimal commas, carriage returns, and what Excel calls Unicode text."""

    def half(lines: list[str]) -> list[str]:
        return with_cell(lines, 1, 3, "0.5")

    assert spoiled(made, lambda lines, _: half(lines)) == []
    german = lambda lines: "\r\n".join(half(lines)).replace(",", ";").replace("0.5", "0,5")  # noqa: E731
    assert spoiled(made, lambda lines, _: german(lines).encode("utf-8-sig")) == []
    assert spoiled(made, lambda lines, _: german(lines).replace(";", "\t").encode("utf-16")) == []
    assert spoiled(made, lambda lines, _: with_cell(lines, 1, 1, "CHARACTER ")) == []


@pytest.mark.parametrize("tie", [Tie.ASSET, Tie.MOTION, Tie.LOOK, Tie.GEOMETRY, Tie.SHAPE])
def test_a_leak_is_found_by_each_of_its_ties(made: tuple[Path, Trained], tie: Tie) -> None:
    """One clip of training gets one mark of a benchmark's clip; without that there is no leak."""
    folder, _ = made
    own, _ = benches.tables(folder.parent / f"again-{tie}")
    marks = marks_of(own.view())
    mine = next(one for side, one in marks.values() if one.asset_id == "anna")
    clip, (side, theirs) = next((clip, one) for clip, one in marks.items() if one[1].asset_id == "carl")
    column = {Tie.ASSET: "asset_id", Tie.MOTION: "motion_id", Tie.LOOK: "motion_hash", Tie.GEOMETRY: "geometry_hash"}
    if tie is Tie.SHAPE:
        marks[clip] = (side, replace(theirs, shape=tuple(value + 0.002 for value in mine.shape)))
        assert not trained({clip: (side, replace(theirs, shape=tuple(value + 0.004 for value in mine.shape)))}).ties(
            mine
        )
    else:
        marks[clip] = (side, replace(theirs, **{column[tie]: getattr(mine, column[tie])}))
    leaks = check_bench(folder, trained(marks))
    assert {fault.trouble for fault in leaks} == {Trouble.LEAK}
    found = {fault.clip: fault.what for fault in leaks}
    assert mine.clip_id in found and str(tie) in found[mine.clip_id]
    of_asset = tie in (Tie.ASSET, Tie.GEOMETRY, Tie.SHAPE)
    assert len(found) == (2 if of_asset else 1)  # the other clip of the asset has a motion of its own


def test_groups_that_are_not_the_rules_and_damaged_files_are_named(made: tuple[Path, Trained], tmp_path: Path) -> None:
    shutil.copytree(made[0], tmp_path / "bench")
    path = tmp_path / "bench" / "bench.json"
    path.write_text(path.read_text().replace('"group": "flying"', '"group": "other"'))
    faults = check_bench(tmp_path / "bench")
    groups = [fault.what for fault in faults if fault.trouble is Trouble.GROUPS]
    assert any(f"'{Group.FLYING}'" in what for what in groups)
    assert [fault.what for fault in faults if fault.trouble is Trouble.FILES] == ["bench.json has changed"]


def test_every_category_fits_some_group_and_is_one_of_25() -> None:
    from eval.bench.check import _NEVER

    assert len(CATEGORIES) == 25
    for never in _NEVER.values():
        assert never <= set(CATEGORIES) and len(never) < 20


def test_the_command_says_what_it_could_not_look_for(
    made: tuple[Path, Trained], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(made[0], tmp_path / "bench")
    arguments = ["bench", "check", str(tmp_path / "bench"), "--set", f"output={tmp_path / 'nothing'}"]
    assert main(arguments) == 0
    assert "leaks were not looked for" in " ".join(capsys.readouterr().out.split())
    path = tmp_path / "bench" / "bench.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(with_cell(lines, 1, 1, "charakter")))
    assert main(arguments) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "bench.csv, line 2: unknown_category: 'charakter'" in said and "did you mean 'character'" in said
    assert main([*arguments[:2], str(tmp_path), *arguments[3:]]) == 2
    assert "no benchmark" in capsys.readouterr().err
