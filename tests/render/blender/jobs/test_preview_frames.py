"""Which frames a preview compares. In a process of its own: the module is Blender's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

SCRIPT = """
from render.blender.jobs.preview import pair_starts
print(pair_starts(33, 3), pair_starts(33, 3, among=12), pair_starts(33, 5, among=20), pair_starts(33, 3, among=32))
print(pair_starts(1, 3, among=0), pair_starts(2, 3, among=1), pair_starts(4, 9, among=2), pair_starts(33, 2, among=9))
"""


@pytest.mark.blender
def test_pairs_are_spread_over_the_clip_and_one_is_where_the_subject_is_furthest_from_its_first_pose() -> None:
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    assert found.stdout.splitlines()[-2:] == [
        "[0, 16, 31] [0, 12, 31] [0, 8, 16, 20, 31] [0, 16, 31]",
        "[] [0] [0, 1, 2] [0, 31]",
    ]
