"""A trial run costs nobody anything: what other settings made stays until a person asks for its removal."""

from __future__ import annotations

import shutil
from pathlib import Path

from rigmill.config.load import load
from rigmill.outcomes import Kept, Reject, Rejected
from rigmill.pipeline.cleaning.clean import choose, clean
from rigmill.storage.columns import OUTCOMES, outcome_row
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable
from rigmill.types import StoredFile
from tests.support.toy_runs import Toys, jobs_done, tables
from tests.support.toy_stages import WITH_MODEL

toys = Toys(WITH_MODEL)
INPUTS = " ".join(f"{'abc'[number % 3]}{number}=keep" for number in range(10)) + " x1=reject y1=raise"


def test_plain_trial_plain_does_no_job_twice_and_ends_in_the_same_bytes(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(INPUTS)
    out = tmp_path / "out"
    toys.run(out)
    plain, done = tables(out), jobs_done(out)
    toys.run(out, "probe.fps=8", stages=("probe",), only=("a0", "b1"))
    trial = jobs_done(out)[len(done) :]
    assert sorted(trial) == [("probe", "a0"), ("probe", "b1")]
    counts = toys.run(out)
    assert len(jobs_done(out)) == len(done) + len(trial), "a job was done twice"
    assert all(count.pending == 0 for count in counts.values())
    assert len(toys.view(out, "probe.fps=8").outcomes("probe")) == 2, "the trial's rows are there as well"
    toys.run(out, "probe.fps=8")  # the rest of the trial, and everything after it
    num_done = len(jobs_done(out))
    for overrides in ((), ("probe.fps=8",), ()):
        toys.run(out, *overrides)
    assert len(jobs_done(out)) == num_done
    store = {name: data for name, data in tables(out).items() if name.startswith("store")}
    assert {name: data for name, data in plain.items() if name.startswith("store")}.items() <= store.items()


def test_two_trainings_keep_two_models_and_the_settings_say_which_is_used(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(INPUTS)
    out = tmp_path / "out"
    toys.run(out)
    toys.run(out, "train.num_steps=5")
    for overrides, num_steps in (((), load("demo").profile.train.num_steps), (("train.num_steps=5",), 5)):
        (row,) = toys.view(out, *overrides).products("train")
        assert row["num_steps"] == num_steps
        assert Layout(out).store.path(StoredFile.from_row(row["files"][0])).is_file()
    toys.run(out)
    assert [stage for stage, _ in jobs_done(out)].count("train") == 2


def test_another_seed_in_the_same_folder_loses_nothing(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(INPUTS)
    out = tmp_path / "out"
    first = toys.run(out)
    toys.run(out, "seed=8")
    done = len(jobs_done(out))
    assert toys.run(out) == first and len(jobs_done(out)) == done


def test_sources_that_are_gone_for_a_while_lose_nothing(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(INPUTS)
    out = tmp_path / "out"
    first, before = toys.run(out), tables(out)
    done = len(jobs_done(out))
    inputs.write_text("")
    assert all(count.num_in == 0 for count in toys.run(out).values())
    inputs.write_text(INPUTS)
    assert toys.run(out) == first and len(jobs_done(out)) == done
    assert tables(out) == before


def test_what_was_planned_for_a_moment_only_leaves_no_trace(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=keep")
    toys.run(tmp_path / "whole", stages=("collect", "probe"))
    toys.run(tmp_path / "parts", stages=("collect",))
    view = toys.view(tmp_path / "parts")
    # As if one more had been seen of a1 while it was collected: its input was another then, and so was its key.
    for key, whole in (("0" * 16, False), ("f" * 16, True)):
        view.commit("probe", [outcome_row(key, "a1", Rejected(Reject.NO_RIG, "early"), "again")], [], whole=whole)
    toys.run(tmp_path / "parts", stages=("collect", "probe"))
    assert tables(tmp_path / "parts") == tables(tmp_path / "whole")


def test_a_killed_run_is_not_thrown_away_by_one_with_other_settings(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=keep")
    out = tmp_path / "out"
    toys.run(out, stages=("collect",))
    view = toys.view(out)
    keys = {stub.input_id: stub.key for stub in view.pending("probe")}
    row = {"job_key": keys["a1"], "asset_id": "a1", "rig_id": "r", "motions": []}
    view.commit("probe", [outcome_row(keys["a1"], "a1", Kept([row]), "again")], [row], whole=False)  # and then a kill
    toys.run(out, "probe.fps=8")
    toys.run(out)
    assert sorted(jobs_done(out)).count(("probe", "a1")) == 1, "the trial's own; the killed run's is still there"


def test_rows_of_an_earlier_version_stay_and_the_next_run_names_their_plan(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(INPUTS)
    toys.run(tmp_path / "new")
    toys.run(tmp_path / "old")
    for stage in WITH_MODEL:  # as they were written before outcomes named their plan
        table = StageTable(tmp_path / "old" / "tables", stage)
        rows, products = table.outcomes().drop_columns("plan").to_pylist(), table.products().to_pylist()
        shutil.rmtree(table.folder)
        table = StageTable(tmp_path / "old" / "tables", stage)
        table.schemas["outcomes"] = OUTCOMES.remove(OUTCOMES.get_field_index("plan"))
        table.commit(rows, products)
    toys.run(tmp_path / "old", "probe.fps=8", stages=("probe",))
    toys.run(tmp_path / "old")
    assert [job for job in jobs_done(tmp_path / "old") if job[0] != "probe"] == [
        job for job in jobs_done(tmp_path / "new") if job[0] != "probe"
    ]
    view = toys.view(tmp_path / "old")
    clean(view, choose(view, older_than=None, checkpoints=True))
    assert tables(tmp_path / "old") == tables(tmp_path / "new")
