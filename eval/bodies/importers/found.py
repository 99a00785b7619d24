"""A result of another system, before it is a method's file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.bodies.body import Body

# Asks Blender's child about a file with an item's other fields; its answer, and the file that the answer names there.
AskBlender = Callable[[str, Path, dict[str, Any], str], tuple[dict[str, Any], bytes]]


@dataclass(frozen=True, slots=True)
class Asset:
    """The asset of a clip: its GLB at rest, and the same as a body of one frame."""

    glb: bytes
    body: Body


@dataclass(frozen=True, slots=True)
class Result:
    """What a system calls it, the first name being the fullest, where it lies, and how it becomes a GLB.

    `read` raises `Unplayable` where it does not. What it gives lies in the asset's own frame, or `is_elsewhere`: then
    its rest pose is fitted to the asset's.
    """

    names: tuple[str, ...]
    path: Path
    read: Callable[[Asset], bytes]
    is_elsewhere: bool = False
