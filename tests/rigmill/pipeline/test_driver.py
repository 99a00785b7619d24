"""The driver's promises, with toy stages in this process. Those about workers that die are in test_pool."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from rigmill.errors import UserError
from rigmill.outcomes import Kept
from rigmill.pipeline.cleaning.clean import choose, clean
from rigmill.pipeline.executors.in_process import InProcess
from rigmill.pipeline.executors.pool import Pool
from rigmill.pipeline.forecast import forecast
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.stage import Stub
from rigmill.pipeline.stage_run import StageRun
from rigmill.pipeline.view import Counts
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked
from tests.support.toy_runs import LIMITS, Toys, tables
from tests.support.toy_stages import TOYS, WITH_INLINE

toys, with_inline = Toys(TOYS), Toys(WITH_INLINE)


def test_every_input_has_one_outcome_and_the_rest_is_reused(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=reject a3=raise b1=refuse b2=keep b9=keep c1=keep c2=crash")
    counts = toys.run(tmp_path / "out")
    collect = counts["collect"]
    assert (collect.num_in, collect.kept, collect.rejected, collect.failed, collect.pending) == (8, 4, 2, 2, 0)
    assert collect.reasons == {"no_rig": 2, "exception": 1, "crash": 1}
    assert (counts["probe"].kept, counts["probe"].rejected) == (3, 1)
    assert [row["clip_id"] for row in toys.view(tmp_path / "out").products("retarget")] == ["a1", "b2", "c1"]
    before = tables(tmp_path / "out")
    assert toys.run(tmp_path / "out") == counts
    assert tables(tmp_path / "out") == before


def test_tables_do_not_depend_on_interruptions_limits_or_order(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(" ".join(f"{'abc'[i % 3]}{i}=keep" for i in range(20)) + " x1=raise")
    toys.run(tmp_path / "whole")
    for limit in (3, 1, 7):
        toys.run(tmp_path / "parts", limit=limit)
    inputs.write_text(" ".join(reversed(inputs.read_text().split())))
    counts = toys.run(tmp_path / "parts")
    assert counts["collect"].pending == 0
    view = toys.view(tmp_path / "parts")
    clean(view, choose(view, older_than=None, checkpoints=False))  # what a barrier made of the first few
    assert tables(tmp_path / "parts") == tables(tmp_path / "whole")


def test_a_changed_setting_redoes_what_reads_it_and_nothing_else(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=keep")
    toys.run(tmp_path / "out")
    changed = toys.view(tmp_path / "out", "probe.fps=8")
    assert (len(changed.pending("collect")), len(changed.pending("probe"))) == (0, 2)
    toys.run(tmp_path / "out", "probe.fps=8")
    assert len(toys.view(tmp_path / "out", "probe.fps=8").outcomes("probe")) == 2


def test_a_limit_leaves_the_rest_pending(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=keep a3=keep a4=keep")
    counts = toys.run(tmp_path / "out", stages=("collect",), limit=3)
    assert (counts["collect"].kept, counts["collect"].pending) == (3, 1)


def test_a_job_that_is_tried_again_is_tried_under_a_limit_too(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=crash a2=keep")
    collect = toys.run(tmp_path / "out", stages=("collect",), limit=1)["collect"]
    assert (collect.failed, collect.pending) == (1, 1)


def test_plan_counts_what_then_runs(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=keep b9=keep c1=reject")
    layout = Layout(tmp_path / "out")
    for stage in TOYS:
        planned = {row["stage"]: row for row in forecast(toys.view(layout.root), layout, tuple(TOYS))}
        assert planned[stage]["depends_on"] == []
        count = toys.run(layout.root, stages=(stage,))[stage]
        assert planned[stage]["to_do"] == count.num_in and count.pending == 0
    after = forecast(toys.view(layout.root), layout, tuple(TOYS))
    assert [row["to_do"] for row in after] == [0, 0, 0]


def test_too_many_failures_stop_the_run_with_the_reason(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(" ".join(f"a{i}={'raise' if i % 2 else 'keep'}" for i in range(60)))
    with pytest.raises(UserError, match="jobs failed"):
        toys.run(tmp_path / "out", stages=("collect",))
    counts = toys.view(tmp_path / "out").counts("collect")
    assert counts.failed > 0 and counts.pending > 0


def test_messages_of_failures_hold_no_paths_of_this_run(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=raise a2=keep")
    toys.run(tmp_path / "out", stages=("collect",))
    rows = [row for row in toys.view(tmp_path / "out").outcomes("collect") if row["status"] == "failed"]
    assert [row["message"] for row in rows] == ["broken in <scratch>"]
    assert rows[0]["command"] == "rigmill retry collect --profile demo --only a1"


def test_a_run_that_is_interrupted_keeps_the_answers_it_had(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs.write_text(" ".join(f"a{number}=keep" for number in range(10, 30)))
    with_inline.run(tmp_path / "whole")
    with_inline.run(tmp_path / "parts", stages=("collect",))
    monkeypatch.setenv("TOY_INTERRUPT_AT", "a21")
    with pytest.raises(KeyboardInterrupt):
        with_inline.run(tmp_path / "parts", stages=("select",))
    counts = with_inline.view(tmp_path / "parts").counts("select")
    assert counts.kept + counts.rejected + counts.failed == 11 and counts.pending == 9
    monkeypatch.delenv("TOY_INTERRUPT_AT")
    assert with_inline.run(tmp_path / "parts", stages=("select",), limit=4)["select"].pending == 5
    with_inline.run(tmp_path / "parts", stages=("select",))
    assert tables(tmp_path / "parts") == tables(tmp_path / "whole")


def test_an_inline_stage_runs_in_the_driver_and_starts_no_worker(inputs: Path, tmp_path: Path) -> None:
    class Never(InProcess):
        def start(self) -> None:
            pytest.fail("workers were started")

    inputs.write_text(" ".join(f"a{number}=keep" for number in range(10, 40)) + " b1=reject")
    with_inline.run(tmp_path / "both")
    with_inline.run(tmp_path / "apart", stages=("collect",))
    never = Never(tmp_path / "apart", LIMITS, WITH_INLINE)
    counts = with_inline.run(tmp_path / "apart", stages=("select",), executor=never)["select"]
    assert (counts.num_in, counts.kept, counts.rejected, counts.failed, counts.pending) == (30, 25, 3, 2, 0)
    view = with_inline.view(tmp_path / "apart")
    outcomes = {row["input_id"]: row for row in view.outcomes("select")}
    assert outcomes["a18"]["message"] == "an eight in <scratch>"
    assert outcomes["a17"]["message"] == "stage 'select' is inline: it runs in the driver and has no Blender"
    assert outcomes["a18"]["command"] == "rigmill retry select --profile demo --only a18"
    products = [row["clip_id"] for row in view.products("select")]
    assert len(products) == 50 and products[0].endswith("-0") and products[1].endswith("-1")
    assert tables(tmp_path / "apart") == tables(tmp_path / "both")


def test_an_inline_stage_killed_again_and_again_ends_in_the_same_bytes(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(" ".join(f"a{number}=keep" for number in range(10, 50)))
    with_inline.run(tmp_path / "whole")
    with_inline.run(tmp_path / "killed", stages=("collect",))
    command = [sys.executable, "-m", "tests.support.toy_stages", str(tmp_path / "killed")]
    left = []
    for name in ("a15", "a23", "a42"):
        killed = subprocess.run(command, env=os.environ | {"TOY_KILL_AT": name}, capture_output=True, check=False)
        assert killed.returncode == -signal.SIGKILL
        left.append(with_inline.view(tmp_path / "killed").counts("select").pending)
    assert left == sorted(left, reverse=True) and 0 < left[-1] < left[0] < 40
    subprocess.run(command, capture_output=True, check=True)
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")


def test_a_run_ends_with_a_line_for_each_stage(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=reject")
    said = io.StringIO()
    toys.run(tmp_path / "out", stages=("collect", "probe"), progress=Progress(said))
    text = " ".join(said.getvalue().split())
    own = "--profile demo --set run.min_free_disk_bytes=0"
    assert text == (
        f"collect: kept 1 of 2, rejected 1, failed 0 (no_rig 1); 0 s; in {tmp_path}/out; why: "
        f"rigmill status collect {own} "
        f"probe: kept 1 of 1, rejected 0, failed 0; 0 s; in {tmp_path}/out"
    )
    again = io.StringIO()
    toys.run(tmp_path / "out", stages=("collect", "probe"), progress=Progress(again))
    assert " ".join(again.getvalue().split()).startswith(
        "nothing to do: every input of these stages has its outcome, in "
    )


def test_a_stages_time_is_from_its_first_job_to_its_last() -> None:
    now = [100.0]
    run = StageRun(toys.registry.load("collect"), clock=lambda: now[0])
    now[0] += 50  # other stages run
    assert run.wall_s == 0
    run.take_plan([Stub("k", "a1", "a1", "{}", None)], Counts(1, 0, 0, 0))
    (stub,) = run.next_batch()
    now[0] += 3
    run.finish_job(stub, Kept([]), command="")
    now[0] += 50  # it waits for others, and is closed
    assert run.wall_s == 3


def test_what_runs_is_counted_and_not_what_waits_in_a_workers_hands(inputs: Path, tmp_path: Path) -> None:
    class Lines(Progress):
        running: ClassVar[list[int]] = []

        def update(self, stage: str, counts: Counts, *, running: int, **more: Any) -> None:
            self.running.append(running)

    inputs.write_text("a1=slow a2=slow a3=slow")
    toys.run(tmp_path / "out", stages=("collect",), progress=Lines(io.StringIO()))
    assert set(Lines.running) == {1}, "one worker has all three"


def test_starting_ray_is_said_before_it_takes_its_seconds(inputs: Path, tmp_path: Path) -> None:
    class Slow(InProcess):
        starting = "starting workers"

        def start(self) -> None:
            assert said.getvalue() == "starting workers\n"
            super().start()

    inputs.write_text("a1=keep")
    said, slow = io.StringIO(), Slow(tmp_path / "out", LIMITS, toys.registry, blender=False)
    slow.starting = "starting workers"
    toys.run(tmp_path / "out", progress=Progress(said), executor=slow)
    assert said.getvalue().count("starting workers") == 1
    assert Pool(tmp_path, LIMITS, address="local", workers=1).starting == "starting Ray on this machine"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_is_full_ends_the_run_and_no_input_is_to_blame(inputs: Path, tmp_path: Path, number: int) -> None:
    inputs.write_text("a1=keep b1=keep c1=keep")
    toys.run(tmp_path / "whole")
    inputs.write_text(f"a1=keep b1=errno-{number} c1=keep")
    with pytest.raises(UserError, match="the disk") as raised:
        toys.run(tmp_path / "out")
    assert raised.value.code == "E321" and "the same command" in raised.value.fix
    counts = toys.view(tmp_path / "out").counts("collect")
    assert (counts.kept, counts.failed, counts.pending) == (1, 0, 2)
    assert len(toys.view(tmp_path / "out").products("retarget")) == 0  # nothing goes on with a part of the files
    counts = toys.run(tmp_path / "out")["collect"]
    assert (counts.kept, counts.failed, counts.pending) == (3, 0, 0)


@pytest.mark.parametrize("what", [f"errno-{errno.ENOMEM}", "damaged"])
def test_what_the_machine_did_to_an_input_is_tried_again_by_the_next_run(
    inputs: Path, tmp_path: Path, what: str
) -> None:
    inputs.write_text(f"a1=keep b1={what} c1=keep")
    counts = toys.run(tmp_path / "out", stages=("collect",))["collect"]
    assert (counts.kept, counts.reasons) == (2, {"machine": 1})
    assert len(toys.view(tmp_path / "out").pending("collect")) == 1
    assert toys.run(tmp_path / "out", stages=("collect",))["collect"].kept == 3


def test_a_stage_that_sees_all_inputs_does_not_begin_without_those_that_the_machine_failed(
    inputs: Path, tmp_path: Path
) -> None:
    inputs.write_text("a1=keep b1=keep c1=keep")
    toys.run(tmp_path / "whole")
    inputs.write_text("a1=keep b1=damaged c1=keep")
    with pytest.raises(UserError, match="'retarget' does not begin: the machine failed 1 inputs") as raised:
        toys.run(tmp_path / "out")
    assert raised.value.code == "E331" and raised.value.command == ("verify", "--repair")
    view = toys.view(tmp_path / "out")
    assert (view.counts("probe").kept, len(view.table("retarget").outcomes())) == (2, 0)
    toys.run(tmp_path / "out")
    assert [row["clip_id"] for row in toys.view(tmp_path / "out").products("retarget")] == ["a1", "b1", "c1"]


def test_an_input_that_is_larger_than_its_limit_is_the_inputs_own_fault(inputs: Path, tmp_path: Path) -> None:
    inputs.write_text(f"a1=keep b1=errno-{errno.EFBIG}")
    assert toys.run(tmp_path / "out", stages=("collect",))["collect"].reasons == {"exception": 1}
    assert toys.view(tmp_path / "out").pending("collect") == []


def test_two_runs_cannot_write_to_one_folder(tmp_path: Path) -> None:
    with locked(Layout(tmp_path)), pytest.raises(UserError, match="another run"), locked(Layout(tmp_path)):
        pass


def test_slow_and_large_files_do_not_end_a_run_and_broken_ones_do(inputs: Path, tmp_path: Path) -> None:
    good = " ".join(f"a{index}=keep" for index in range(30))
    inputs.write_text(good + " " + " ".join(f"z{index}={('timeout', 'memory')[index % 2]}" for index in range(8)))
    counts = toys.run(tmp_path / "slow", "run.max_failed_share=0.2")["collect"]
    assert (counts.kept, counts.failed, counts.broken, counts.pending) == (30, 8, 0, 0)
    inputs.write_text(good + " y1=timeout " + " ".join(f"z{index}=raise" for index in range(9)))
    with pytest.raises(UserError, match="8 of 39 jobs failed") as caught:
        toys.run(tmp_path / "broken", "run.max_failed_share=0.2")
    assert "not counted: 1 that ran out of their own time or memory" in (caught.value.why or "")
