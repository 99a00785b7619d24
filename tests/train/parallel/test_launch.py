"""One configuration, started in three ways, each killed once: the same bytes as undisturbed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rigmill.config.load import load
from rigmill.outcomes import Failed, FailKind, Kept
from rigmill.pipeline.stage import Job
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable
from tests.support.launched import (
    ended_at_last,
    is_rank_1,
    is_ray_train_worker,
    kill_at,
    output_with_shards,
    start,
    steps_done,
)
from tests.support.training import Lent, Tables
from train.inputs import TrainSettings
from train.loop.checkpoints import last_checkpoint
from train.parallel.launch import train_on_this_machine
from train.parallel.order import Order
from train.stage import TrainStage

Index = list[dict[str, Any]]
RUN = ["-m", "tests.support.launched", "run", "shards", "train", "--profile", "ranks", "--config"]


@pytest.fixture(scope="module")
def new_output(rows: Index, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def new(**train: Any) -> Path:
        return output_with_shards(tmp_path_factory.mktemp("launched"), rows, store, **train)

    return new


def job_of(profile: Path) -> tuple[Job, Lent]:
    """The training's job, and what a worker lends it."""
    resolved = load("ranks", file=profile).profile
    layout = Layout(Path(resolved.output))
    (job,) = TrainStage().plan(Tables(json.loads((profile.parent / "rows.json").read_text())), resolved)
    return job, Lent(store=layout.store, output=layout.root, scratch=layout.root)


def trained(profile: Path) -> dict[str, str]:
    """Digests of what the training left, by name."""
    resolved = load("ranks", file=profile).profile
    (row,) = StageTable(Layout(Path(resolved.output)).tables, "train").products().to_pylist()
    return digests(row)


def digests(row: Any) -> dict[str, str]:
    return {file["name"]: file["sha256"] for file in row["files"]}


@pytest.fixture(scope="module")
def undisturbed(new_output: Callable[..., Path]) -> dict[str, str]:
    job, work = job_of(new_output())
    (answer,) = TrainStage().run([job], work)
    assert isinstance(answer.outcome, Kept), answer.outcome
    assert work.said[-1][1] > 40 and work.said[-1][2] == 60, "how far it is was handed on"
    return digests(answer.outcome.rows[0])


def test_how_a_training_is_shared_and_started_is_no_other_job(new_output: Callable[..., Path]) -> None:
    """So that a training goes on, whoever is there to go on with it."""
    keys = {
        job_of(new_output(**changed))[0].key
        for changed in ({}, {"ranks": 1}, {"view_ranks": 2}, {"strategy": "fsdp2", "accumulate": 1}, {"launch": "ray"})
    }
    assert len(keys) == 1


@pytest.mark.slow  # half a minute, with `undisturbed`
def test_a_killed_rank_is_named_and_the_rerun_has_the_bytes_of_an_undisturbed_training(
    new_output: Callable[..., Path], undisturbed: dict[str, str]
) -> None:
    job, work = job_of(new_output())
    killed = kill_at(12, work.output, os.getpid(), is_rank_1, signal.SIGKILL)
    (answer,) = TrainStage().run([job], work)
    failed = answer.outcome
    assert killed and isinstance(failed, Failed) and failed.kind == FailKind.INTERRUPTED
    assert failed.message.startswith("rank 1 of 2 was ended by SIGKILL; the next run goes on from the last checkpoint")
    assert last_checkpoint(work.output / "work" / job.key)[1] >= 10
    work.said.clear()
    (answer,) = TrainStage().run([job], work)
    assert isinstance(answer.outcome, Kept) and digests(answer.outcome.rows[0]) == undisturbed
    assert min(done for _, done, _ in work.said) > 10, "it went on"
    assert not list((work.output / "work").glob("*.ranks"))


@pytest.mark.slow
def test_a_rank_that_cannot_begin_says_why_in_the_row(new_output: Callable[..., Path], tmp_path: Path) -> None:
    job, work = job_of(new_output())
    job.payload["samples"][0]["shard_file"]["sha256"] = "0" * 64  # its file is gone
    outcome = train_on_this_machine(Order(job, work.output), 2, report=work.report, logs=tmp_path / "logs", on_cpu=True)
    assert isinstance(outcome, Failed) and outcome.kind == FailKind.MACHINE
    assert outcome.message.startswith("rank ") and "it said last: " in outcome.message
    assert TrainSettings(**job.payload["settings"]).num_steps == 60
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"rank-0.log", "rank-1.log"}


@pytest.mark.long
@pytest.mark.slow
def test_torchrun_gives_the_same_bytes_though_ranks_are_ended(
    new_output: Callable[..., Path], undisturbed: dict[str, str], tmp_path: Path
) -> None:
    profile, log = new_output(), tmp_path / "log"
    output = profile.parent / "out"
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *RUN, str(profile)]
    with ended_at_last(start(*words, log=log)) as process:
        killed = kill_at(12, output, process.pid, is_rank_1, signal.SIGKILL)
        assert process.wait(timeout=240) == 1 and killed, log.read_text()[-3000:]
    assert 12 <= steps_done(output) < 60
    with ended_at_last(start(*words, log=log)) as process:
        asked = kill_at(30, output, process.pid, is_rank_1, signal.SIGTERM)
        assert process.wait(timeout=240) == 0 and asked, log.read_text()[-3000:]
    (work,) = (path for path in (output / "work").iterdir() if path.name != "finished")
    assert 30 <= last_checkpoint(work)[1] == steps_done(output) < 60, "no step is lost"
    with ended_at_last(start(*words, log=log)) as process:
        assert process.wait(timeout=240) == 0, log.read_text()[-3000:]
    assert trained(profile) == undisturbed


@pytest.mark.slow
@pytest.mark.ray
def test_ray_train_starts_a_killed_worker_again_and_gives_the_same_bytes(
    new_output: Callable[..., Path], undisturbed: dict[str, str], tmp_path: Path
) -> None:
    profile, log = new_output(launch="ray"), tmp_path / "log"
    words = [*RUN, str(profile), "--workers", "3"]
    with ended_at_last(start(*words, log=log)) as process:
        killed = kill_at(12, profile.parent / "out", process.pid, is_ray_train_worker, signal.SIGKILL)
        assert process.wait(timeout=400) == 0, log.read_text()[-3000:]
    assert killed and trained(profile) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize(
    "shared", [{"strategy": "fsdp2"}, {"strategy": "ddp", "view_ranks": 2}], ids=["fsdp2", "views"]
)
def test_what_is_seen_of_a_training_is_the_same_of_several_ranks(
    new_output: Callable[..., Path], shared: dict[str, Any]
) -> None:
    """Validation, samples and the best model, which all ranks make together and one writes."""
    seen = {
        "num_steps": 4,
        "validation_interval": 2,
        "validation_clips": 2,
        "sample_interval": 2,
        "sampling_steps": 2,
        "ema": 0.9,
    }
    names, losses = [], []
    for ranks in ({"ranks": 1, "strategy": "ddp", "view_ranks": 1}, {"ranks": 2, **shared}):
        profile = new_output(**seen, **ranks, accumulate=1)
        rows = json.loads((profile.parent / "rows.json").read_text())
        rows[-1]["split"] = "val"
        (profile.parent / "rows.json").write_text(json.dumps(rows))
        job, work = job_of(profile)
        (answer,) = TrainStage().run([job], work)
        assert isinstance(answer.outcome, Kept), answer.outcome
        curves = work.output / "runs" / "unnamed" / "train"
        names.append({path.name for path in curves.iterdir()})
        lines = next(curves.glob("*.validation.csv")).read_text().splitlines()[1:]
        losses.append([float(line.rpartition(",")[2]) for line in lines])
    assert names[0] <= names[1] and {Path(name).suffix for name in names[0]} >= {".mp4", ".png", ".best"}
    assert len(losses[0]) == len(losses[1]) > 10 and losses[1] == pytest.approx(losses[0], rel=1e-3)
