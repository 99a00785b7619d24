"""What real Ray workers add: they work side by side, are killed, and say how far they are."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rigmill.errors import UserError
from rigmill.pipeline.executors.executor import Batch, Event
from rigmill.pipeline.executors.pool import Pool
from rigmill.pipeline.lines.live_lines import Progress
from rigmill.pipeline.stage import Job, Resources, Stage, Stub
from rigmill.pipeline.view import Counts
from tests.support.paths import ROOT
from tests.support.toy_runs import LIMITS, Toys, tables
from tests.support.toy_stages import TOYS, WITH_INLINE, WITH_NEW, ToyCollect, ToyPolish

pytestmark = pytest.mark.ray


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
def toys(inputs: Path, cluster: str) -> Toys:
    return Toys(TOYS, ray_address=cluster)


@pytest.fixture
def pool(tmp_path: Path, cluster: str) -> Iterator[Pool]:
    pool = Pool(tmp_path / "out", LIMITS, WITH_NEW, address=cluster, workers=2)
    pool.start()
    yield pool
    pool.stop()


def hand_out(pool: Pool, stage: Stage, names: list[str], number: int) -> Batch:
    """A batch of kept jobs, given to a worker of the pool."""
    stubs = [Stub(name, name, "", '{"do": "keep"}', None) for name in names]
    batch = Batch(number, stage.name, {stub.key: stub for stub in stubs})
    jobs: list[Job] = [stub.job(stage.name, {}) for stub in stubs]
    pool.submit(batch, stage, jobs)
    return batch


def events_of(pool: Pool) -> list[Event]:
    """Everything that happens until all batches have ended."""
    events: list[Event] = []
    while pool.running:
        events += pool.wait(5)
    return events


class Listening(Progress):
    """Keeps what it is told of a stage."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.heard: list[tuple[str, float | None]] = []

    def update(self, stage: str, counts: Counts, **more: Any) -> None:
        self.heard.append((more["note"], more["left_s"]))
        super().update(stage, counts, **more)


def test_a_run_on_ray_gives_the_bytes_of_one_in_this_process(toys: Toys, inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=reject a3=raise b1=refuse b2=die-once b9=keep c1=keep c2=crash")
    counts = toys.run(tmp_path / "ray")
    collect = counts["collect"]
    assert (collect.num_in, collect.kept, collect.rejected, collect.failed, collect.pending) == (8, 4, 2, 2, 0)
    inputs.write_text(inputs.read_text().replace("die-once", "keep"))  # what becomes of the others is the same
    assert Toys(TOYS).run(tmp_path / "here") == counts
    names = {"probe", "retarget"}  # collect's keys hash the instruction to die
    of = [
        {name: data for name, data in tables(tmp_path / place).items() if Path(name).parts[1] in names}
        for place in ("ray", "here")
    ]
    assert of[0] == of[1] and len(of[0]) >= 5


def test_inline_and_other_stages_run_side_by_side(inputs: Path, tmp_path: Path, cluster: str) -> None:
    inputs.write_text(" ".join(f"a{number}=keep" for number in range(10, 40)) + " b1=reject")
    Toys(WITH_INLINE, ray_address=cluster).run(tmp_path / "ray")
    Toys(WITH_INLINE).run(tmp_path / "here")
    assert tables(tmp_path / "ray") == tables(tmp_path / "here")


def test_what_two_workers_say_about_their_jobs_is_added_up_while_they_run(
    toys: Toys, inputs: Path, tmp_path: Path
) -> None:
    inputs.write_text("a1=report b1=report")
    for attempt in range(5):  # on a busy machine one worker may be done before the other one has begun
        output, listening = tmp_path / f"out-{attempt}", Listening()
        assert toys.run(output, stages=("collect",), progress=listening)["collect"].kept == 2
        notes = [note for note, _ in listening.heard if note]
        if any(note.startswith("steps (") and "/8" in note for note in notes):
            break
    else:
        raise AssertionError(notes)
    assert any(left_s is not None and 0 < left_s < 300 for _, left_s in listening.heard)
    # Costs stay out of what is compared byte for byte.
    assert b"rate_per_s" not in b"".join(tables(output).values())
    assert not list(output.rglob("progress-*"))


@pytest.mark.slow  # over 10 s
def test_a_worker_that_always_dies_costs_its_own_job_only(toys: Toys, inputs: Path, tmp_path: Path) -> None:
    inputs.write_text("a1=keep a2=die a3=keep b1=keep")
    collect = toys.run(tmp_path / "out", stages=("collect",))["collect"]
    assert (collect.kept, collect.failed) == (3, 1)
    assert collect.reasons == {"interrupted": 1}
    # An interruption says nothing about the input: the same command tries it again.
    inputs.write_text("a1=keep a2=keep a3=keep b1=keep")
    assert [job.input_id for job in toys.view(tmp_path / "out").pending("collect")] == ["a2"]


@pytest.mark.slow  # over 10 s
def test_all_answers_that_are_ready_are_taken_at_once(pool: Pool) -> None:
    stage = ToyPolish()
    for number in range(2):
        hand_out(pool, stage, ["first"], number)
    events_of(pool)  # both workers are awake
    batches = [hand_out(pool, stage, [f"{letter}{number}" for number in range(40)], ord(letter)) for letter in "ab"]
    time.sleep(4)  # more than they need for all of it
    heard = [event.batch for event in pool.wait(30)]
    assert [heard.count(batch) for batch in batches] == [41, 41] and not pool.running


def test_a_stage_gets_workers_with_the_resources_that_it_declares(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = ToyCollect(), ToyPolish()
    monkeypatch.setattr(ToyPolish, "resources", Resources(num_cpus=2))
    assert pool.can_take(small) and pool.can_take(large)
    hand_out(pool, small, ["a"], 1)
    assert pool.can_take(small) and not pool.can_take(large)
    events_of(pool)
    hand_out(pool, large, ["b"], 2)
    assert not pool.can_take(small)  # both CPUs are at work
    events_of(pool)
    hand_out(pool, small, ["c"], 3)
    answers = [event.answer for event in events_of(pool) if event.answer]
    assert [answer.key for answer in answers] == ["c"]
    monkeypatch.setattr(ToyPolish, "resources", Resources(num_gpus=1000))
    with pytest.raises(UserError, match="needs more than there is"):
        pool.can_take(large)
