"""Runs in Blender: a made scene rendered by Cycles, beside the same scene as plain arrays. Arguments: name, folder."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from render.blender.engines.scene import add_camera, set_border, set_up
from render.blender.sandbox.warm import empty_blender
from render.numbers import clip_cameras
from rigmill.blender.render_settings import ViewSettings

SIZE_PX = (208, 120)


def spheres() -> None:
    """Dielectrics and metals of several roughnesses, far enough apart not to see much of each other."""
    for index, (metallic, roughness) in enumerate((m, r) for m in (0, 1) for r in (0.3, 0.6, 1.0)):
        material, shader = _material(f"{index}")
        shader.inputs["Base Color"].default_value = (0.8, 0.4, 0.2, 1) if metallic else (0.2, 0.4, 0.7, 1)
        shader.inputs["Metallic"].default_value, shader.inputs["Roughness"].default_value = metallic, roughness
        bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, location=(index % 3 * 5, 0, index // 3 * 5))
        bpy.ops.object.shade_smooth()
        bpy.context.object.data.materials.append(material)


def cube() -> None:
    """A picture that is finer than the pixels on some sides."""
    material, shader = _material("cube")
    random = np.random.default_rng(0)
    pixels = np.ones((256, 256, 4), np.float32)
    pixels[..., :3] = random.random((32, 32, 3)).repeat(8, 0).repeat(8, 1)
    picture = bpy.data.images.new("picture", 256, 256)
    picture.pixels.foreach_set(pixels.reshape(-1))
    picture.pack()
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = picture
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.8
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.data.materials.append(material)


def monkey() -> None:
    """Folds, ears and eyes that hide light from each other."""
    material, shader = _material("monkey")
    shader.inputs["Roughness"].default_value = 0.7
    bpy.ops.mesh.primitive_monkey_add()
    modifier = bpy.context.object.modifiers.new("smooth", "SUBSURF")
    modifier.levels = modifier.render_levels = 1
    bpy.ops.object.modifier_apply(modifier="smooth")
    bpy.ops.object.shade_smooth()
    bpy.context.object.data.materials.append(material)


def _material(name: str) -> tuple[Any, Any]:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    return material, material.node_tree.nodes["Principled BSDF"]


def _arrays() -> dict[str, Any]:
    """All meshes as triangles with a corner each, their materials and the one picture."""
    parts: dict[str, list[Any]] = {key: [] for key in ("corners", "normals", "uvs", "look")}
    looks = []
    for item in bpy.context.scene.objects:
        if item.type != "MESH":
            continue
        data, matrix = item.data, np.array(item.matrix_world)
        data.calc_loop_triangles()
        num = len(data.loop_triangles)
        vertices, loops = np.empty(num * 3, np.int32), np.empty(num * 3, np.int32)
        data.loop_triangles.foreach_get("vertices", vertices)
        data.loop_triangles.foreach_get("loops", loops)
        places = np.empty(len(data.vertices) * 3, np.float32)
        data.vertices.foreach_get("co", places)
        normals, uvs = np.empty(len(data.loops) * 3, np.float32), np.empty(len(data.loops) * 2, np.float32)
        data.corner_normals.foreach_get("vector", normals)
        data.uv_layers[0].uv.foreach_get("vector", uvs)
        parts["corners"].append((places.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])[vertices])
        parts["normals"].append(normals.reshape(-1, 3)[loops])
        parts["uvs"].append(uvs.reshape(-1, 2)[loops])
        parts["look"].append(np.full(num, len(looks)))
        shader = data.materials[0].node_tree.nodes["Principled BSDF"]
        looks.append(
            [
                *shader.inputs["Base Color"].default_value[:3],
                shader.inputs["Metallic"].default_value,
                shader.inputs["Roughness"].default_value,
                shader.inputs["Base Color"].is_linked,
            ]
        )
    found = {key: np.concatenate(value) for key, value in parts.items()} | {"looks": np.array(looks, float)}
    for picture in bpy.data.images:
        if picture.name == "picture":
            values = np.empty(picture.size[0] * picture.size[1] * 4, np.float32)
            picture.pixels.foreach_get(values)
            found["picture"] = np.rint(values.reshape(picture.size[1], picture.size[0], 4) * 255).astype(np.uint8)
    return found


def main(name: str, folder: Path) -> None:
    empty_blender()
    {"spheres": spheres, "cube": cube, "monkey": monkey}[name]()
    bpy.context.view_layer.update()
    arrays = _arrays()
    bounds = np.stack([arrays["corners"].min(axis=0), arrays["corners"].max(axis=0)]).astype(float)
    view = ViewSettings(
        engine="cycles",
        samples=128,
        denoise=False,
        width_px=SIZE_PX[0],
        height_px=SIZE_PX[1],
        azimuths_deg=(25.0,),
        elevation_deg=10.0,
        field_of_view_deg=40.0,
        margin=0.05,
    )
    (camera,) = clip_cameras(bounds, view)
    set_up(view)
    bpy.context.scene.camera = add_camera(camera, "view")
    set_border(camera, bounds)
    bpy.context.scene.render.use_crop_to_border = False
    bpy.context.scene.render.image_settings.file_format = "PNG"
    bpy.context.scene.render.filepath = str(folder / "view.png")
    bpy.ops.render.render(write_still=True)
    assert math.isfinite(bounds.sum())
    np.savez(folder / "scene.npz", intrinsics=camera.intrinsics, world_to_view=camera.world_to_view, **arrays)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
    sys.stdout.flush()
    os._exit(0)  # Blender does not end well by itself
