"""What `rigmill show` says of rows."""

from __future__ import annotations

from pathlib import Path

from rigmill.commands.single.show_text import screen_text
from rigmill.printable import WIDTH
from rigmill.storage.files import Store
from tests.support.report_rows import product


def test_warnings_and_parts_that_are_left_out_are_said_whole(tmp_path: Path) -> None:
    words = "no foot comes down to the ground: a jump or a flight, or its ground is elsewhere"
    row = product("retarget", clip_id="c1", motion_name="hover", left_out=["leftThumbDistal"], warnings=[words])
    found = {"retarget": {"outcomes": [], "products": [row], "pending": []}}
    text = screen_text(found, {}, Store(tmp_path), more="rigmill show c1 --all")
    assert f"warning: {words}" in " ".join(text.split()) and "left_out ['leftThumbDistal']" in text
    assert max(map(len, text.splitlines())) <= WIDTH
    quiet = {"retarget": {"outcomes": [], "products": [row | {"warnings": []}], "pending": []}}
    assert "warning" not in screen_text(quiet, {}, Store(tmp_path), more="rigmill show c1 --all")
