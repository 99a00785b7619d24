"""Generated assets as Blender data: armature, skinned mesh with its texture, actions."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Matrix

from render.blender.procedural.character import Character
from render.blender.procedural.rig import Skeleton, Take
from render.blender.procedural.shapes import Shell
from render.blender.procedural.texture import paint_tiles
from rigmill.types import Floats

CURVE_DECIMALS = 6


def new_scene(character: Character) -> bpy.types.Object:
    """The character in an otherwise empty Blender: its armature, with every take as an action on an NLA track."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = character.takes[0].fps
    armature = add_armature(character.skeleton)
    if character.shells:
        add_mesh(character.shells, character.skeleton, armature)
    armature.animation_data_create()
    for made in character.takes:
        action = add_action(made, armature)
        track = armature.animation_data.nla_tracks.new()
        track.name = made.name
        strip = track.strips.new(made.name, int(action.frame_range[0]), action)
        strip.action_slot = action.slots[0]
        track.mute = len(character.takes) > 1
    return armature


def add_armature(skeleton: Skeleton, *, to_armature: Matrix | None = None) -> bpy.types.Object:
    """A new armature; bones are written through `to_armature` (4x4, similarity), the object gets its inverse."""
    through = to_armature or Matrix.Identity(4)
    data = bpy.data.armatures.new("Armature")
    armature = bpy.data.objects.new("Armature", data)
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in skeleton.bones:
        edit = data.edit_bones.new(bone.name)
        edit.head = through @ Matrix.Translation(np.round(bone.head, 6)).to_translation()
        edit.tail = through @ Matrix.Translation(np.round(bone.tail, 6)).to_translation()
        edit.roll = bone.roll_rad
        if bone.parent is not None:
            edit.parent = data.edit_bones[bone.parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    armature.matrix_world = through.inverted()
    return armature


def add_mesh(shells: Sequence[Shell], skeleton: Skeleton, armature: bpy.types.Object) -> bpy.types.Object:
    """One textured mesh of all shells, skinned to the armature."""
    starts = np.cumsum([0, *[len(shell.vertices) for shell in shells]])
    vertices = np.concatenate([shell.vertices for shell in shells])
    quads = np.concatenate([shell.quads + start for shell, start in zip(shells, starts)])
    weights = np.concatenate([shell.weights for shell in shells])
    picture, coordinates = paint_tiles(shells)

    data = bpy.data.meshes.new("Body")
    data.from_pydata(vertices.tolist(), [], quads.tolist())
    data.polygons.foreach_set(
        "use_smooth", np.repeat([shell.smooth for shell in shells], [len(s.quads) for s in shells])
    )
    data.uv_layers.new(name="UVMap").data.foreach_set("uv", np.round(coordinates, 7).astype(np.float32).reshape(-1))
    data.materials.append(_material(picture))
    mesh = bpy.data.objects.new("Body", data)
    bpy.context.scene.collection.objects.link(mesh)
    for column, name in enumerate(skeleton.names):
        group = mesh.vertex_groups.new(name=name)
        for vertex in np.flatnonzero(weights[:, column]):
            group.add([int(vertex)], float(weights[vertex, column]), "REPLACE")
    mesh.parent = armature
    mesh.modifiers.new("Armature", "ARMATURE").object = armature
    return mesh


def _material(picture: Floats) -> bpy.types.Material:
    height, width = picture.shape[:2]
    image = bpy.data.images.new("Paint", width, height, alpha=False)
    pixels = np.ones((height, width, 4), dtype=np.float32)
    pixels[..., :3] = np.round(picture * 255) / 255  # whole bytes: nothing left to round elsewhere
    image.pixels.foreach_set(pixels.reshape(-1))
    image.pack()
    material = bpy.data.materials.new("Paint")
    material.use_nodes = True
    material.use_backface_culling = False
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Roughness"].default_value = 0.75
    shader.inputs["Metallic"].default_value = 0.0
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image = image
    tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    return material


def add_action(made: Take, armature: bpy.types.Object, *, rest_frame: int | None = None) -> bpy.types.Action:
    """The take as an action, a key on every frame from 0 on, and the rest pose on `rest_frame` before that.

    Turns and shifts become Blender's bone-local channels.
    """
    action = bpy.data.actions.new(made.name)
    slot = action.slots.new(id_type="OBJECT", name=armature.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    bag = strip.channelbag(slot, ensure=True)
    frames = np.arange(made.num_frames, dtype=np.float64)
    if rest_frame is not None:
        frames = np.append(float(rest_frame), frames)
    to_data = armature.matrix_world.inverted().to_3x3()
    scale = to_data.median_scale
    axes = np.array(to_data) / scale
    for bone in armature.pose.bones:
        rest = np.array(bone.bone.matrix_local.to_3x3()).T @ axes  # world to bone axes
        path = f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"]'
        bone.rotation_mode = "QUATERNION"
        turns = made.turns.get(bone.name, np.tile(np.eye(3), (made.num_frames, 1, 1)))
        local = _quaternions(rest @ turns @ rest.T)
        if rest_frame is not None:
            local = np.concatenate([[[1.0, 0.0, 0.0, 0.0]], local])
        _keys(bag, f"{path}.rotation_quaternion", frames, local)
        if bone.name in made.shifts:
            moved = scale * made.shifts[bone.name] @ rest.T
            _keys(
                bag,
                f"{path}.location",
                frames,
                moved if rest_frame is None else np.concatenate([[[0.0, 0.0, 0.0]], moved]),
            )
    return action


def _quaternions(matrices: Floats) -> Floats:
    """Unit quaternions (T, 4), w x y z, without jumps of sign."""
    quaternions = np.array([Matrix(matrix.tolist()).to_quaternion() for matrix in matrices])
    flips = np.cumprod(np.where(np.einsum("ti,ti->t", quaternions[1:], quaternions[:-1]) < 0, -1.0, 1.0))
    quaternions[1:] *= flips[:, None]
    return quaternions


def _keys(bag: bpy.types.ActionChannelbag, path: str, frames: Floats, values: Floats) -> None:
    for index in range(values.shape[1]):
        curve = bag.fcurves.new(path, index=index)
        curve.keyframe_points.add(len(frames))
        points = np.stack([frames, np.round(values[:, index], CURVE_DECIMALS)], axis=1).astype(np.float32)
        curve.keyframe_points.foreach_set("co", points.reshape(-1))
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"
        curve.update()
