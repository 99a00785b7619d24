"""Run by Blender's Python: bone heads of a GLB at rest and in every frame, as Blender sees them, to an npz."""

from __future__ import annotations

import sys
from typing import Any

import bpy
import numpy as np


def main(source: str, target: str, fps: int) -> None:
    """Write names, parents, rest (J, 3) and frames (T, J, 3), all in world coordinates."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene: Any = bpy.context.scene
    scene.render.fps = fps
    bpy.ops.import_scene.gltf(filepath=source, guess_original_bind_pose=False)
    armature = next(item for item in bpy.data.objects if item.type == "ARMATURE")
    bones = list(armature.data.bones)
    names = [bone.name for bone in bones]
    to_world = np.array(armature.matrix_world)
    rest = np.array([to_world @ [*bone.head_local, 1] for bone in bones])[:, :3]
    action = bpy.data.actions[0]
    first, last = (round(value) for value in action.frame_range)
    frames = []
    for frame in range(first, last + 1):
        scene.frame_set(frame)
        to_world = np.array(armature.matrix_world)
        frames.append([(to_world @ [*armature.pose.bones[name].head, 1])[:3] for name in names])
    parents = [names.index(bone.parent.name) if bone.parent else -1 for bone in bones]
    np.savez(target, names=np.array(names), parents=np.array(parents), rest=rest, frames=np.array(frames))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
