"""Which nodes of a loaded scene are joints: bones that move a mesh, animated objects that move one, and what is above.

A *node* is an object or a bone of an armature; its parent is what Blender hangs it from. Each mesh that renders has
*carriers*: the bones that it is weighted to, or else the first bone or animated object on the way up from it, itself
included. Joints are

- the carriers;
- every bone above one, and every animated object above one, with the static objects between two joints;
- where objects carry meshes: their lowest common ancestor that is static, the frame of a door, so that what stands
  still is in the rig. Wrapper nodes above that one add nothing.

With no carrier there may still be a motion to retarget: the bones of the largest armature, or, in a file without any
mesh, its animated nodes with all that hangs below.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import bpy

WEIGHT_FLOOR = 1e-4
Node = tuple[str, str]  # object name, and bone name or ""


@dataclass(slots=True)
class Carriers:
    """What carries the meshes of a scene."""

    bones: set[Node] = field(default_factory=set)
    objects: set[Node] = field(default_factory=set)
    skinned: list[Any] = field(default_factory=list)  # meshes
    rigid: list[Any] = field(default_factory=list)  # meshes that one bone or animated object carries whole
    num_weighted: dict[str, int] = field(default_factory=dict)  # vertices per armature
    num_unweighted: int = 0  # vertices of skinned meshes that no bone moves


def visible_meshes() -> list[Any]:
    """The subject's meshes: all that render and have a face. What is no subject (a floor) cannot be told and stays."""
    shown = set(bpy.context.view_layer.objects.keys())  # not so: collections of other scenes of the file
    found = [
        item
        for item in bpy.data.objects
        if item.type == "MESH"
        and not item.hide_render
        and item.name in shown
        and len(item.data.polygons)
        and not any(collection.hide_render for collection in item.users_collection)
    ]
    return sorted(found, key=lambda item: item.name)


def find_carriers(meshes: Iterable[Any], movers: set[str]) -> Carriers:
    """The carriers of `meshes`; `movers` are the names of animated objects."""
    found = Carriers()
    for mesh in meshes:
        armatures = [
            modifier.object
            for modifier in mesh.modifiers
            if modifier.type == "ARMATURE" and modifier.object is not None and modifier.use_vertex_groups
        ]
        bones = _weighted_bones(mesh, armatures, found) if armatures else set()
        if bones:
            found.bones |= bones
            found.skinned.append(mesh)
            continue
        node: Node | None = (mesh.name, "")
        while node is not None and not node[1] and node[0] not in movers:
            node = parent_of(node)
        if node is not None:
            (found.bones if node[1] else found.objects).add(node)
            found.rigid.append(mesh)
    return found


def _weighted_bones(mesh: Any, armatures: list[Any], found: Carriers) -> set[Node]:
    """The deforming bones that some vertex has weight in; counts vertices into `found`."""
    bones: dict[int, Node] = {}
    for armature in armatures:
        for group in mesh.vertex_groups:
            bone = armature.data.bones.get(group.name)
            if bone is not None and bone.use_deform:
                bones.setdefault(group.index, (armature.name, bone.name))
    used: set[int] = set()
    num_unweighted = 0
    for vertex in mesh.data.vertices:
        # Blender divides by the sum, so what counts is whether there is any weight, not whether it adds up to one.
        groups = [element.group for element in vertex.groups if element.weight > WEIGHT_FLOOR]
        mine = [group for group in groups if group in bones]
        used.update(mine)
        num_unweighted += not mine
    if used:
        found.num_unweighted += num_unweighted
        for name in {bones[index][0] for index in used}:
            found.num_weighted[name] = found.num_weighted.get(name, 0) + len(mesh.data.vertices)
    return {bones[index] for index in used}


def parent_of(node: Node) -> Node | None:
    """What a node hangs from."""
    item = bpy.data.objects[node[0]]
    if node[1]:
        above = item.data.bones[node[1]].parent
        return (item.name, above.name) if above else (item.name, "")
    if item.parent is None:
        return None
    if item.parent_type == "BONE" and item.parent.type == "ARMATURE" and item.parent_bone in item.parent.data.bones:
        return (item.parent.name, item.parent_bone)
    return (item.parent.name, "")


def way_up(node: Node) -> list[Node]:
    """The node and all above it, from the bottom to the top."""
    way = [node]
    while (above := parent_of(way[-1])) is not None:
        way.append(above)
    return way


def joint_nodes(carriers: Carriers, movers: set[str]) -> list[Node]:
    """The joints, parents before children, a chain's joints one after the other."""
    keep: set[Node] = set()
    tops: set[Node] = set()
    for carrier in carriers.bones | carriers.objects:
        way = way_up(carrier)
        last = max(place for place, (name, bone) in enumerate(way) if bone or name in movers)
        keep.update(way[: last + 1])
        tops.add(way[last])
    if carriers.objects:
        keep |= _common_ancestor(tops)
    return in_order(keep)


def _common_ancestor(tops: set[Node]) -> set[Node]:
    """The lowest node that is above all of `tops`, and the way from there to them; nothing if there is none."""
    ways = [way_up(top)[1:] for top in tops]
    shared = set(ways[0]).intersection(*ways[1:])
    lowest = next((node for node in ways[0] if node in shared), None)
    if lowest is None:
        return set()
    return {node for way in ways for node in way[: way.index(lowest) + 1]}


def moving_tree(movers: set[str]) -> list[Node]:
    """Animated objects with all that hangs below, and the lowest node above all: a motion without a mesh."""
    tops = {(name, "") for name in movers if not any(above[0] in movers for above in way_up((name, ""))[1:])}
    below = {(child.name, "") for name, _ in tops for child in bpy.data.objects[name].children_recursive}
    return in_order(tops | below | _common_ancestor(tops))


def in_order(keep: set[Node]) -> list[Node]:
    """Depth first in the file's order, so that parents come first and chains stay together."""
    ordered: list[Node] = []
    below: dict[Node | None, list[Node]] = {}
    for item in bpy.data.objects:
        if item.type == "ARMATURE":
            for bone in item.data.bones:
                below.setdefault(parent_of((item.name, bone.name)), []).append((item.name, bone.name))
    for item in bpy.data.objects:
        below.setdefault(parent_of((item.name, "")), []).append((item.name, ""))
    stack = list(reversed(below.get(None, [])))
    while stack:
        node = stack.pop()
        if node in keep:
            ordered.append(node)
        stack.extend(reversed(below.get(node, [])))
    return ordered


def joint_names(nodes: list[Node]) -> tuple[str, ...]:
    """A unique name each: the bone's or the object's; where repeated, `armature:bone`."""
    plain = [bone or name for name, bone in nodes]
    names, taken = [], set()
    for (name, bone), short in zip(nodes, plain):
        full = short if plain.count(short) == 1 or not bone else f"{name}:{bone}"
        while full in taken:
            full += "'"
        taken.add(full)
        names.append(full)
    return tuple(names)
