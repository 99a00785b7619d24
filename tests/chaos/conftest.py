"""A small profile that runs every stage for real in well under a minute, and ways to compare what it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.small_runs import PROFILE


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A pipelines.yaml with the profile `small`, which writes to ./out: runs differ in their current folder alone."""
    shipped = ROOT / "pipelines.yaml"
    file = tmp_path / "pipelines.yaml"
    file.write_text(shipped.read_text() + PROFILE)
    return file
