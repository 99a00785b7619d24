"""What every Blender child would do first, done once in the server before it forks.

Blender's add-ons import much of themselves when they are first used, a fifth of a second of every child otherwise, and
an empty scene costs nearly a tenth. Nothing here starts a thread that importing bpy has not started: what
runs when the server forks is its own thread alone.
"""

from __future__ import annotations

import importlib

import bpy

# The glTF importer's own modules, and what Blender's extension manager wants when settings are reset.
LATE_IMPORTS = (
    "io_scene_gltf2.io.imp.gltf2_io_gltf",
    "io_scene_gltf2.blender.imp.blender_gltf",
    "bl_pkg.bl_extension_utils",
    "bl_pkg.cli.blender_ext",
    "render.blender.jobs.probe",
    "render.blender.jobs.preview",
    "render.blender.jobs.render",
)

_is_empty = False


def warm_up() -> None:
    """Import what children need, and empty Blender."""
    for name in LATE_IMPORTS:
        try:
            importlib.import_module(name)
        except ImportError:  # another Blender: its children import what they have
            continue
    empty_blender()


def empty_blender() -> None:
    """Factory settings and no objects. The first call after the server emptied Blender finds that done."""
    global _is_empty
    if not _is_empty:
        # Handlers that are left over make the interpreter hang when it ends.
        bpy.ops.wm.read_factory_settings(use_empty=True)
    _is_empty = True


def will_fill() -> None:
    """Say that Blender is about to hold something."""
    global _is_empty
    _is_empty = False
