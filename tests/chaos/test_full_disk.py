"""The disk fills up at 20 sizes: each time the run ends with one message, and goes on with room, to the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rigmill.storage.layout import Layout
from tests.support.small_disk import may_mount
from tests.support.small_runs import results
from tests.support.tiny_runs import Tiny, write_profile

pytestmark = [
    pytest.mark.slow,
    pytest.mark.blender,
    pytest.mark.skipif(not may_mount(), reason="this system lets nobody mount a file system of their own"),
]
NUM_SIZES = 20


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_profile(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> dict[str, str]:
    Tiny(config).run(Layout(config.parent / "out"))
    return results(config.parent)


@pytest.fixture(scope="module")
def sizes(config: Path, undisturbed: dict[str, str]) -> list[int]:
    """Spread over what a whole run leaves, the last too small as well."""
    stats = [path.stat() for path in (config.parent / "out").rglob("*") if path.is_file()]
    whole = sum({stat.st_ino: stat.st_size for stat in stats}.values())  # a published tar and the stored one are one
    return [whole * number // (NUM_SIZES + 1) for number in range(1, NUM_SIZES + 1)]


def runs(config: Path, folder: Path, sizes: list[int], *flags: str) -> list[dict[str, Any]]:
    """What tests.support.small_disk found, by size."""
    command = [sys.executable, "-m", "tests.support.small_disk", str(config), str(folder), *map(str, sizes), *flags]
    done = subprocess.run(["unshare", "-rm", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_disk_that_fills_up_twenty_times_costs_nothing(
    config: Path, undisturbed: dict[str, str], sizes: list[int], tmp_path: Path
) -> None:
    """One disk that grows: each run goes on from what the one before left when it was full."""
    found = runs(config, tmp_path, sizes)
    assert [row["ended"] for row in found] == ["E321"] * NUM_SIZES
    assert found[-1]["then"] == "" and found[-1]["results"] == undisturbed


@pytest.mark.long
@pytest.mark.ray
def test_the_command_ends_with_one_message_and_goes_on(
    config: Path, undisturbed: dict[str, str], sizes: list[int], tmp_path: Path
) -> None:
    (row,) = runs(config, tmp_path, [sizes[11]], "--by-command")
    assert (row["ended"], row["then"]) == ("E321", "") and row["results"] == undisturbed
