"""Checkpoints of a training: written aside while it goes on, whole or absent, and gone on from as they were made."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO

from rigmill.errors import UserError
from rigmill.storage.files import Store, canonical_json
from tests.support.paths import ROOT
from train.inputs import TrainingClip, TrainSettings
from train.loop import checkpoints as files
from train.loop import writing
from train.loop.checkpoints import (
    best_checkpoint,
    checkpoints,
    damaged_checkpoints,
    finish,
    last_checkpoint,
    steps_of,
    unfinished_path,
)
from train.loop.fit import Trained, train
from train.loop.keeping import Keep
from train.loop.provenance import Origin
from train.starting import start_model
from train.weights import save_model

Run = Callable[..., Trained]


class Stopped(Exception):
    """Raised by a test inside a run."""


@pytest.fixture
def short(settings: TrainSettings) -> TrainSettings:
    return replace(settings, num_steps=9, num_frames=5, checkpoint_interval=2)


@pytest.fixture
def run(clips: list[TrainingClip], store: Store, short: TrainSettings, tmp_path: Path) -> Run:
    """Nine steps with a checkpoint after every second, in one folder."""

    def run(
        *, at: Callable[[int], None] = lambda done: None, keep: Keep | None = None, num_clips: int = 3, **changed: Any
    ) -> Trained:
        settings = replace(short, **changed)
        return train(
            start_model(settings, None, {}),
            settings=settings,
            clips=clips[:num_clips],
            store_root=store.root,
            folder=tmp_path / "key",
            curves=tmp_path / "curves",
            report=lambda message, done, total: at(done),
            keep=keep or Keep(),
        )

    return run


def state_of(path: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = TorchCheckpointIO().load_checkpoint(path, weights_only=True)["state_dict"]
    return state


def steps_in(folder: Path) -> list[int]:
    return [steps_of(path) for path in checkpoints(folder)]


@pytest.mark.parametrize(("last", "kept"), [(1, [9]), (3, [6, 8, 9])])
def test_as_many_checkpoints_stay_as_are_asked_for(run: Run, tmp_path: Path, last: int, kept: list[int]) -> None:
    run(keep=Keep(last=last))
    assert steps_in(tmp_path / "key") == kept and not damaged_checkpoints(tmp_path)


def test_the_training_goes_on_while_a_checkpoint_is_written_with_the_weights_of_its_step(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, stepped = [], threading.Event()
    real = files.sha256_file

    def slow(path: Path) -> str:
        if path.name.endswith("00000002"):
            assert stepped.wait(60), "the third step waits for the checkpoint of the second"
        seen.append(path.name)
        return real(path)

    monkeypatch.setattr(files, "sha256_file", slow)
    run(at=lambda done: stepped.set() if done == 3 else None, keep=Keep(last=9))
    assert [name[-1] for name in seen] == ["2", "4", "6", "8", "9"], "one after the other"
    states = [state_of(path) for path in checkpoints(tmp_path / "key")]
    again = tmp_path / "again"
    (tmp_path / "key").rename(again)

    def stop(done: int) -> None:
        if done == 3:
            raise Stopped

    with pytest.raises(Stopped):
        run(at=stop)
    alone = state_of(checkpoints(tmp_path / "key")[0])
    assert all(torch.equal(alone[name], tensor) for name, tensor in states[0].items())
    assert any(not torch.equal(states[1][name], tensor) for name, tensor in states[0].items())


def test_a_disk_that_takes_no_checkpoint_ends_the_training(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done_steps, real = [], os.fsync

    def full(handle: int) -> None:
        if 4 in done_steps and threading.current_thread().name == "checkpoint":
            raise OSError(errno.ENOSPC, "no space left on device")
        real(handle)

    monkeypatch.setattr(writing.os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        run(at=done_steps.append)
    assert done_steps[-1] == 6, "at the next checkpoint"
    assert last_checkpoint(tmp_path / "key")[1] == 2
    monkeypatch.undo()
    resumed = run()
    assert steps_in(tmp_path / "key") == [8, 9] and len(resumed.losses) == 9
    assert not list((tmp_path / "key").glob(".tmp*")), "what was left half written is gone"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"learning_rate": 0.5}, "train.learning_rate was 0.002 and is 0.5"),
        ({"origin": {"transformer": "b"}}, 'weights of transformer was "a" and is "b"'),
        ({"num_clips": 2}, "clips was "),
        ({"torch": "9.9"}, 'version of torch was "'),
    ],
)
def test_a_checkpoint_that_was_made_with_something_else_is_refused_by_its_name_unless_forced(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], words: str
) -> None:
    def stop(done: int) -> None:
        if done == 3:
            raise Stopped

    origin = Origin({"transformer": "a"})
    with pytest.raises(Stopped):
        run(at=stop, keep=Keep(origin=origin))
    changed = dict(change)
    origin = Origin(changed.pop("origin", {"transformer": "a"}))
    if "torch" in changed:
        from train.loop import provenance

        real, version = provenance._version, changed.pop("torch")
        monkeypatch.setattr(provenance, "_version", lambda name: version if name == "torch" else real(name))
    with pytest.raises(UserError) as caught:
        run(keep=Keep(origin=origin), **changed)
    assert words in caught.value.what and caught.value.code == "E528"
    assert caught.value.what.count(" was ") == 1, "nothing else has changed"
    assert str(tmp_path / "key") in caught.value.fix and "train.force_resume=true" in caught.value.fix
    seen: list[int] = []
    run(at=seen.append, keep=Keep(origin=origin, force=True), **changed)
    assert seen == list(range(3, 10))


KILLED = """
import json, os, signal, sys, time
from pathlib import Path
from train.inputs import TrainingClip, TrainSettings
from train.loop import writing
from train.loop.fit import train
from train.starting import start_model

order = json.load(sys.stdin)
real, written = os.fsync, []
def fsync(handle):
    written.append(handle)
    if len(written) == 2 and order["kill"]:
        os.kill(os.getpid(), signal.SIGKILL)  # inside the second checkpoint: written, and without a name
    real(handle)
writing.os.fsync = fsync
def at(message, done, total):
    if done == 5 and not order["kill"]:
        os.kill(os.getpid(), signal.SIGTERM)
        print(time.time(), flush=True)
settings = TrainSettings(**order["settings"])
train(start_model(settings, None, {}), settings=settings, clips=[TrainingClip.from_row(row) for row in order["rows"]],
      store_root=Path(order["store"]), folder=Path(order["folder"]), report=at)
"""


@pytest.mark.slow  # two processes that load torch
@pytest.mark.parametrize("kill", [True, False])
def test_kill_9_inside_a_checkpoint_leaves_the_one_before_and_sigterm_leaves_its_own(
    run: Run, rows: list[dict[str, Any]], store: Store, short: TrainSettings, tmp_path: Path, kill: bool
) -> None:
    folder = tmp_path / "key"
    order = {"settings": short.to_row(), "rows": rows, "store": str(store.root), "folder": str(folder), "kill": kill}
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        input=canonical_json(order).encode(),
        capture_output=True,
        timeout=200,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    assert done.returncode == (-signal.SIGKILL if kill else 0), done.stderr.decode()[-2000:]
    assert last_checkpoint(folder)[1] == (2 if kill else 5)
    assert kill or time.time() - float(done.stdout) < 20, "from the signal to the end of the process"
    resumed = run()
    straight = tmp_path / "straight"
    (tmp_path / "key").rename(straight)
    assert save_model(resumed.model) == save_model(run().model)


def test_the_best_outlasts_the_others_where_there_are_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "not permitted")

    monkeypatch.setattr(os, "link", link)
    for step, best in ((2, True), (4, False), (6, False)):
        path = unfinished_path(tmp_path, step, best=best)
        path.write_bytes(b"%d" % step)
        finish(path, keep_last=1)
    found = best_checkpoint(tmp_path, 2)
    assert found is not None and found.read_bytes() == b"2"
    assert [steps_of(path) for path in checkpoints(tmp_path)] == [6] and len(list(tmp_path.iterdir())) == 2
