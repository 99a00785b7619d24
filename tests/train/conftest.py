"""What tests of training share: a small shard and its clips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rigmill.storage.files import Store
from tests.support.wheels import build_shard
from train.inputs import TrainingClip, TrainSettings


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def rows(store: Store) -> list[dict[str, Any]]:
    """Three clips of two sources, longer than the window, as rows of the index."""
    return build_shard(store, num_clips=3, num_frames=11, size_px=64)


@pytest.fixture(scope="session")
def clips(rows: list[dict[str, Any]]) -> list[TrainingClip]:
    return [TrainingClip.from_row(row) for row in rows]


@pytest.fixture(scope="session")
def settings() -> TrainSettings:
    """A profile's train section, small enough for a test."""
    return TrainSettings(
        recipe="tiny_joint",
        num_steps=30,
        batch_size=2,
        learning_rate=0.002,
        num_frames=9,
        size_px=32,
        mixture={"procedural": 1.0, "folder": 1.0},
        condition_dropout=0.2,
        checkpoint_interval=10,
        seed=7,
    )


@pytest.fixture(scope="session")
def make_shard() -> Callable[..., list[dict[str, Any]]]:
    return build_shard
