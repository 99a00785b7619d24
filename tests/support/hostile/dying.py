"""A job of a limited child that ends with its process for some files, for tests of what is left of the others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from curate.jobs.packing import gltf_identity


def identity(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """`gltf_identity`, but for files that are called bad, from which nothing returns."""
    if Path(item["path"]).name.startswith("bad"):
        os._exit(3)
    if Path(item["path"]).name.startswith("broken"):
        raise RuntimeError("a bug")
    return gltf_identity(item, state, scratch)
