"""Run by Blender's Python: every bone head and object of files, frame by frame, as Blender's own importers show them.

Nothing of ours is imported here, and importers get their defaults, but for what keeps frames where they are. Arguments:
frames per second, and pairs of a file and an npz to write.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np


def load(path: Path, fps: int) -> int:
    """The file alone in an empty Blender, its one animation playing; its first frame."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = fps
    if path.suffix == ".bvh":
        bpy.ops.import_anim.bvh(filepath=str(path))
        return 1
    if path.suffix == ".fbx":
        bpy.ops.wm.fbx_import(filepath=str(path), anim_offset=0.0)
    else:
        bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True)
    return 0


def places(first: int) -> dict[str, Any]:
    """`object/bone` and `object/` -> (T, 3) world."""
    last = max((round(action.frame_range[1]) for action in bpy.data.actions), default=0)
    found: dict[str, list[list[float]]] = {}
    for frame in range(first, last + 1):
        bpy.context.scene.frame_set(frame)
        for item in bpy.data.objects:
            to_world = item.matrix_world
            found.setdefault(f"{item.name}/", []).append(list(to_world.translation))
            for bone in item.pose.bones if item.type == "ARMATURE" else ():
                found.setdefault(f"{item.name}/{bone.name}", []).append(list(to_world @ bone.head))
    return {name: np.array(values) for name, values in found.items()}


if __name__ == "__main__":
    rate, pairs = int(sys.argv[1]), sys.argv[2:]
    for source, target in zip(pairs[::2], pairs[1::2]):
        try:
            first = load(Path(source), rate)
        except RuntimeError as error:
            print(source, error)
            continue
        shown = places(first)
        np.savez(target, names=np.array(list(shown)), places=np.array(list(shown.values())))
