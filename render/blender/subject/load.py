"""A file becomes a Blender scene, or a refusal that says why in one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import bpy

from render.blender.sandbox.disarm import disarm
from render.blender.sandbox.warm import empty_blender, will_fill
from rigmill.outcomes import Refusal, Reject


def load_asset(path: Path, file_format: str, fps: float) -> float:
    """Empty Blender, import `path`; returns the frames per second in which the file's actions count.

    glTF stores seconds, which the importer multiplies by the scene's rate, so that is set first. FBX stores its
    own rate and changes the scene's.
    """
    empty_blender()
    will_fill()
    bpy.context.preferences.filepaths.use_scripts_auto_execute = False
    scene = bpy.context.scene
    _set_rate(scene, fps)
    try:
        if file_format in ("glb", "gltf", "vrm"):
            # A guessed bind pose destroys some files, and the bone shape is a mesh that would enter the bounds.
            bpy.context.preferences.addons.new().module = __name__  # for the importer to find our extension
            bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True, guess_original_bind_pose=False)
        elif file_format == "fbx":
            bpy.ops.wm.fbx_import(filepath=str(path))
        else:
            raise Refusal(Reject.UNKNOWN_TYPE, f"no importer for format '{file_format}'")
    except RuntimeError as error:
        # The importer turns every exception of its own into text. Out of memory is a limit, not a fault of the format.
        if "MemoryError" in str(error) or "Unable to allocate" in str(error):
            raise MemoryError from error
        raise Refusal(Reject.UNREADABLE, reason(str(error))) from error
    file_fps = scene.render.fps / scene.render.fps_base
    _set_rate(scene, fps)
    _remove_cameras_and_lights()
    _hide_what_is_hidden()
    disarm()
    return file_fps


class glTF2ImportUserExtension:
    """Asks Blender's glTF importer to leave no animation playing.

    With one playing, Blender evaluates it before the importer returns and overwrites what the file says about the
    nodes at rest.
    """

    def gather_import_animations(self, animations: Any, options: Any, importer: Any) -> None:
        options.restore_first_anim = False


def _hide_what_is_hidden() -> None:
    """Leave out of pictures what the file hides: the importer only hides it from the viewport.

    Blender would draw it all the same, where it was when the file was read, since it evaluates no hidden object.
    """
    for item in bpy.data.objects:
        if item.hide_viewport or item.hide_get():
            item.hide_render = True


def _set_rate(scene: bpy.types.Scene, fps: float) -> None:
    """Blender's rate is a whole number over a base."""
    scene.render.fps = max(1, round(fps))
    scene.render.fps_base = scene.render.fps / fps


def _remove_cameras_and_lights() -> None:
    for item in list(bpy.data.objects):
        if item.type in ("CAMERA", "LIGHT", "LIGHT_PROBE", "SPEAKER"):
            bpy.data.objects.remove(item, do_unlink=True)


def reason(text: str) -> str:
    """The one line of an importer's error that says what is wrong, without paths."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not re.match(r"(Location:|File \"|\^+$)", line)]
    if not lines:
        return "the importer gives no reason"
    line = lines[0]
    if "Traceback" in line or line.endswith("Python:"):
        line = lines[-1]
    line = re.sub(r"^(Error|RuntimeError|Report):\s*", "", line)
    # Names of the machine's folders change from run to run; the file itself is in the row.
    line = re.sub(r"\s*'[^']*[/\\][^']*'", "", line)
    line = re.sub(r"\s*(?<![\w.])(?:/[^\s/:'\"]+){2,}", "", line)
    return line[:200]
