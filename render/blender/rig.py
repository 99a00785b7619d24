"""The rig in a loaded scene: which armature, which bones are joints, and where everything is at rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from rigmill.errors import Refusal, Reject
from rigmill.types import Floats, Rig

WEIGHT_FLOOR = 1e-4


@dataclass
class Subject:
    """What a scene shows. Its parts live in Blender, so it is good until the next load."""

    armature: Any
    meshes: list[Any]  # every mesh that renders
    skinned: list[Any]  # those which the armature deforms
    names: tuple[str, ...]  # joints, parents first
    normaliser: Any  # the empty above everything: normalised = (imported - offset) * scale
    file_fps: float
    num_ignored_armatures: int
    rest_basis: dict[str, Any] = field(default_factory=dict)  # transforms as imported
    rest_keys: dict[str, list[float]] = field(default_factory=dict)  # shape keys as imported

    def reset(self) -> None:
        """Everything as imported, the armature in its rest pose, nothing animated."""
        for owner in animated_owners():
            owner.animation_data.action = None
            for track in owner.animation_data.nla_tracks:
                track.mute = True
        for item in bpy.data.objects:
            if item.name in self.rest_basis:
                item.matrix_basis = self.rest_basis[item.name]
            if item.type == "ARMATURE":
                for bone in item.pose.bones:
                    bone.matrix_basis.identity()
        for keys in bpy.data.shape_keys:
            for block, value in zip(keys.key_blocks, self.rest_keys.get(keys.name, [])):
                block.value = value
        bpy.context.view_layer.update()

    def normalise(self, offset: Floats, scale: float) -> None:
        """Move everything such that normalised = (imported - offset) * scale."""
        self.normaliser.scale = (scale, scale, scale)
        self.normaliser.location = tuple(float(value) for value in -offset * scale)
        bpy.context.view_layer.update()

    def read_rig(self) -> Rig:
        """The rig at rest in world coordinates. Call after `reset`."""
        to_world = np.array(self.armature.matrix_world)
        bones = self.armature.data.bones
        heads = np.array([bones[name].head_local for name in self.names]).reshape(-1, 3)
        index = {name: position for position, name in enumerate(self.names)}
        parents = [index[bone.parent.name] if bone.parent else -1 for bone in (bones[name] for name in self.names)]
        return Rig(
            names=self.names,
            parents=np.array(parents, dtype=np.int32),
            rest_joints=heads @ to_world[:3, :3].T + to_world[:3, 3],
        )


def animated_owners() -> list[Any]:
    """Everything that Blender animates here and that a motion can need: objects and shape keys."""
    owners = [*bpy.data.objects, *bpy.data.shape_keys]
    return [owner for owner in owners if owner.animation_data is not None]


def find_subject(file_fps: float) -> Subject:
    """The armature that deforms most vertices (or a lone one, when there is no skin) and everything visible."""
    meshes = sorted(
        (item for item in bpy.data.objects if item.type == "MESH" and not item.hide_render), key=lambda item: item.name
    )
    armatures = sorted((item for item in bpy.data.objects if item.type == "ARMATURE"), key=lambda item: item.name)
    if not armatures:
        raise Refusal(Reject.NO_RIG, "the file has no skeleton")
    deformed = {armature.name: deformed_bones(armature, meshes) for armature in armatures}
    armature = max(armatures, key=lambda item: deformed[item.name][1])  # ties: the first name
    bones, num_weighted, skinned = deformed[armature.name]
    if num_weighted == 0:
        armature = max(armatures, key=lambda item: len(item.data.bones))
        bones, skinned = {bone.name for bone in armature.data.bones}, []
    subject = Subject(
        armature=armature,
        meshes=meshes,
        skinned=skinned,
        names=with_ancestors(armature, bones),
        normaliser=_normaliser(),
        file_fps=file_fps,
        num_ignored_armatures=len(armatures) - 1,
        rest_basis={item.name: item.matrix_basis.copy() for item in bpy.data.objects},
        rest_keys={keys.name: [block.value for block in keys.key_blocks] for keys in bpy.data.shape_keys},
    )
    armature.data.pose_position = "POSE"
    subject.reset()
    return subject


def _normaliser() -> Any:
    """An empty above every root object, at the identity."""
    roots = [item for item in bpy.data.objects if item.parent is None]
    empty = bpy.data.objects.new("normaliser", None)
    bpy.context.scene.collection.objects.link(empty)
    for item in roots:
        item.parent = empty
        item.matrix_parent_inverse.identity()
    return empty


def deformed_bones(armature: Any, meshes: list[Any]) -> tuple[set[str], int, list[Any]]:
    """Bones that carry weight (or hold a whole mesh), the number of weighted vertices, the skinned meshes."""
    names: set[str] = set()
    num_weighted, skinned = 0, []
    for mesh in meshes:
        if any(modifier.type == "ARMATURE" and modifier.object == armature for modifier in mesh.modifiers):
            groups = weighted_groups(mesh)
            found = {name for name in groups if name in armature.data.bones and armature.data.bones[name].use_deform}
            if found:
                names |= found
                num_weighted += len(mesh.data.vertices)
                skinned.append(mesh)
        elif mesh.parent == armature and mesh.parent_type == "BONE" and mesh.parent_bone in armature.data.bones:
            names.add(mesh.parent_bone)
    return names, num_weighted, skinned


def weighted_groups(mesh: Any) -> set[str]:
    """Names of the vertex groups in which some vertex has weight."""
    used = {
        element.group for vertex in mesh.data.vertices for element in vertex.groups if element.weight > WEIGHT_FLOOR
    }
    return {group.name for group in mesh.vertex_groups if group.index in used}


def with_ancestors(armature: Any, names: set[str]) -> tuple[str, ...]:
    """`names` and their ancestors, parents before children, in the armature's own (file) order."""
    keep: set[str] = set()
    for name in names:
        bone = armature.data.bones[name]
        while bone is not None and bone.name not in keep:
            keep.add(bone.name)
            bone = bone.parent
    ordered: list[str] = []
    stack = [bone for bone in reversed(armature.data.bones) if bone.parent is None]
    while stack:  # depth first, so that a chain's joints follow each other
        bone = stack.pop()
        if bone.name in keep:
            ordered.append(bone.name)
        stack.extend(reversed(bone.children))
    return tuple(ordered)
