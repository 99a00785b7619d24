"""What is seen of surfaces that show their fronts alone, decided face by face from where the camera stands.

References are drawn so. The engines ask Cycles which side a ray meets, or sort triangles in the picture; here nothing
of either is used but the names of shells (see render/blender/materials/sides.py), which say what light does.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np

_FRONT, _BACK = "front", "back"


@contextmanager
def fronts_only(meshes: list[Any], eye: Any, shell_names: Set[str]) -> Iterator[None]:
    """While open, a camera at `eye` sees no back of a material with backface culling on these meshes."""
    copies = []
    materials: dict[tuple[str, str], Any] = {}
    for mesh in meshes:
        slots = [slot.material for slot in mesh.material_slots]
        if any(material is not None and material.use_backface_culling for material in slots):
            copies.append(_copy(mesh, slots, np.asarray(eye), shell_names, materials))
            mesh.hide_render = True
    try:
        yield
    finally:
        for mesh, copy in copies:
            mesh.hide_render = False
            data = copy.data
            bpy.data.objects.remove(copy)
            bpy.data.meshes.remove(data)
        for material in materials.values():
            bpy.data.materials.remove(material)


def _copy(
    mesh: Any, slots: list[Any], eye: Any, shell_names: Set[str], materials: dict[tuple[str, str], Any]
) -> tuple[Any, Any]:
    """The mesh as it is posed now, its faces sorted into materials for fronts and for backs; with what it copies."""
    graph = bpy.context.evaluated_depsgraph_get()
    data = bpy.data.meshes.new_from_object(mesh.evaluated_get(graph), preserve_all_data_layers=True, depsgraph=graph)
    copy = bpy.data.objects.new("seen", data)
    copy.matrix_world = mesh.matrix_world
    bpy.context.scene.collection.objects.link(copy)
    to_world = np.array(mesh.matrix_world)
    outwards = np.sign(np.linalg.det(to_world[:3, :3]))  # mirrored, corners go round the other way
    places = np.empty(len(data.vertices) * 3, np.float32)
    data.vertices.foreach_get("co", places)
    world = places.reshape(-1, 3).astype(np.float64) @ to_world[:3, :3].T + to_world[:3, 3]
    given = np.empty(len(data.polygons), np.int32)
    data.polygons.foreach_get("material_index", given)
    data.materials.clear()  # all faces have the first one now
    for material in slots:
        culls = material is not None and material.use_backface_culling
        for side in (_FRONT, _BACK):
            data.materials.append(_of_side(material, side, shell_names, materials) if culls else material)
    for face, slot in zip(data.polygons, np.minimum(given, len(slots) - 1).tolist()):
        corners = world[list(face.vertices)]
        normal = np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0) * outwards
        is_back = normal @ (eye - corners.mean(axis=0)) < 0
        face.material_index = 2 * slot + int(is_back)
    return mesh, copy


def _of_side(material: Any, side: str, shell_names: Set[str], materials: dict[tuple[str, str], Any]) -> Any:
    """The material for faces that the camera sees from this side."""
    is_shell = material.name in shell_names
    if side == _FRONT and not is_shell:
        return material
    if (material.name, side) not in materials:
        copy = material.copy()
        materials[material.name, side] = copy
        tree = copy.node_tree
        output = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL" and node.is_active_output)
        shown = output.inputs["Surface"].links[0].from_socket
        clear = tree.nodes.new("ShaderNodeBsdfTransparent").outputs[0]
        if is_shell and side == _BACK:
            tree.links.new(clear, output.inputs["Surface"])
        else:  # a shell's front is there for the camera alone, another's back for all rays but the camera's
            mix = tree.nodes.new("ShaderNodeMixShader")
            tree.links.new(tree.nodes.new("ShaderNodeLightPath").outputs["Is Camera Ray"], mix.inputs[0])
            tree.links.new(clear if is_shell else shown, mix.inputs[1])
            tree.links.new(shown if is_shell else clear, mix.inputs[2])
            tree.links.new(mix.outputs[0], output.inputs["Surface"])
    return materials[material.name, side]
