"""A coat of noise for previews: every surface gets a pattern of its own that moves with it, whatever its texture.

Optical flow sees patterns, not surfaces: it under-reports a plain grey body and is right about a checkered one. Under
this coat both look alike. The pattern is fixed to where each vertex is in one frame, in normalised coordinates, so it
is as fine on a giant as on a mouse. What is see-through in the asset's materials stays so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np

from render.blender.rig import Subject
from rigmill.types import Floats

PLACE = "rigmill_place"  # the vertex attribute that the pattern is fixed to
NOISE_PER_EXTENT = 20.0  # cells of the noise along the subject's largest side: 13 px wide at 256 px
CONTRAST = (0.3, 0.7)  # noise values that become black and white


@contextmanager
def painted(subject: Subject) -> Iterator[None]:
    """The subject as it stands now under the coat; its own materials again afterwards."""
    for mesh in subject.meshes:
        _fix_pattern(mesh)
    undo = []
    for material in _materials(subject):
        undo.append((material, _coat(material)))
    try:
        yield
    finally:
        for material, (link, nodes) in undo:
            tree = material.node_tree
            for node in nodes:
                tree.nodes.remove(node)
            if link is not None:
                tree.links.new(*link)
        for mesh in subject.meshes:
            attribute = mesh.data.attributes.get(PLACE)
            if attribute is not None:
                mesh.data.attributes.remove(attribute)


def _fix_pattern(mesh: Any) -> None:
    """Store each vertex's place, as it is shown now, in an attribute that goes with the vertex."""
    places = shown_vertices(mesh)
    if len(places) != len(mesh.data.vertices):  # a modifier makes vertices: the pattern follows the unmodified ones
        places = vertices_of(mesh.data)
        places = (places - places.mean(axis=0)) / max(float(np.ptp(places, axis=0).max()), 1e-9)
    attribute = mesh.data.attributes.get(PLACE) or mesh.data.attributes.new(PLACE, "FLOAT_VECTOR", "POINT")
    attribute.data.foreach_set("vector", places.astype(np.float32).ravel())
    mesh.data.update_tag()


def shown_vertices(mesh: Any) -> Floats:
    """World positions (N, 3) of a mesh's vertices as the scene shows them now."""
    evaluated = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    to_world = np.array(evaluated.matrix_world)
    return vertices_of(evaluated.data) @ to_world[:3, :3].T + to_world[:3, 3]


def vertices_of(data: Any) -> Floats:
    points = np.empty(len(data.vertices) * 3, dtype=np.float32)
    data.vertices.foreach_get("co", points)
    return points.reshape(-1, 3).astype(np.float64)


def _materials(subject: Subject) -> list[Any]:
    """Every material that the subject shows; a mesh or slot without one gets a plain one, for good."""
    found: dict[str, Any] = {}
    for mesh in subject.meshes:
        if not mesh.material_slots:
            mesh.data.materials.append(_plain())
        for slot in mesh.material_slots:
            if slot.material is None:
                slot.material = _plain()
            found[slot.material.name] = slot.material
    return [found[name] for name in sorted(found)]


def _plain() -> Any:
    """The material of what has none: Blender's grey."""
    material = bpy.data.materials.get("rigmill plain") or bpy.data.materials.new("rigmill plain")
    material.use_nodes = True
    return material


def _coat(material: Any) -> tuple[tuple[Any, Any] | None, list[Any]]:
    """Put the noise where the surface was; returns the old link to the output, and the nodes to remove again."""
    if not material.use_nodes:
        material.use_nodes = True
    tree = material.node_tree
    output = tree.get_output_node("CYCLES")
    if output is None:
        output = tree.nodes.new("ShaderNodeOutputMaterial")
    surface = output.inputs["Surface"]
    old = (surface.links[0].from_socket, surface) if surface.is_linked else None
    place, noise, contrast, glow = (
        tree.nodes.new(kind) for kind in
        ("ShaderNodeAttribute", "ShaderNodeTexNoise", "ShaderNodeMapRange", "ShaderNodeEmission")
    )
    place.attribute_type, place.attribute_name = "GEOMETRY", PLACE
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = NOISE_PER_EXTENT, 1.0
    contrast.inputs["From Min"].default_value, contrast.inputs["From Max"].default_value = CONTRAST
    tree.links.new(place.outputs["Vector"], noise.inputs["Vector"])
    tree.links.new(noise.outputs[0], contrast.inputs["Value"])
    tree.links.new(contrast.outputs["Result"], glow.inputs["Color"])
    nodes = [place, noise, contrast, glow]
    opacity = _opacity(old[0].node) if old else None
    if opacity is None:
        tree.links.new(glow.outputs[0], surface)
        return old, nodes
    clear, mix = tree.nodes.new("ShaderNodeBsdfTransparent"), tree.nodes.new("ShaderNodeMixShader")
    if isinstance(opacity, float):
        mix.inputs[0].default_value = opacity
    else:
        tree.links.new(opacity, mix.inputs[0])
    tree.links.new(clear.outputs[0], mix.inputs[1])
    tree.links.new(glow.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], surface)
    return old, [*nodes, clear, mix]


def _opacity(shader: Any) -> Any | None:
    """What says how opaque the surface is: a socket, a number, or None for a solid one."""
    if shader.type == "BSDF_PRINCIPLED":
        alpha, through = shader.inputs["Alpha"], shader.inputs["Transmission Weight"]
        if alpha.is_linked:
            return alpha.links[0].from_socket
        value = float(alpha.default_value) * (1 - (0.0 if through.is_linked else float(through.default_value)))
        return value if value < 1 else None
    if shader.type == "MIX_SHADER":  # how the importer writes unlit materials: transparent first, then the light
        first = shader.inputs[1]
        if first.is_linked and first.links[0].from_node.type == "BSDF_TRANSPARENT":
            factor = shader.inputs[0]
            return factor.links[0].from_socket if factor.is_linked else float(factor.default_value)
    return None
