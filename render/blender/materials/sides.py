"""Surfaces that are seen from one side only: glTF's materials without `doubleSided`, Blender's backface culling.

Cycles and the rasteriser would show both sides. An outline drawn as a shell around a body, its faces turned inwards,
would hide the body altogether; a room would hide what stands in it.
"""

from __future__ import annotations

from collections.abc import Set
from contextlib import ExitStack
from typing import Any

import numpy as np

from render.blender.materials.nodes import surface_input
from render.blender.subject.surface import Surface
from render.raster.shell import looks_inwards


def fronts_only(material: Any) -> bool:
    """Whether a material shows the front of its faces alone."""
    return bool(material.use_backface_culling)


def shells(meshes: list[Any], surface: Surface) -> set[str]:
    """Names of the materials that show fronts alone, and these on the inside of what they surround.

    `surface` is that of `meshes`.
    """
    mirrored = np.array([is_mirrored(mesh.matrix_world) for mesh in meshes], np.bool_)
    slots = [[slot.material for slot in mesh.material_slots] for mesh in meshes]
    used = {material.name: material for materials in slots for material in materials if material is not None}
    found = set()
    for name, material in used.items():
        if not fronts_only(material):
            continue
        shown = np.zeros(len(surface.mesh), np.bool_)
        for index, materials in enumerate(slots):
            for slot, other in enumerate(materials):
                if other is not None and other.name == name:
                    last = slot == len(materials) - 1  # Cycles takes a number that is too large for the last one
                    shown |= (surface.mesh == index) & (surface.material >= slot if last else surface.material == slot)
        corners = surface.corners[shown].copy()
        flip = mirrored[surface.mesh[shown]]
        corners[flip] = corners[flip][:, ::-1]
        if looks_inwards(corners):
            found.add(name)
    return found


def is_mirrored(to_world: Any) -> bool:
    """Whether a matrix turns a triangle's corners the other way round."""
    return bool(to_world.to_3x3().determinant() < 0)


def show_fronts_only(materials: list[Any], shell_names: Set[str], undo: ExitStack) -> None:
    """Cycles shows the fronts alone of materials that ask for it, until `undo` is closed.

    From behind they are transparent to the camera. What else they do with light stays, but for shells, which let all
    other light through.
    """
    for material in materials:
        given = surface_input(material) if material.use_nodes and material.node_tree is not None else None
        if fronts_only(material) and given is not None and given.socket.is_linked:
            _put_before(given.socket, material.node_tree, is_shell=material.name in shell_names, undo=undo)


def _put_before(socket: Any, tree: Any, *, is_shell: bool, undo: ExitStack) -> None:
    """Mix what an output's socket is linked to with transparency."""
    shown = socket.links[0].from_socket
    made = []

    def node(kind: str) -> Any:
        made.append(tree.nodes.new(kind))
        return made[-1]

    def product(first: Any, second: Any) -> Any:
        times = node("ShaderNodeMath")
        times.operation = "MULTIPLY"
        tree.links.new(first, times.inputs[0])
        tree.links.new(second, times.inputs[1])
        return times.outputs[0]

    camera = node("ShaderNodeLightPath").outputs["Is Camera Ray"]
    behind = node("ShaderNodeNewGeometry").outputs["Backfacing"]
    clear, mix = node("ShaderNodeBsdfTransparent").outputs[0], node("ShaderNodeMixShader")
    if is_shell:
        front = node("ShaderNodeMath")
        front.operation, front.inputs[0].default_value = "SUBTRACT", 1.0
        tree.links.new(behind, front.inputs[1])
        factor, first, second = product(camera, front.outputs[0]), clear, shown
    else:
        factor, first, second = product(camera, behind), shown, clear
    tree.links.new(factor, mix.inputs[0])
    tree.links.new(first, mix.inputs[1])
    tree.links.new(second, mix.inputs[2])
    tree.links.new(mix.outputs[0], socket)

    def take_away() -> None:
        tree.links.new(shown, socket)
        for each in made:
            tree.nodes.remove(each)

    undo.callback(take_away)
