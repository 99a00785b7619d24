"""The procedural source's one entrance: an item in, a file out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from render.blender.procedural.biped import biped
from render.blender.procedural.cabinet import cabinet
from render.blender.procedural.character import Character
from render.blender.procedural.clips import clip
from render.blender.procedural.export import write_fbx, write_glb
from render.blender.procedural.quadruped import quadruped
from render.blender.procedural.shapes import POINT_DECIMALS, Paint
from render.blender.procedural.winged import winged
from rigmill.blender.requests import MakeAnswer, MakeItem
from rigmill.types import Floats

# The position of a group seeds its random numbers: append, never reorder.
GENERATORS: dict[str, Callable[[int, np.random.Generator], Character]] = {
    "biped": biped,
    "quadruped": quadruped,
    "winged": winged,
    "cabinet": cabinet,
    "motion": clip,
}


def generate(group: str, *, variant: int, seed: int) -> Character:
    """The asset of that group, variant and seed, before it becomes a file."""
    random = np.random.default_rng([seed, list(GENERATORS).index(group), variant])
    return _on_floor(GENERATORS[group](variant, random))


def _on_floor(character: Character) -> Character:
    """The character with its lowest point exactly on z = 0; a voxel surface may miss it by a few millimetres."""
    if not character.shells:
        return character
    low = min(float(shell.vertices[:, 2].min()) for shell in character.shells)
    lift = np.array([0.0, 0.0, low])
    return replace(
        character,
        shells=tuple(
            replace(shell, vertices=np.round(shell.vertices - lift, POINT_DECIMALS), paint=_lifted(shell.paint, lift))
            for shell in character.shells
        ),
    )


def _lifted(paint: Paint, lift: Floats) -> Paint:
    return lambda points, normals: paint(points + lift, normals)


def make_asset(item: dict[str, Any], _state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """A MakeAnswer to a MakeItem. The same item gives the same bytes in every process."""
    asked = MakeItem.from_item(item)
    character = generate(asked.group, variant=asked.variant, seed=asked.seed)
    file_format = "glb" if character.shells else "fbx"
    path = scratch / f"{asked.group}-{asked.variant}.{file_format}"
    (write_glb if character.shells else write_fbx)(character, path)
    return MakeAnswer(file=path.name, title=character.title, tags=list(character.tags), format=file_format).to_item()
