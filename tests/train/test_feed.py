"""The shard loader under Lightning: what is drawn does not depend on ranks, workers, or on being killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from rigmill.storage.files import Store
from shards.loader.reading import Unreadable
from tests.support.feeding import DRAWS_PER_STEP, line_of, loader_of
from tests.support.paths import ROOT
from tests.support.wheels import build_shard
from train.clips import to_unit
from train.feed import ShardFeed, unit


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fed")
    rows = build_shard(Store(made / "store"), num_clips=5, num_frames=[9, 11], num_views=2)
    (made / "rows.json").write_text(json.dumps(rows))
    return made


def drawn(feed: ShardFeed, num_steps: int) -> list[dict[str, Any]]:
    """The draws of so many steps of a feed without a trainer, epoch after epoch."""
    lines: list[dict[str, Any]] = []
    loader, steps = feed.train_dataloader(), 0
    while True:
        for batch in loader:
            feed.trained(batch)
            lines += line_of(batch)
            steps += 1
            if steps == num_steps:
                return lines


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("num_workers", [0, 1, 4])
def test_workers_change_nothing_and_epochs_follow_each_other(folder: Path, num_workers: int) -> None:
    feed = ShardFeed(
        loader_of(folder), draws_per_step=DRAWS_PER_STEP, draws_per_epoch=14, num_workers=num_workers
    )  # an epoch ends within a step
    lines = drawn(feed, 9)
    assert [line["position"] for line in lines] == list(range(36)) and feed.position == 36
    alone = loader_of(folder)
    assert [line["clip"] for line in lines[:8]] == [
        alone.plan.catalogue.clip_id(alone.plan.draw(t).row) for t in range(8)
    ]
    resumed = ShardFeed(loader_of(folder), draws_per_step=DRAWS_PER_STEP, draws_per_epoch=14)
    resumed.load_state_dict({"position": 20})
    assert drawn(resumed, 4) == lines[20:36]
    assert 0 < feed.figures["data/data_wait_share"] <= 1
    assert feed.figures["mixture/share/folder"] == 0.75


@pytest.mark.timeout(120)
def test_a_worker_does_not_wait_for_a_lock_that_another_thread_of_the_training_holds(folder: Path) -> None:
    feed = ShardFeed(loader_of(folder), draws_per_step=DRAWS_PER_STEP, num_workers=1)
    with feed.loader.reader.buffers.lock:  # a copy of this process would find it held for ever
        assert len(next(iter(feed.train_dataloader())).draws) == DRAWS_PER_STEP


def test_bytes_become_what_training_reads_where_the_model_is(folder: Path) -> None:
    batch = next(iter(ShardFeed(loader_of(folder), draws_per_step=DRAWS_PER_STEP).train_dataloader()))
    assert batch.rgb is not None and batch.rgb.video.dtype == torch.uint8
    assert torch.equal(unit(batch.rgb.video), to_unit(batch.rgb.video.numpy()))
    moved = batch.to(torch.device("meta"))
    assert moved.rgb is not None and moved.rgb.video.dtype == torch.uint8 and moved.dropped.device.type == "meta"


def test_a_worker_s_message_names_the_sample_that_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "store").symlink_to(folder / "store")
    rows = [row | {"offset": row["offset"] + 512} for row in json.loads((folder / "rows.json").read_text())]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    feed = ShardFeed(loader_of(tmp_path), draws_per_step=DRAWS_PER_STEP, num_workers=1)
    with pytest.raises(Unreadable, match=r"the sample clip\d in \w+\.tar cannot be read"):
        next(iter(feed.train_dataloader()))


def run(folder: Path, **options: int) -> subprocess.CompletedProcess[str]:
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.feeding", str(folder), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    try:
        out, error = process.communicate(timeout=400)  # also of loading processes: none outlives it
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # the other rank, where this one was killed
        except ProcessLookupError:
            pass
    return subprocess.CompletedProcess(words, process.returncode, out, error)


@pytest.mark.long
@pytest.mark.slow  # about a minute: three imports of Lightning
def test_two_killed_processes_are_continued_by_one_with_the_same_draws(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "store").symlink_to(folder / "store")
    (tmp_path / "rows.json").write_bytes((folder / "rows.json").read_bytes())
    killed = run(tmp_path, devices=2, workers=2, steps=60, kill_at=27)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    before = {path for path in tmp_path.glob("drawn-*.jsonl")}
    assert len(before) == 2
    for path in (tmp_path / "checkpoints").glob("*.ckpt"):
        assert int(path.stem.split("=")[1]) <= 25
    done = run(tmp_path, devices=1, workers=1, steps=60)
    assert done.returncode == 0, done.stderr[-2000:]
    (after,) = set(tmp_path.glob("drawn-*.jsonl")) - before

    def steps(path: Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in path.read_text().splitlines()]

    first = [step for path in before for step in steps(path) if step["step"] < 25]
    second = steps(after)
    assert len(first) == 50 and [step["step"] for step in second] == list(range(25, 60))
    lines = sorted((draw for step in first + second for draw in step["draws"]), key=lambda draw: draw["position"])
    undisturbed = ShardFeed(loader_of(tmp_path), draws_per_step=DRAWS_PER_STEP, draws_per_epoch=44)
    assert lines == drawn(undisturbed, 60)
    assert json.loads((tmp_path / "end.json").read_text())["position"] == 240
