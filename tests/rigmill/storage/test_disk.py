"""A disk that is full is found behind errors that do not say so, on a small file system of its own."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from rigmill.outcomes import Refusal, Reject
from rigmill.storage.disk import disk_trouble, probe_disk
from tests.support.small_disk import may_mount

FILL = """
import subprocess, sys
from pathlib import Path
from rigmill.storage.disk import disk_trouble, probe_disk
folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=True)
assert probe_disk(folder) is None and not any(folder.iterdir())
(folder / "most").write_bytes(bytes(2_900_000))
print(probe_disk(folder), disk_trouble(RuntimeError("cannot write"), folder), disk_trouble(ValueError("bad"), folder))
"""


def test_the_number_is_found_in_what_an_error_was_raised_from(tmp_path: Path) -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "full")
        except OSError as error:
            raise Refusal(Reject.UNREADABLE, "it ends early") from error
    except Refusal as refusal:
        assert disk_trouble(refusal, tmp_path) == errno.ENOSPC
    assert disk_trouble(OSError(errno.EFBIG, "a limit of ours"), tmp_path) is None
    assert disk_trouble(ValueError("bad file"), tmp_path) is None


@pytest.mark.skipif(not may_mount(), reason="this system lets nobody mount a file system of their own")
def test_an_error_without_a_number_on_a_full_disk_is_the_disks(tmp_path: Path) -> None:
    command = ["unshare", "-rm", sys.executable, "-c", FILL, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [str(errno.ENOSPC)] * 3, done.stderr
    assert probe_disk(tmp_path) is None
