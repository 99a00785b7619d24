"""The job "read the shapes of a file", run in a Blender child: meshes that move by shape keys, one a frame."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from render.blender.subject.load import load_asset
from rigmill.blender.requests import ShapesAnswer, ShapesItem
from rigmill.outcomes import Refusal, Reject

_FPS = 24.0  # the keys' times are not read


def read_shapes(item: dict[str, Any], _state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """A ShapesAnswer to a ShapesItem."""
    asked = ShapesItem.from_item(item)
    load_asset(Path(asked.path), asked.format, _FPS)
    found = [mesh for mesh in bpy.data.objects if mesh.type == "MESH" and _keys(mesh, asked.prefix)]
    if len(found) != 1:
        raise Refusal(Reject.UNREADABLE, f"{len(found)} of its meshes have shapes called {asked.prefix}0, 1, ...")
    (mesh,) = found
    keys = _keys(mesh, asked.prefix)
    world = np.array(mesh.matrix_world)
    frames = np.empty((len(keys), len(mesh.data.vertices), 3))
    for frame, key in zip(frames, keys):
        local = np.empty(frame.size, np.float32)
        key.data.foreach_get("co", local)
        frame[:] = local.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]
    mesh.data.calc_loop_triangles()
    faces = np.empty(3 * len(mesh.data.loop_triangles), np.int32)
    mesh.data.loop_triangles.foreach_get("vertices", faces)
    np.savez(scratch / "shapes.npz", vertices=frames, faces=faces.reshape(-1, 3))
    return ShapesAnswer(file="shapes.npz", num_frames=len(keys)).to_item()


def _keys(mesh: Any, prefix: str) -> list[Any]:
    """The shape keys that are called prefix and a number, in the order of the numbers."""
    if mesh.data.shape_keys is None:
        return []
    numbered = [(re.fullmatch(re.escape(prefix) + r"(\d+)", key.name), key) for key in mesh.data.shape_keys.key_blocks]
    return [key for _, key in sorted(((int(found[1]), key) for found, key in numbered if found), key=lambda it: it[0])]
