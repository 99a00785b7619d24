"""The driver's promises, with real Ray workers that are killed, fail and refuse."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rigmill.pipeline.registry
from rigmill.config import load
from rigmill.errors import UserError
from rigmill.pipeline.driver import Driver, Options
from rigmill.pipeline.forecast import forecast
from rigmill.pipeline.live_lines import Progress
from rigmill.pipeline.view import Counts, View
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked
from tests.support.paths import ROOT

pytestmark = pytest.mark.ray
TOYS = {
    "collect": "tests.support.toy_stages:ToyCollect",
    "probe": "tests.support.toy_stages:ToyProbe",
    "retarget": "tests.support.toy_stages:ToyRetarget",
}
WITH_INLINE = {"collect": "tests.support.toy_stages:ToyCollect", "select": "tests.support.toy_stages:ToySelect"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of one Ray for all tests here: starting one takes far longer than a toy run."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *filter(None, sys.path)]))
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
        yield cluster.address
        cluster.shutdown()


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cluster: str) -> Path:
    """Replace the stages, and return the file that lists the inputs."""
    monkeypatch.setattr(rigmill.pipeline.registry, "STAGES", TOYS)
    for module in ("pipeline.view", "pipeline.pool", "pipeline.verify", "commands.show"):
        monkeypatch.setattr(f"rigmill.{module}.STAGES", TOYS)
    monkeypatch.setenv("TOY_INPUTS", str(tmp_path / "inputs"))
    monkeypatch.setenv("TOY_CLUSTER", cluster)
    return tmp_path / "inputs"


class Listening(Progress):
    """Keeps what it is told of a stage."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.heard: list[tuple[str, float | None]] = []

    def update(self, stage: str, counts: Counts, **more: Any) -> None:
        self.heard.append((more["note"], more["left_s"]))
        super().update(stage, counts, **more)


def run(
    folder: Path,
    *overrides: str,
    stages: tuple[str, ...] = tuple(TOYS),
    limit: int | None = None,
    listening: Progress | None = None,
) -> dict[str, Counts]:
    resolved = load.load("demo", overrides=("run.min_free_disk_bytes=0", *overrides))
    layout = Layout(folder)
    options = Options(stages=stages, limit=limit, workers=2, ray_address=os.environ["TOY_CLUSTER"])
    with locked(layout), listening or Progress(io.StringIO()) as progress:
        return Driver(resolved, layout, options, progress=progress).run()


def tables(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for part in ("tables", "store")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    }


def view(folder: Path, *overrides: str) -> View:
    return View(Layout(folder).tables, load.load("demo", overrides=overrides).profile)


def test_every_input_has_one_outcome_and_the_rest_is_reused(toys: Path, tmp_path: Path) -> None:
    toys.write_text("a1=keep a2=reject a3=raise b1=refuse b2=die-once b9=keep c1=keep c2=crash")
    counts = run(tmp_path / "out")
    collect = counts["collect"]
    assert (collect.num_in, collect.kept, collect.rejected, collect.failed, collect.pending) == (8, 4, 2, 2, 0)
    assert collect.reasons == {"no_rig": 2, "exception": 1, "crash": 1}
    assert (counts["probe"].kept, counts["probe"].rejected) == (3, 1)
    assert [row["clip_id"] for row in view(tmp_path / "out").products("retarget")] == ["a1", "b2", "c1"]
    before = tables(tmp_path / "out")
    assert run(tmp_path / "out") == counts
    assert tables(tmp_path / "out") == before


def test_what_two_workers_say_about_their_jobs_is_added_up_while_they_run(toys: Path, tmp_path: Path) -> None:
    toys.write_text("a1=report b1=report")
    listening = Listening()
    assert run(tmp_path / "out", stages=("collect",), listening=listening)["collect"].kept == 2
    notes = [note for note, _ in listening.heard if note]
    assert any(note.startswith("steps (") and "/8" in note for note in notes), notes
    assert any(left_s is not None and 0 < left_s < 300 for _, left_s in listening.heard)
    # Costs stay out of what is compared byte for byte.
    assert b"rate_per_s" not in b"".join(tables(tmp_path / "out").values())
    assert not list((tmp_path / "out").rglob("progress-*"))


def test_a_worker_that_always_dies_costs_its_own_job_only(toys: Path, tmp_path: Path) -> None:
    toys.write_text("a1=keep a2=die a3=keep b1=keep")
    collect = run(tmp_path / "out", stages=("collect",))["collect"]
    assert (collect.kept, collect.failed) == (3, 1)
    assert collect.reasons == {"interrupted": 1}
    # An interruption says nothing about the input: the same command tries it again.
    toys.write_text("a1=keep a2=keep a3=keep b1=keep")
    assert [job.input_id for job in view(tmp_path / "out").pending("collect")] == ["a2"]


def test_tables_do_not_depend_on_interruptions_limits_or_order(toys: Path, tmp_path: Path) -> None:
    toys.write_text(" ".join(f"{'abc'[i % 3]}{i}=keep" for i in range(20)) + " x1=raise")
    run(tmp_path / "whole")
    for limit in (3, 1, 7):
        run(tmp_path / "parts", limit=limit)
    toys.write_text(" ".join(reversed(toys.read_text().split())))
    counts = run(tmp_path / "parts")
    assert counts["collect"].pending == 0
    assert tables(tmp_path / "parts") == tables(tmp_path / "whole")


def test_a_changed_setting_redoes_what_reads_it_and_nothing_else(toys: Path, tmp_path: Path) -> None:
    toys.write_text("a1=keep a2=keep")
    run(tmp_path / "out")
    changed = view(tmp_path / "out", "probe.fps=8")
    assert (len(changed.pending("collect")), len(changed.pending("probe"))) == (0, 2)
    run(tmp_path / "out", "probe.fps=8")
    assert len(view(tmp_path / "out", "probe.fps=8").table("probe").outcomes()) == 2


def test_a_limit_leaves_the_rest_pending(toys: Path, tmp_path: Path) -> None:
    toys.write_text("a1=keep a2=keep a3=keep a4=keep")
    counts = run(tmp_path / "out", stages=("collect",), limit=3)
    assert (counts["collect"].kept, counts["collect"].pending) == (3, 1)


def test_plan_counts_what_then_runs(toys: Path, tmp_path: Path) -> None:
    toys.write_text("a1=keep a2=keep b9=keep c1=reject")
    for stage in TOYS:
        planned = {row["stage"]: row for row in forecast(view(tmp_path / "out"), Layout(tmp_path / "out"), tuple(TOYS))}
        assert planned[stage]["depends_on"] == []
        count = run(tmp_path / "out", stages=(stage,))[stage]
        assert planned[stage]["to_do"] == count.num_in and count.pending == 0
    after = forecast(view(tmp_path / "out"), Layout(tmp_path / "out"), tuple(TOYS))
    assert [row["to_do"] for row in after] == [0, 0, 0]


def test_too_many_failures_stop_the_run_with_the_reason(toys: Path, tmp_path: Path) -> None:
    toys.write_text(" ".join(f"a{i}={'raise' if i % 2 else 'keep'}" for i in range(60)))
    with pytest.raises(UserError, match="jobs failed"):
        run(tmp_path / "out", stages=("collect",))
    counts = view(tmp_path / "out").counts("collect")
    assert counts.failed > 0 and counts.pending > 0


def test_messages_of_failures_hold_no_paths_of_this_run(toys: Path, tmp_path: Path) -> None:
    toys.write_text("a1=raise a2=keep")
    run(tmp_path / "out", stages=("collect",))
    rows = [row for row in view(tmp_path / "out").outcomes("collect") if row["status"] == "failed"]
    assert [row["message"] for row in rows] == ["broken in <scratch>"]
    assert rows[0]["command"] == "rigmill retry collect --profile demo --only a1"


@pytest.fixture
def inline(toys: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As `toys`, with the inline stage behind collect."""
    for module in ("pipeline.registry", "pipeline.view", "pipeline.pool", "pipeline.verify", "commands.show"):
        monkeypatch.setattr(f"rigmill.{module}.STAGES", WITH_INLINE)
    return toys


def test_an_inline_stage_runs_in_the_driver_and_starts_no_ray(
    inline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inline.write_text(" ".join(f"a{number}=keep" for number in range(10, 40)) + " b1=reject")
    run(tmp_path / "both", stages=tuple(WITH_INLINE))  # on Ray, with the inline stage beside
    run(tmp_path / "apart", stages=("collect",))
    monkeypatch.setattr("rigmill.pipeline.pool.Pool.start", lambda self: pytest.fail("Ray was started"))
    counts = run(tmp_path / "apart", stages=("select",))["select"]
    assert (counts.num_in, counts.kept, counts.rejected, counts.failed, counts.pending) == (30, 25, 3, 2, 0)
    outcomes = {row["input_id"]: row for row in view(tmp_path / "apart").outcomes("select")}
    assert outcomes["a18"]["message"] == "an eight in <scratch>"
    assert outcomes["a17"]["message"] == "stage 'select' is inline: it runs in the driver and has no Blender"
    assert outcomes["a18"]["command"] == "rigmill retry select --profile demo --only a18"
    products = [row["clip_id"] for row in view(tmp_path / "apart").products("select")]
    assert len(products) == 50 and products[0].endswith("-0") and products[1].endswith("-1")
    assert tables(tmp_path / "apart") == tables(tmp_path / "both")


def test_an_interrupted_inline_stage_keeps_what_it_finished(
    inline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inline.write_text(" ".join(f"a{number}=keep" for number in range(10, 30)))
    run(tmp_path / "whole", stages=tuple(WITH_INLINE))
    run(tmp_path / "parts", stages=("collect",))
    monkeypatch.setenv("TOY_INTERRUPT_AT", "a21")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", stages=("select",))
    counts = view(tmp_path / "parts").counts("select")
    assert counts.kept + counts.rejected + counts.failed == 11 and counts.pending == 9
    monkeypatch.delenv("TOY_INTERRUPT_AT")
    assert run(tmp_path / "parts", stages=("select",), limit=4)["select"].pending == 5
    run(tmp_path / "parts", stages=("select",))
    assert tables(tmp_path / "parts") == tables(tmp_path / "whole")


def test_an_inline_stage_killed_again_and_again_ends_in_the_same_bytes(inline: Path, tmp_path: Path) -> None:
    inline.write_text(" ".join(f"a{number}=keep" for number in range(10, 50)))
    run(tmp_path / "whole", stages=tuple(WITH_INLINE))
    run(tmp_path / "killed", stages=("collect",))
    command = [sys.executable, "-m", "tests.support.toy_stages", str(tmp_path / "killed")]
    left = []
    for name in ("a15", "a23", "a42"):
        killed = subprocess.run(command, env=os.environ | {"TOY_KILL_AT": name}, capture_output=True, check=False)
        assert killed.returncode == -signal.SIGKILL
        left.append(view(tmp_path / "killed").counts("select").pending)
    assert left == sorted(left, reverse=True) and 0 < left[-1] < left[0] < 40
    subprocess.run(command, capture_output=True, check=True)
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")


def test_two_runs_cannot_write_to_one_folder(tmp_path: Path) -> None:
    with locked(Layout(tmp_path)), pytest.raises(UserError, match="another run"), locked(Layout(tmp_path)):
        pass
