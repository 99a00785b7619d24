"""The order of test files: those that take minutes begin first, so that none is left alone at the end."""

from __future__ import annotations

import pytest

from tests.support.paths import ROOT

LONGEST = (
    "tests/curate/stages/test_expected_assets.py",
    "tests/train/parallel/test_launch.py",
    "tests/chaos/test_kill.py",
    "tests/chaos/test_whole.py",
    "tests/hostile/test_hard_files.py",
    "tests/chaos/test_damage.py",
    "tests/train/parallel/test_ranks.py",
    "tests/chaos/test_two_nodes.py",
    "tests/train/test_training.py",
    "tests/train/test_feed.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files keep together: fixtures of modules are made once."""
    place = {ROOT / file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
