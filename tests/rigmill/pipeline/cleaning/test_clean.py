"""What is removed when a person asks for it, and that nothing else is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rigmill.errors import UserError
from rigmill.pipeline.cleaning.clean import StageCleaning, choose, clean
from rigmill.pipeline.cleaning.unplanned import Unplanned, unplanned
from rigmill.pipeline.verify import verify
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout
from tests.support.toy_runs import Toys, jobs_done, tables
from tests.support.toy_stages import WITH_MODEL

toys = Toys(WITH_MODEL)
TRIAL = ("probe.fps=8", "train.num_steps=5")


@pytest.fixture
def two(inputs: Path, tmp_path: Path) -> tuple[Path, dict[str, bytes]]:
    """A folder with results of the trial's settings and of the profile's own, and what it held before the trial."""
    inputs.write_text("a1=keep a2=keep a9=keep b1=reject c1=raise")
    toys.run(tmp_path / "out")
    before = tables(tmp_path / "out")
    toys.run(tmp_path / "out", *TRIAL)
    toys.run(tmp_path / "out")
    return tmp_path / "out", before


def chosen(view: View, *, older_than: timedelta | None = None, checkpoints: bool = False) -> dict[str, StageCleaning]:
    return {part.stage: part for part in choose(view, older_than=older_than, checkpoints=checkpoints)}


def test_what_other_settings_made_is_counted_with_the_files_that_it_alone_names(
    two: tuple[Path, dict[str, bytes]],
) -> None:
    out, _ = two
    found = unplanned(toys.view(out), toys.registry)
    assert {name: one.num_outcomes for name, one in found.items()} == {
        "collect": 0,
        "probe": 3,
        "retarget": 1,
        "train": 1,
    }
    (weights,) = [row["files"][0] for row in toys.view(out, *TRIAL).products("train")]
    assert found["train"] == Unplanned(num_outcomes=1, num_files=1, num_bytes=weights["size_bytes"])
    assert not found["collect"] and found["train"]
    assert unplanned(toys.view(out), ("collect",)) == {"collect": Unplanned()}


def test_a_file_that_a_planned_row_names_as_well_counts_for_nobody(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep")
    toys.run(tmp_path)
    inputs.write_text("a1=slow")  # another job, with the same bytes
    toys.run(tmp_path)
    found = unplanned(toys.view(tmp_path), toys.registry)["collect"]
    assert (found.num_outcomes, found.num_files, found.num_bytes) == (1, 0, 0)
    clean(toys.view(tmp_path), list(chosen(toys.view(tmp_path)).values()))
    assert verify(toys.view(tmp_path), Layout(tmp_path)).problems == []


def test_models_stay_unless_they_are_named_and_then_all_is_as_before_the_trial(
    two: tuple[Path, dict[str, bytes]],
) -> None:
    out, before = two
    parts = chosen(toys.view(out))
    assert {name: (len(part.keys), part.num_kept) for name, part in parts.items()} == {
        "probe": (3, 0),
        "retarget": (1, 0),
        "train": (0, 1),
    }
    clean(toys.view(out), list(parts.values()))
    assert len(toys.view(out, *TRIAL).products("train")) == 0, "its input is gone"
    assert unplanned(toys.view(out), toys.registry)["train"].num_outcomes == 1
    parts = chosen(toys.view(out), checkpoints=True)
    assert {name: len(part.keys) for name, part in parts.items()} == {"train": 1}
    clean(toys.view(out), list(parts.values()))
    assert tables(out) == before
    assert chosen(toys.view(out), checkpoints=True) == {}
    done = len(jobs_done(out))
    toys.run(out)
    assert tables(out) == before and len(jobs_done(out)) == done


def test_unfinished_trainings_of_other_settings_are_found_and_go_with_models_only(
    two: tuple[Path, dict[str, bytes]],
) -> None:
    out, _ = two
    view = toys.view(out)
    planned, other = (out / "work" / key for key in (view.plan("train").keys[0].as_py(), "0" * 16))
    for folder in (planned, other, out / "work" / "downloads"):
        folder.mkdir(parents=True)
        (folder / "step-00000010.ckpt").write_bytes(b"checkpoint")
    found = unplanned(view, toys.registry)["train"]
    assert (found.unfinished, found.unfinished_bytes) == ((other,), 10)
    clean(view, list(chosen(view).values()))
    assert other.exists()
    view = toys.view(out)
    assert chosen(view, older_than=timedelta(days=1), checkpoints=True)["train"].folders == ()
    clean(view, list(chosen(view, checkpoints=True).values()))
    assert not other.exists() and planned.exists() and (out / "work" / "downloads").exists()


def test_an_age_is_counted_from_the_last_run_that_planned_a_row(two: tuple[Path, dict[str, bytes]]) -> None:
    out, _ = two
    view = toys.view(out)
    assert {name: len(part.keys) for name, part in chosen(view, older_than=timedelta(0)).items()} == {
        "probe": 3,
        "retarget": 1,
        "train": 0,
    }
    assert len(chosen(view, older_than=timedelta(days=7))["probe"].keys) == 0
    (plan,) = set(view.unplanned("probe")["plan"].to_pylist())
    record = out / "runs" / "plans" / "probe" / f"{plan}.json"
    text = json.loads(record.read_text())
    record.write_text(json.dumps(text | {"last_held": (datetime.now(UTC) - timedelta(days=8)).isoformat()}))
    part = chosen(view, older_than=timedelta(days=7))["probe"]
    assert len(part.keys) == 3 and part.ages is not None and part.ages[0] >= timedelta(days=8)
    record.write_text("half a fi")
    part = chosen(view, older_than=timedelta(days=7))["probe"]
    assert (len(part.keys), part.num_kept) == (0, 3), "of an unknown age, so it stays"
    part = chosen(view)["probe"]
    assert len(part.keys) == 3 and part.ages is None


def test_nothing_goes_while_it_is_not_known_what_is_planned(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=keep")
    toys.run(tmp_path)
    inputs.write_text("a1=keep a2=keep a3=keep")  # one more, which is not collected yet: retarget's job is another now
    assert chosen(toys.view(tmp_path)) == {}
    toys.run(tmp_path, stages=("collect", "probe"))
    parts = chosen(toys.view(tmp_path))
    assert {name: (len(part.keys), part.num_kept) for name, part in parts.items()} == {
        "retarget": (1, 0),
        "train": (0, 1),
    }
    assert "inputs of earlier stages are open" in parts["train"].why_kept
    inputs.write_text("")
    with pytest.raises(UserError, match="nothing is planned at all"):
        chosen(toys.view(tmp_path))


def test_a_cleaning_that_was_killed_is_finished_by_the_next(
    two: tuple[Path, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, before = two

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for place in ("rigmill.pipeline.cleaning.clean.sweep_store", "rigmill.storage.segments.StageTable.sweep"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(place, killed)
            clean(toys.view(out), list(chosen(toys.view(out), checkpoints=True).values()))
        assert all(count.pending == 0 for count in (toys.view(out).counts(name) for name in toys.registry))
    clean(toys.view(out), list(chosen(toys.view(out), checkpoints=True).values()))
    assert tables(out) == before
