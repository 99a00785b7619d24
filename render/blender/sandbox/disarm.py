"""After a file is loaded: what could run or write by itself is taken away, whoever put it there."""

from __future__ import annotations

from typing import Any

import bpy


def disarm() -> None:
    """Remove drivers, text blocks, compositor nodes and output paths. The importers make none; a bug in one might."""
    bpy.context.preferences.filepaths.use_scripts_auto_execute = False
    for text in list(bpy.data.texts):
        bpy.data.texts.remove(text)
    for block in _animated():
        data = block.animation_data
        for driver in list(data.drivers):  # evaluated in Python
            data.drivers.remove(driver)
    for scene in bpy.data.scenes:
        scene.use_nodes = False
        scene.render.filepath = ""
        if scene.node_tree is not None:
            scene.node_tree.nodes.clear()


def _animated() -> list[Any]:
    """Every data block that has animation data, embedded node trees included."""
    found = []
    for name in dir(bpy.data):
        blocks = getattr(bpy.data, name, None)
        if not isinstance(blocks, bpy.types.bpy_prop_collection):
            continue
        for block in blocks:
            for owner in (block, getattr(block, "node_tree", None)):
                if getattr(owner, "animation_data", None) is not None:
                    found.append(owner)
    return found
