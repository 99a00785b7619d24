"""A small family of joint names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FAMILY: dict[str, Any] = {
    "name": "mine",
    "sides": ["izq", "der"],
    "joints": {"hips": "pelvis", "head": ["cabeza", "craneo"]},
    "limbs": {
        "UpperArm": "brazo <side>",
        "LowerArm": "codo <side>",
        "UpperLeg": "muslo <side>",
        "LowerLeg": "pierna <side>",
        "Foot": "pie <side>",
    },
}


def written(folder: Path, document: Any) -> Path:
    path = folder / "names.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return path
