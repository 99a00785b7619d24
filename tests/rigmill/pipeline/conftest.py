"""What the toy stages of these tests are asked to do."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def inputs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file that lists the inputs of toys, and what becomes of each: name=behaviour ..."""
    monkeypatch.setenv("TOY_INPUTS", str(tmp_path / "inputs"))
    return tmp_path / "inputs"
