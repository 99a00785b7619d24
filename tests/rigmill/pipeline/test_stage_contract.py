"""A stage says itself all that others need: one that no table knows runs, and is planned, shown and verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigmill.commands.single.show import show
from rigmill.commands.status import status
from rigmill.config import load
from rigmill.errors import UserError
from rigmill.invocation import Invocation
from rigmill.pipeline.forecast import forecast
from rigmill.pipeline.registry import STAGES, Registry
from rigmill.pipeline.stage import Resources
from rigmill.pipeline.verify import verify
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.layout import Layout
from tests.support.toy_runs import Toys
from tests.support.toy_stages import WITH_NEW, ToyPolish

toys = Toys(WITH_NEW)


def test_a_stage_needs_its_class_and_a_line_in_the_registry(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=keep b1=keep")
    layout = Layout(tmp_path / "out")
    before = {row["stage"]: row for row in forecast(toys.view(layout.root), layout, tuple(WITH_NEW))}
    assert (before["polish"]["expected"], before["polish"]["core_s"]) == (6, 18.0)  # 2 jobs per file, 3 s each
    counts = toys.run(layout.root)
    assert counts["polish"].kept == 3
    view = toys.view(layout.root)
    assert {row["stage"]: row["kept"] for row in status(view, tuple(WITH_NEW), Invocation())} == {
        "collect": 3,
        "polish": 3,
    }
    assert [row["asset_id"] for row in show(view, "a1")["polish"]["products"]] == ["a1"]
    found = verify(view, layout)
    assert (found.problems, found.num_files) == ([], 9)  # 3 stored, 2 manifests, 4 segments
    (layout.root / "polished").write_text("grey")
    assert verify(view, layout).problems == ["polished: dull"]


def test_a_stage_is_set_up_once_in_a_process_before_its_first_job(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(" ".join(f"a{number}=keep" for number in range(9)))
    toys.run(tmp_path / "out")  # several batches of two
    assert {row["shine"] for row in toys.view(tmp_path / "out").products("polish")} == {1.0}


def test_a_setup_that_fails_is_a_failed_job_and_not_the_end(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: ToyPolish) -> None:
        raise ValueError("no polish")

    monkeypatch.setattr(ToyPolish, "setup", broken)
    inputs.write_text("a1=keep a2=keep a3=keep")
    counts = toys.run(tmp_path / "out")["polish"]
    assert (counts.failed, counts.pending) == (3, 0)
    assert {row["message"] for row in toys.view(tmp_path / "out").outcomes("polish")} == {"no polish"}


def test_every_shipped_stage_names_what_it_reads_and_writes() -> None:
    order = list(STAGES)
    for name in order:
        stage = STAGES.load(name)
        assert stage.name == name and stage.writes is PRODUCTS[name]
        assert set(stage.upstream) <= set(order[: order.index(name)])
        assert set(stage.jobs_per) <= set(order[: order.index(name)]) and bool(stage.jobs_per) == bool(stage.upstream)
        assert stage.usual_seconds > 0 and stage.resources == Resources()


def test_guesses_follow_from_what_earlier_stages_have() -> None:
    profile = load.load("demo").profile
    num_jobs = {"collect": 50, "probe": 50, "retarget": 7, "render": 40, "shards": 12}
    guesses = {name: STAGES.load(name).guess_jobs(num_jobs, profile) for name in STAGES}
    assert guesses["probe"] == 50 and guesses["preview"] == 60 + 7 and guesses["shards"] == 12
    assert guesses["train"] == len(profile.train.stages) == 2 and guesses["eval"] == 44 and guesses["select"] == 0
    wanted = profile.model_copy(update={"retarget": profile.retarget.model_copy(update={"clips": {"mixamo": 900}})})
    assert STAGES.load("retarget").guess_jobs(num_jobs, wanted) == 900
    assert STAGES.load("retarget").guess_jobs({}, wanted) == 0


def test_a_person_asks_for_stages_for_rooms_with_several_or_for_all() -> None:
    assert STAGES.expand(["eval", "collect", "eval"]) == ("collect", "eval")
    assert STAGES.expand(["curate"]) == ("collect", "probe", "retarget", "preview", "select")
    assert STAGES.expand(["all"]) == tuple(STAGES)
    assert set(STAGES.groups) == {"curate", "all"}  # a room with one stage is asked for by the stage
    with pytest.raises(UserError, match="no stage 'bake'"):
        STAGES.expand(["bake"])
    assert Registry({}).expand(["all"]) == ()
