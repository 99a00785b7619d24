from __future__ import annotations

from pathlib import Path

import pytest

from rigmill.errors import UserError
from rigmill.storage.layout import Layout
from rigmill.storage.lock import locked


def test_a_lock_that_is_a_link_is_refused_and_what_it_points_to_stays(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("weeks of work")
    layout = Layout(tmp_path / "out")
    layout.root.mkdir()
    layout.lock.symlink_to(target)
    with pytest.raises(UserError, match="is a link"), locked(layout):
        pass
    assert target.read_text() == "weeks of work"


def test_a_lock_cuts_nothing_off(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.lock.write_text("somebody's file")
    with locked(layout):
        pass
    assert layout.lock.read_text() == "somebody's file"


def test_two_runs_cannot_hold_one_lock(tmp_path: Path) -> None:
    with locked(Layout(tmp_path)), pytest.raises(UserError, match="another run"), locked(Layout(tmp_path)):
        pass
