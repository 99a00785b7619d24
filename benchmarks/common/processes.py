"""Starting other modules of this checkout in processes of their own."""

from __future__ import annotations

import os
import sys

from benchmarks.common.paths import ROOT


def command(module: str, *arguments: object) -> list[str]:
    """What to start so that a module runs as a program."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


def environment() -> dict[str, str]:
    """This process's environment, with the rooms of this checkout first; whatever folder the child is started in."""
    others = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), others)))}
