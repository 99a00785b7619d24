"""The changes that docs/where-to-put-new-code.md shows fit the code as it is."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.support.paths import ROOT

CHANGES = re.findall(r"```diff\n(.*?)```", (ROOT / "docs" / "where-to-put-new-code.md").read_text(), flags=re.DOTALL)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_a_change_that_is_shown_can_be_applied(change: str) -> None:
    applied = subprocess.run(
        ["git", "apply", "--check", "-"], input=change, text=True, cwd=ROOT, capture_output=True, check=False
    )
    assert applied.returncode == 0, applied.stderr
