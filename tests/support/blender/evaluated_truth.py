"""Evaluated geometry beside Blender's own word, one vertex at a time, and beside what Cycles shows. Inside Blender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

SIDE_PX = 96


def hits(vertices: Any, triangles: Any, low: Any, size: float) -> tuple[Any, Any]:
    """What an orthographic camera that looks down sees: triangle (H, W), -1 for none, and weights (H, W, 3)."""
    points = vertices.astype(np.float64)
    found, weights = np.full((SIDE_PX, SIDE_PX), -1), np.zeros((SIDE_PX, SIDE_PX, 3))
    depth = np.full((SIDE_PX, SIDE_PX), -np.inf)
    centres = (np.arange(SIDE_PX) + 0.5) / SIDE_PX * size
    xs, ys = low[0] + centres, low[1] + centres
    for index, (a, b, c) in enumerate(points[triangles]):
        columns = slice(*np.searchsorted(xs, [min(a[0], b[0], c[0]), max(a[0], b[0], c[0])]))
        rows = slice(*np.searchsorted(ys, [min(a[1], b[1], c[1]), max(a[1], b[1], c[1])]))
        x, y = np.meshgrid(xs[columns], ys[rows])
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-18:
            continue
        second = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
        third = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
        first = 1 - second - third
        inside = (first >= 0) & (second >= 0) & (third >= 0)
        height = first * a[2] + second * b[2] + third * c[2]
        seen = inside & (height > depth[rows, columns])
        found[rows, columns][seen], depth[rows, columns][seen] = index, height[seen]
        weights[rows, columns][seen] = np.stack([first, second, third], axis=-1)[seen]
    return found, weights


def interpolated(values: Any, corners: Any, found: Any, weights: Any) -> Any:
    """Values (N, C) of corners over the picture (H, W, C)."""
    result: Any = np.einsum("hwk,hwkc->hwc", weights, values[corners[found]])
    return result


def emitted(output: Any, tree: Any, low: Any, size: float, top: float, folder: Path) -> Any:
    """What Cycles sees from above where everything emits `output` of `tree`; (H, W, 4)."""
    from tests.support.looks import cycles_truth

    emission, end = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(emission.inputs["Color"], output)
    tree.links.new(end.inputs["Surface"], emission.outputs[0])
    shown = [item for item in bpy.context.scene.objects if not item.hide_render]
    cycles_truth.set_up()
    for item in shown:
        item.hide_render = False
    camera = bpy.context.scene.camera
    camera.data.ortho_scale, camera.location = size, (low[0] + size / 2, low[1] + size / 2, top + 1)
    camera.data.clip_end = 1000
    render = bpy.context.scene.render
    render.resolution_x = render.resolution_y = cycles_truth.SIDE_PX = SIDE_PX
    return cycles_truth.shot(folder)


def override(node: str, **settings: Any) -> tuple[Any, Any]:
    """A material for everything in the view layer: its tree, and the node whose output it is to emit."""
    material = bpy.data.materials.new("override")
    material.use_nodes = True
    material.node_tree.nodes.clear()
    made = material.node_tree.nodes.new("ShaderNode" + node)
    for name, value in settings.items():
        setattr(made, name, value)
    bpy.context.view_layer.material_override = material
    return material.node_tree, made


def of_file(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> list[dict[str, Any]]:
    """Of frames of the first takes: how far vertices and normals are from Blender's, and normals from Cycles'."""
    from render.blender.engines.geometry import Geometry, bounds
    from render.blender.materials.appearance import read_appearance
    from render.blender.subject.action import list_takes, show_time, start_take
    from render.blender.subject.load import load_asset
    from render.blender.subject.subject import find_subject
    from render.blender.subject.surface import visible_bounds

    subject = find_subject(load_asset(Path(item["path"]), item["format"], 16.0))
    if squash := item.get("squash"):
        subject.normaliser.scale = squash
        bpy.context.view_layer.update()
    geometry = Geometry.of(subject.meshes, read_appearance(subject.meshes))
    takes = list_takes(subject, 16.0)
    answers = []
    for take in takes[:1]:
        subject.reset()
        start_take(take)
        for frame in item["frames"]:
            show_time(subject, take.start_frame + frame % take.num_frames, take.fps)
            shape = geometry.read()
            places, directions = slowly(subject.meshes)
            size = float(np.ptp(places, axis=0).max())
            low, top = places.min(axis=0) - 0.03 * size, float(places[:, 2].max())
            found, weights = hits(shape.vertices, geometry.surface.triangles, low, size * 1.06)
            tree, node = override("NewGeometry")
            truth = emitted(node.outputs["Normal"], tree, low, size * 1.06, top, scratch)
            bpy.context.view_layer.material_override = None
            ours = interpolated(shape.normals, geometry.surface.corners, found, weights)
            ours /= np.maximum(np.linalg.norm(ours, axis=-1, keepdims=True), 1e-12)
            # Two-sided: Cycles turns a normal to the viewer, who is above. Along an edge the two may disagree who wins.
            seen = (found >= 0) & (truth[..., 3] > 0.5)
            apart = np.degrees(np.arccos(np.clip(np.abs((ours * truth[..., :3]).sum(-1))[seen], 0, 1)))
            angle = np.degrees(np.arccos(np.clip((shape.normals * directions).sum(-1), -1, 1)))
            answers.append(
                {
                    "vertices": float(np.abs(shape.vertices - places).max() / size),
                    "normals_deg": [float(np.median(angle)), float(np.quantile(angle, 0.99)), float(angle.max())],
                    "length": float(np.abs(np.linalg.norm(shape.normals, axis=-1) - 1).max()),
                    "cycles_deg": [float(np.median(apart)), float(np.quantile(apart, 0.95))],
                    "covered": int(seen.sum()),
                    "uncovered": int(((found >= 0) != (truth[..., 3] > 0.5)).sum()),
                    "bounds": float(np.abs(bounds(shape) - visible_bounds(subject.meshes)).max() / size),
                    "num_triangles": len(geometry.surface.triangles),
                }
            )
    answers[-1]["moves"] = float(np.abs(np.diff([shape.vertices, _rest(subject, geometry)], axis=0)).max() / size)
    return answers


def _rest(subject: Any, geometry: Any) -> Any:
    subject.reset()
    return geometry.read().vertices


def slowly(meshes: list[Any]) -> tuple[Any, Any]:
    """Vertices (V, 3) and corner normals (N, 3) in the world, one at a time through Blender's own vectors."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    places, normals = [], []
    for mesh in meshes:
        evaluated = mesh.evaluated_get(depsgraph)
        copy = evaluated.to_mesh()
        to_world = evaluated.matrix_world
        turned = to_world.to_3x3().inverted_safe().transposed()
        places += [list(to_world @ vertex.co) for vertex in copy.vertices]
        normals += [list((turned @ Vector(corner.vector)).normalized()) for corner in copy.corner_normals]
        evaluated.to_mesh_clear()
    return np.array(places), np.array(normals)


def colours(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Of a plane with a layer of each kind: how far our corner colours and UVs are from what Cycles emits of them."""
    from render.blender.engines.geometry import Geometry
    from render.blender.materials.appearance import Appearance
    from render.raster.types import Look

    bpy.ops.wm.read_factory_settings(use_empty=True)
    data = bpy.data.meshes.new("plane")
    data.from_pydata([(0, 0, 0), (1, 0, 0), (1, 1, 0.1), (0, 1, 0)], [], [(0, 1, 2, 3)])
    random = np.random.default_rng(0)
    layers = [(kind, domain) for kind in ("BYTE_COLOR", "FLOAT_COLOR") for domain in ("POINT", "CORNER")]
    for kind, domain in layers:
        layer = data.color_attributes.new(f"{kind} {domain}", kind, domain)
        for value in layer.data:
            value.color = tuple(random.random(4))
    data.color_attributes.render_color_index = 2
    for name in ("first", "second"):
        for corner in data.uv_layers.new(name=name).uv:
            corner.vector = tuple(random.random(2) * 3)
    data.uv_layers["second"].active_render = True
    plane = bpy.data.objects.new("plane", data)
    bpy.context.scene.collection.objects.link(plane)
    bpy.context.view_layer.update()
    found = {}
    for name in [f"{kind} {domain}" for kind, domain in layers] + [""]:
        appearance = Appearance((Look("one"),), ((0,),), ("", "first"), ((name, name),), ())
        geometry = Geometry.of([plane], appearance)
        shape, surface = geometry.read(), geometry.surface
        place, weights = hits(shape.vertices, surface.triangles, (0, 0), 1.0)
        tree, node = override("VertexColor", layer_name=name)
        truth = emitted(node.outputs["Color"], tree, (0, 0), 1.0, 1.0, scratch)
        apart = interpolated(surface.colours[:, :3], surface.corners, place, weights) - truth[..., :3]
        tree, node = override("VertexColor", layer_name=name)
        alpha = emitted(node.outputs["Alpha"], tree, (0, 0), 1.0, 1.0, scratch)
        apart_alpha = interpolated(surface.colours[:, 3:], surface.corners, place, weights) - alpha[..., :1]
        found[name or "default"] = [float(np.abs(apart).mean()), float(np.abs(apart_alpha).mean())]
    for layer, name in enumerate(("", "first")):
        tree, node = override("UVMap", uv_map=name)
        truth = emitted(node.outputs[0], tree, (0, 0), 1.0, 1.0, scratch)
        apart = interpolated(surface.uvs[layer], surface.corners, place, weights) - truth[..., :2]
        found[f"uv {name}"] = [float(np.abs(apart).mean()), float(np.abs(apart).max())]
    return found


def another_topology(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """What a reader makes of a mesh that a modifier refines after the first reading, and of one without faces."""
    from render.blender.engines.geometry import Geometry
    from render.blender.materials.appearance import read_appearance

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_cube_add(size=2.0)
    cube = bpy.context.object
    empty = bpy.data.objects.new("empty", bpy.data.meshes.new("empty"))
    bpy.context.scene.collection.objects.link(empty)
    bpy.context.view_layer.update()
    meshes = [empty, cube]
    geometry = Geometry.of(meshes, read_appearance(meshes))
    first, triangles = geometry.read(), len(geometry.surface.triangles)
    before = geometry.surface
    cube.modifiers.new("finer", "SUBSURF").levels = 1
    bpy.context.view_layer.update()
    second = geometry.read()
    surface = geometry.surface
    bpy.data.objects.remove(cube)
    nothing = Geometry.of([empty], read_appearance([empty]))
    return {
        "first": [len(first.vertices), len(first.normals), triangles],
        "second": [len(second.vertices), len(second.normals), len(surface.triangles)],
        "kept": surface is before,
        "highest": [int(surface.triangles.max()), int(surface.corners.max())],
        "nothing": [len(nothing.read().vertices), len(nothing.surface.triangles)],
        "looks": [[look.name, *look.base, look.specular] for look in geometry.appearance.looks],
    }
