"""Views of a clip on two ranks against one: needs the tests' machinery, and training on several ranks."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path


def view_parallel_max_diff(scratch: Path) -> tuple[float | None, str]:
    """The greatest difference of an output and of a gradient, in float64; None, and why it cannot be measured."""
    for module in ("train.parallel", "tests.support.ranks"):
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            return None, f"there is no {module} here"
    ranks = importlib.import_module("tests.support.ranks")
    out = scratch / "views.json"
    case = {"dtype": "float64", "frames": 9, "view_ranks": 2, "checkpointing": "none"}
    scene = ranks.Scene(2, "tests.support.shared_views:compare", {"cases": [case], "out": str(out)})
    statuses, said = ranks.run_scenes([scene])
    if statuses != [[0, 0]]:
        return None, f"ranks ended with {statuses}: {said[-500:]}"
    ((of_output, of_gradient, _),) = json.loads(out.read_text())
    return max(float(of_output), float(of_gradient)), ""
