"""Runs in a Blender child: what a file looks like once it is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from render.blender.subject.load import load_asset

FRAMES = 3  # of each action


def look(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Objects, joints, actions, pictures, and the bounds of every mesh over the frames of every action."""
    load_asset(Path(item["path"]), item["format"], 24.0)
    scene = bpy.context.scene
    return {
        "objects": sorted([o.name, o.type, len(o.data.vertices) if o.type == "MESH" else 0] for o in bpy.data.objects),
        "joints": {
            o.name: [
                [b.name, b.parent.name if b.parent else "", *np.round(o.matrix_world @ b.head_local, 4).tolist()]
                for b in o.data.bones
            ]
            for o in bpy.data.objects
            if o.type == "ARMATURE"
        },
        "actions": sorted(
            [
                a.name,
                np.round(a.frame_range, 3).tolist(),
                sorted(s.identifier for s in a.slots),
                sum(len(bag.fcurves) for layer in a.layers for strip in layer.strips for bag in strip.channelbags),
            ]
            for a in bpy.data.actions
        ),
        "images": sorted([i.name, *i.size, bool(i.packed_file)] for i in bpy.data.images),
        "materials": sorted(
            [m.name, sorted(n.bl_idname for n in m.node_tree.nodes) if m.node_tree else []] for m in bpy.data.materials
        ),
        "keys": sorted([k.name, [b.name for b in k.key_blocks]] for k in bpy.data.shape_keys),
        "bounds": _bounds(scene),
    }


def _bounds(scene: Any) -> dict[str, Any]:
    found = {"rest": _meshes()}
    for action in sorted(bpy.data.actions, key=lambda a: a.name)[:4]:
        for o in bpy.data.objects:
            if o.animation_data:
                slots = [s for s in action.slots if s.identifier == "OB" + o.name]
                o.animation_data.action = action if slots else None
                if slots:
                    o.animation_data.action_slot = slots[0]
        low, high = action.frame_range
        for step in range(FRAMES):
            scene.frame_set(round(low + (high - low) * step / (FRAMES - 1)))
            found[f"{action.name}/{step}"] = _meshes()
    return found


def _meshes() -> dict[str, list[float]]:
    graph = bpy.context.evaluated_depsgraph_get()
    found = {}
    for o in bpy.context.scene.objects:
        if o.type != "MESH":
            continue
        evaluated = o.evaluated_get(graph)
        points = np.zeros(len(evaluated.data.vertices) * 3, np.float32)
        evaluated.data.vertices.foreach_get("co", points)
        points = points.reshape(-1, 3).astype(np.float64)
        world = np.array(evaluated.matrix_world)
        points = points @ world[:3, :3].T + world[:3, 3]
        if len(points):
            found[o.name] = [float(f"{v:.4g}") for v in (*points.min(axis=0), *points.max(axis=0), points.sum())]
    return found
