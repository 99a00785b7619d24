"""What a child wrote is taken by name from its own folder, and nothing else by any name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rigmill.blender.child_files import own_path, read_own


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("x")
    made = tmp_path / "made"
    (made / "shown").mkdir(parents=True)
    (made / "rgb.mp4").write_text("video")
    (made / "shown" / "0.png").write_text("picture")
    return made


def test_a_file_is_read_in_the_folder_and_below_it(folder: Path) -> None:
    assert read_own(folder, "rgb.mp4") == b"video" and read_own(folder, "shown/0.png") == b"picture"


def test_no_link_on_the_way_is_followed(folder: Path) -> None:
    (folder / "link.mp4").symlink_to(folder.parent / "secret")
    (folder / "away").symlink_to(folder.parent)
    (folder.parent / "linked").symlink_to(folder)
    for where, name in ((folder, "link.mp4"), (folder, "away/secret"), (folder.parent / "linked", "rgb.mp4")):
        with pytest.raises(OSError):
            read_own(where, name)


def test_what_is_no_file_is_refused_at_once(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    for name in ("pipe", "shown"):
        with pytest.raises(OSError):
            read_own(folder, name)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "shown/../../secret", "", ".", "..", "shown/", "a\0b"])
def test_a_name_never_leads_out_of_the_folder(folder: Path, name: str) -> None:
    with pytest.raises(OSError, match="outside of its folder"):
        read_own(folder, name)
    with pytest.raises(OSError, match="outside of its folder"):
        own_path(folder, name)
