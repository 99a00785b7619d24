"""The procedural source's one entrance: an item in, a file out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from render.blender.procedural.biped import biped
from render.blender.procedural.cabinet import cabinet
from render.blender.procedural.character import Character
from render.blender.procedural.clips import clip
from render.blender.procedural.export import write_fbx, write_glb
from render.blender.procedural.quadruped import quadruped
from render.blender.procedural.winged import winged

# The position of a group seeds its random numbers: append, never reorder.
GENERATORS: dict[str, Callable[[int, np.random.Generator], Character]] = {
    "biped": biped, "quadruped": quadruped, "winged": winged, "cabinet": cabinet, "motion": clip,
}


def generate(group: str, *, variant: int, seed: int) -> Character:
    """The asset of that group, variant and seed, before it becomes a file."""
    random = np.random.default_rng([seed, list(GENERATORS).index(group), variant])
    return GENERATORS[group](variant, random)


def make_asset(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Writes the asset of `item` (group, variant, seed) into scratch; returns file, title, tags and format.

    The same item gives the same bytes in every process.
    """
    group, variant = str(item["group"]), int(item["variant"])
    character = generate(group, variant=variant, seed=int(item["seed"]))
    file_format = "glb" if character.shells else "fbx"
    path = scratch / f"{group}-{variant}.{file_format}"
    (write_glb if character.shells else write_fbx)(character, path)
    return {"file": path.name, "title": character.title, "tags": list(character.tags), "format": file_format}
