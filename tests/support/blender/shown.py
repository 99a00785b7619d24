"""What Blender's own importer and evaluation make of a GLB, by none of our code. Inside Blender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np


def vertices(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """World places of all vertices of a file's meshes in frames of its first animation, as an npz."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = round(item["fps"]), round(item["fps"]) / item["fps"]
    bpy.ops.import_scene.gltf(filepath=item["path"], disable_bone_shape=True, guess_original_bind_pose=False)
    shown = [_now(scene, frame) for frame in item["frames"]]
    np.savez(scratch / item["out"], **{str(k): places for k, places in enumerate(shown)})
    return {"num": len(shown[0])}


def _now(scene: Any, frame: int) -> Any:
    scene.frame_set(frame)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    places = []
    for item in scene.objects:
        if item.type != "MESH":
            continue
        evaluated = item.evaluated_get(depsgraph)
        local = np.empty(3 * len(evaluated.data.vertices), np.float32)
        evaluated.data.vertices.foreach_get("co", local)
        world = np.array(evaluated.matrix_world)
        places.append(local.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])
    return np.concatenate(places)
