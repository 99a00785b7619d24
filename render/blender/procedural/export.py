"""Generated assets as files whose bytes depend on the asset alone."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
from mathutils import Matrix

from render.blender.procedural import scene
from render.blender.procedural.character import Character

LICENCE = "CC0-1.0"
REST_FRAME = -10  # outside the exported range
MOMENT = datetime.datetime(2000, 1, 1)


def write_glb(character: Character, path: Path) -> None:
    """A GLB with the mesh, its skin, its texture and one animation per take."""
    scene.new_scene(character)
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        export_copyright=LICENCE,
        export_yup=True,
        export_image_format="AUTO",
        export_normals=True,
        export_tangents=False,
        export_materials="EXPORT",
        export_skins=True,
        export_morph=False,
        export_animations=True,
        export_animation_mode="ACTIONS",
        export_force_sampling=True,
        export_frame_range=False,
        export_cameras=False,
        export_lights=False,
        export_extras=False,
        will_save_settings=False,
    )


def write_fbx(character: Character, path: Path) -> None:
    """An FBX like Mixamo's motion-only files: no mesh, bones in centimetres with Y up, one take from time 0."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    made = character.takes[0]
    view = bpy.context.scene
    view.name = made.name  # becomes the name of the take
    view.render.fps = made.fps
    view.frame_start, view.frame_end = 0, made.num_frames - 1
    centimetres = Matrix.Scale(100, 4) @ Matrix.Rotation(-1.5707963267948966, 4, "X")
    armature = scene.add_armature(character.skeleton, to_armature=centimetres)
    armature.animation_data_create()
    action = scene.add_action(made, armature, rest_frame=REST_FRAME)
    armature.animation_data.action = action
    armature.animation_data.action_slot = action.slots[0]
    # Without a mesh there is no bind pose: the rest that readers see is the pose of the current frame.
    view.frame_set(REST_FRAME)
    with _repeatable_fbx():
        bpy.ops.export_scene.fbx(
            filepath=str(path),
            object_types={"ARMATURE"},
            add_leaf_bones=False,
            axis_forward="-Z",
            axis_up="Y",
            bake_anim=True,
            bake_anim_use_all_bones=True,
            bake_anim_use_nla_strips=False,
            bake_anim_use_all_actions=False,
            bake_anim_force_startend_keying=True,
            bake_anim_step=1.0,
            bake_anim_simplify_factor=0.0,
            embed_textures=False,
        )


@contextmanager
def _repeatable_fbx() -> Iterator[None]:
    """Within it Blender's FBX exporter writes the same bytes every time.

    Left alone it writes the current time into the header, and numbers its nodes with Python's hash(), which differs
    from process to process; numbers handed out by an earlier export in the same process shift later ones as well.
    """
    from io_scene_fbx import export_fbx_bin, fbx_utils

    before: tuple[Any, Any] = export_fbx_bin.datetime, fbx_utils._key_to_uuid
    by_hash = fbx_utils._key_to_uuid

    def by_name(used: dict[Any, Any], key: Any) -> Any:
        # A non-negative whole number is taken as it is, so hash() never gets to see the key.
        number = int.from_bytes(hashlib.sha256(str(key).encode()).digest()[:7], "big")
        return by_hash(used, number)

    export_fbx_bin.datetime = SimpleNamespace(datetime=SimpleNamespace(now=lambda: MOMENT))
    fbx_utils._key_to_uuid = by_name
    fbx_utils._keys_to_uuids.clear()
    fbx_utils._uuids_to_keys.clear()
    try:
        yield
    finally:
        export_fbx_bin.datetime, fbx_utils._key_to_uuid = before
