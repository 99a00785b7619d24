"""One small picture per engine, to see whether this machine can render at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from rigmill.blender.requests import RenderOneAnswer, RenderOneItem


def render_one(item: dict[str, Any], _state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Render a cube at 64 px by the engine that a RenderOneItem names; a RenderOneAnswer."""
    engine = RenderOneItem.from_item(item).engine
    bpy.ops.wm.read_factory_settings(use_empty=False)
    scene = bpy.context.scene
    scene.render.engine = {"cycles": "CYCLES", "workbench": "BLENDER_WORKBENCH"}[engine]
    if engine == "cycles":
        scene.cycles.samples = 1
    scene.render.resolution_x = scene.render.resolution_y = 64
    scene.render.filepath = str(scratch / "picture.png")
    bpy.ops.render.render(write_still=True)
    if not (scratch / "picture.png").stat().st_size:
        raise RuntimeError("the picture is empty")
    return RenderOneAnswer(bpy=bpy.app.version_string).to_item()
