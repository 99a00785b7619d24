"""Weights & Biases: offline it writes files and asks no network; without the package the error says what to do."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rigmill.config.load import load
from rigmill.errors import UserError
from tests.support.paths import ROOT
from tests.train.watching.conftest import Runs
from train.inputs import TrainSettings
from train.loop.keeping import Keep
from train.watching.measured import COLUMNS
from train.watching.weights_and_biases import boards_of, mode_of

HAS_WANDB = importlib.util.find_spec("wandb") is not None
OFFLINE = """
import socket, sys
from pathlib import Path
from train.inputs import TrainSettings
from train.watching.measured import COLUMNS
from train.watching.weights_and_biases import WandB

real = socket.socket.connect
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
        print("asked the network:", address)
    return real(self, address)
socket.socket.connect = connect
settings = TrainSettings("tiny_joint", 2, 2, 0.1, 5, 32, {}, 0.0, 1, 7, stage="one")
board = WandB(Path(sys.argv[1]), settings=settings, mode="offline")
board.begin([[0, *[0.5] * (len(COLUMNS) - 1)]])
board.add([1, *[0.25] * (len(COLUMNS) - 1)])
board.close()
"""


def test_the_network_is_asked_only_where_nothing_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_MODE", raising=False)
    assert (mode_of("online"), mode_of("offline")) == ("online", "offline")
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert mode_of("online") == "offline"
    monkeypatch.setenv("WANDB_MODE", "online")
    assert mode_of("offline") == "offline"
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert mode_of("online") == "disabled"


def test_off_needs_no_package_and_is_what_yaml_makes_of_the_word(
    settings: TrainSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)  # as where it is not installed
    assert len(boards_of(tmp_path, settings, wandb="off")) == 1
    assert load("demo", overrides=("train.wandb=off",)).profile.train.wandb == "off"


def test_without_the_package_a_training_that_asks_for_it_ends_before_its_first_step(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UserError, match="train.wandb is offline") as caught:
        runs(tmp_path, keep=Keep(wandb="offline"))
    assert caught.value.code == "E527" and "pip install wandb" in caught.value.fix
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 1


@pytest.mark.slow
@pytest.mark.skipif(not HAS_WANDB, reason="wandb is not installed")
def test_offline_it_writes_a_run_of_files_and_opens_no_connection(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "WANDB_MODE": "online"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "asked the network" not in done.stdout
    (run,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    data = run.read_bytes()
    assert all(name.encode() in data for name in COLUMNS[1:]) and b"tiny_joint" in data
