"""A repair keeps what is whole, does again what is not, and leaves alone what nothing of this profile makes."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest

from rigmill.config import load
from rigmill.pipeline.driver import Driver, Options
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.repair import Repair
from rigmill.pipeline.verify import Findings, verify
from rigmill.storage.layout import Layout
from tests.support.toy_runs import Toys, tables
from tests.support.toy_stages import TOYS

toys = Toys(TOYS)


def repaired(folder: Path, *overrides: str) -> tuple[Findings, list[str]]:
    """What is wrong after a repair, and what it said."""
    resolved = load.load("demo", overrides=("run.min_free_disk_bytes=0", *overrides))
    layout, said = Layout(folder), list[str]()
    repair = Repair(
        resolved,
        layout,
        TOYS,
        make_driver=lambda stages, keys: Driver(
            resolved,
            layout,
            Options(stages, keys=keys),
            progress=Progress(io.StringIO()),
            registry=TOYS,
            executor=toys.executor(folder),
        ),
        say=said.append,
    )
    return repair.mend(verify(toys.view(folder, *overrides), layout)), said


@pytest.fixture
def whole(inputs: Path, tmp_path: Path) -> Path:
    inputs.write_text("a1=keep a2=reject b1=keep b9=keep c1=keep c2=raise")
    toys.run(tmp_path / "whole")
    return tmp_path / "whole"


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def test_all_of_it_at_once_is_mended_to_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(whole, folder)
    stored = sorted((folder / "store").rglob("*.glb"))
    damage(stored[0])
    stored[1].unlink()
    damage(next((folder / "tables" / "collect").glob("outcomes-*")))
    damage(folder / "tables" / "probe" / "manifest.json")
    next((folder / "tables" / "retarget").glob("products-*")).unlink()
    damage(folder / "profile.json")
    found = verify(toys.view(folder), Layout(folder))
    assert len(found.problems) == 6 and len(found.stored) == 2
    found, said = repaired(folder)
    assert found.problems == [] and tables(folder) == tables(whole)
    assert (folder / "profile.json").read_bytes() == (whole / "profile.json").read_bytes()
    assert "collect: its table keeps what can be read; inputs whose rows were lost run again" in said


def test_only_the_job_that_made_a_file_runs_again(whole: Path, inputs: Path) -> None:
    before = tables(whole)
    (path,) = [path for path in (whole / "store").rglob("*.glb") if path.read_bytes() == b"b1"]
    path.unlink()
    inputs.write_text(inputs.read_text() + " d1=keep")  # pending, and no business of a repair
    found, said = repaired(whole)
    assert found.problems == [] and said == ["collect: files are damaged or gone; made again for b1"]
    assert tables(whole) == before and len(toys.view(whole).pending("collect")) == 1


def test_kept_jobs_whose_products_are_whole_do_not_run_again_for_a_lost_outcome(whole: Path) -> None:
    before = tables(whole)
    damage(next((whole / "tables" / "collect").glob("outcomes-*")))
    found, _ = repaired(whole)
    assert found.problems == [] and tables(whole) == before
    last = max((whole / "runs").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
    lines = (last / "measurements.jsonl").read_text().splitlines()
    assert {json.loads(line)["input_id"] for line in lines} == {"a2", "c2"}, "those that were not kept"


def test_what_cannot_be_made_again_stays_and_is_named(whole: Path, inputs: Path) -> None:
    """Its input is no longer planned, so no job of this profile makes the file."""
    (path,) = [path for path in (whole / "store").rglob("*.glb") if path.read_bytes() == b"b1"]
    path.unlink()
    inputs.write_text(inputs.read_text().replace("b1=keep ", ""))
    before = tables(whole)
    found, _ = repaired(whole)
    assert [problem.split(":")[0:2] for problem in found.problems] == [["collect", " asset.glb is missing"]]
    assert tables(whole) == before


def test_nothing_is_touched_where_nothing_is_wrong(whole: Path) -> None:
    before = tables(whole)
    found, said = repaired(whole)
    assert (found.problems, said) == ([], []) and tables(whole) == before
