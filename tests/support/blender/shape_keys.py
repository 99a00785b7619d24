"""An FBX with a shape key a frame, as AnimateAnyMesh's export writes one. Inside Blender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np


def write_fbx(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The vertices of an npz as keys Frame_0, Frame_1, ... that are one after the other; rate 24, as it comes."""
    with np.load(item["npz"]) as npz:
        vertices, faces = npz["vertices"], npz["faces"]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    data = bpy.data.meshes.new("mesh")
    data.from_pydata(vertices[0].tolist(), [], faces.tolist())
    mesh = bpy.data.objects.new("mesh", data)
    bpy.context.scene.collection.objects.link(mesh)
    mesh.shape_key_add(name="Basis")
    for frame, places in enumerate(vertices):
        key = mesh.shape_key_add(name=f"Frame_{frame}")
        key.data.foreach_set("co", places.astype(np.float32).reshape(-1))
        for shown, value in ((frame - 1, 0.0), (frame, 1.0), (frame + 1, 0.0)):
            key.value = value
            key.keyframe_insert("value", frame=shown)
    bpy.ops.export_scene.fbx(filepath=item["fbx"], bake_anim=True)
    return {}
