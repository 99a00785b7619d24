"""The subject of a loaded scene: its joints, where everything is at rest, and the way back there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from render.blender.subject.bindings import Binding, find_bindings, moved_objects
from render.blender.subject.joints import (
    Carriers,
    Node,
    find_carriers,
    joint_names,
    joint_nodes,
    moving_tree,
    parent_of,
    visible_meshes,
)
from rigmill.kinds import RigKind
from rigmill.outcomes import Refusal, Reject
from rigmill.types import Floats, Ints, Rig

OWN_TRACK = "rigmill"  # NLA tracks of ours, as against the file's


@dataclass
class Subject:
    """What a scene shows. Its parts live in Blender, so it is good until the next load."""

    meshes: list[Any]  # every mesh that renders
    carriers: Carriers
    nodes: list[Node]  # of the joints, parents first
    names: tuple[str, ...]  # unique
    parents: Ints
    bindings: list[Binding]  # what each action of the file moves
    movers: set[str]  # objects that some action moves
    normaliser: Any  # the empty above everything: normalised = (imported - offset) * scale
    file_fps: float
    rest_places: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # transforms as imported
    rest_keys: dict[str, list[float]] = field(default_factory=dict)  # shape keys as imported
    _read_order: list[tuple[str, list[int], list[int] | None]] = field(default_factory=list)

    @property
    def armatures(self) -> list[str]:
        """Names of the armatures that have joints, in the joints' order."""
        return list(dict.fromkeys(name for name, bone in self.nodes if bone))

    @property
    def carries_meshes(self) -> bool:
        """False: there are motions alone, for other bodies."""
        return bool(self.carriers.bones or self.carriers.objects)

    @property
    def rig_kind(self) -> RigKind:
        """skin: bones carry the meshes; rigid: animated objects do; both: some these, some those."""
        if self.carriers.objects:
            return RigKind.BOTH if self.carriers.bones else RigKind.RIGID
        return RigKind.SKIN if any(bone for _, bone in self.nodes) else RigKind.RIGID

    def reset(self) -> None:
        """Everything as imported, armatures in their rest pose, nothing animated."""
        for owner in animated_owners():
            data = owner.animation_data
            data.action = None
            for track in list(data.nla_tracks):
                if track.name.startswith(OWN_TRACK):
                    data.nla_tracks.remove(track)
                else:
                    track.mute = True
        for item in bpy.data.objects:
            if item.name in self.rest_places:
                _put(item, self.rest_places[item.name])
            if item.type == "ARMATURE":
                still = np.tile(np.eye(4, dtype=np.float32).ravel(), len(item.pose.bones))
                item.pose.bones.foreach_set("matrix_basis", still)
        for keys in bpy.data.shape_keys:
            for block, value in zip(keys.key_blocks, self.rest_keys.get(keys.name, [])):
                block.value = value
        bpy.context.view_layer.update()

    def normalise(self, offset: Floats, scale: float) -> None:
        """Move everything such that normalised = (imported - offset) * scale."""
        self.normaliser.scale = (scale, scale, scale)
        self.normaliser.location = tuple(float(value) for value in -offset * scale)
        bpy.context.view_layer.update()

    @contextmanager
    def normalised(self, offset: Floats, scale: float) -> Iterator[None]:
        """In the world where normalised = (imported - offset) * scale; afterwards at rest, as imported."""
        self.normalise(offset, scale)
        try:
            yield
        finally:
            self.reset()
            self.normalise(np.zeros(3), 1.0)

    @contextmanager
    def as_imported(self) -> Iterator[None]:
        """At rest in the world as imported; afterwards back in the world that it was in."""
        before = tuple(self.normaliser.location), tuple(self.normaliser.scale)
        self.reset()
        self.normalise(np.zeros(3), 1.0)
        try:
            yield
        finally:
            self.normaliser.location, self.normaliser.scale = before
            bpy.context.view_layer.update()

    def rest_frames(self) -> Floats:
        """World matrices of the joints at rest, (J, 4, 4). Call after `reset`."""
        return self._frames(lambda item: _read_matrices(item.data.bones, "matrix_local"))

    def joint_frames(self) -> Floats:
        """World matrices of the joints as the scene shows them now, (J, 4, 4)."""
        return self._frames(lambda item: _read_matrices(item.pose.bones, "matrix"))

    def _frames(self, read_bones: Any) -> Floats:
        frames = np.empty((len(self.nodes), 4, 4))
        for name, joints, bones in self._places():
            item = bpy.data.objects[name]
            to_world = np.array(item.matrix_world)
            frames[joints] = to_world @ read_bones(item)[bones] if bones is not None else to_world
        return frames

    def _places(self) -> list[tuple[str, list[int], list[int] | None]]:
        """Per armature its joints and the places of their bones; per object joint itself and None."""
        if not self._read_order:
            for armature in self.armatures:
                place = {bone.name: index for index, bone in enumerate(bpy.data.objects[armature].data.bones)}
                joints = [joint for joint, (name, bone) in enumerate(self.nodes) if bone and name == armature]
                self._read_order.append((armature, joints, [place[self.nodes[joint][1]] for joint in joints]))
            self._read_order += [(name, [joint], None) for joint, (name, bone) in enumerate(self.nodes) if not bone]
        return self._read_order

    def read_rig(self) -> Rig:
        """The rig at rest in world coordinates. Call after `reset`."""
        return Rig(names=self.names, parents=self.parents, rest_joints=self.rest_frames()[:, :3, 3])


def _read_matrices(bones: Any, name: str) -> Floats:
    """A matrix property of all bones at once, (B, 4, 4)."""
    values = np.empty(len(bones) * 16, dtype=np.float32)
    bones.foreach_get(name, values)
    return values.reshape(-1, 4, 4).transpose(0, 2, 1).astype(np.float64)  # Blender stores columns


def animated_owners() -> list[Any]:
    """Everything that Blender animates here and that a motion can need: objects and shape keys."""
    owners = [*bpy.data.objects, *bpy.data.shape_keys]
    return [owner for owner in owners if owner.animation_data is not None]


def find_subject(file_fps: float) -> Subject:
    """Everything visible, with the joints that move it; refuses a file in which nothing could."""
    meshes = visible_meshes()
    bindings = find_bindings()
    movers = moved_objects(bindings)
    carriers = find_carriers(meshes, movers)
    nodes = joint_nodes(carriers, movers)
    if not nodes:
        nodes = _motion_alone(meshes, movers, bindings)
    if not nodes:
        raise Refusal(Reject.NO_RIG, _why_no_rig(meshes, movers, bindings))
    place = {node: index for index, node in enumerate(nodes)}
    normaliser = _normaliser()
    subject = Subject(
        meshes=meshes,
        carriers=carriers,
        nodes=nodes,
        names=joint_names(nodes),
        parents=np.array([place.get(parent_of(node) or ("", ""), -1) for node in nodes], dtype=np.int32),
        bindings=bindings,
        movers=movers,
        normaliser=normaliser,
        file_fps=file_fps,
        rest_places={item.name: _place(item) for item in bpy.data.objects if item != normaliser},
        rest_keys={keys.name: [block.value for block in keys.key_blocks] for keys in bpy.data.shape_keys},
    )
    for name in subject.armatures:
        bpy.data.objects[name].data.pose_position = "POSE"
    subject.reset()
    return subject


def _motion_alone(meshes: list[Any], movers: set[str], bindings: list[Binding]) -> list[Node]:
    """Joints of a file in which nothing carries a mesh: an armature that an action moves, or bare nodes."""
    posed = {binding.owner.name for binding in bindings if binding.bones}
    armatures = sorted((item for item in bpy.data.objects if item.name in posed), key=lambda item: item.name)
    if armatures:
        armature = max(armatures, key=lambda item: len(item.data.bones))  # ties: the first name
        return joint_nodes(Carriers(bones={(armature.name, bone.name) for bone in armature.data.bones}), movers)
    return moving_tree(movers) if movers and not meshes else []


def _why_no_rig(meshes: list[Any], movers: set[str], bindings: list[Binding]) -> str:
    if not meshes:
        return "the file has no visible mesh, and nothing in it moves"
    if movers:
        return "animated nodes, but no mesh hangs from one, and no skeleton deforms a mesh"
    if any(binding.num_shape_curves for binding in bindings):
        return "shape keys alone are animated: nothing here is a joint"
    if any(item.type == "ARMATURE" for item in bpy.data.objects):
        return "no skeleton deforms a mesh, and none has a motion"
    return "no skeleton, and no node that an animation moves"


def _place(item: Any) -> tuple[Any, ...]:
    # Not the matrix: one with a zero scale cannot be taken apart again.
    return (
        tuple(item.location),
        item.rotation_mode,
        tuple(item.rotation_quaternion),
        tuple(item.rotation_euler),
        tuple(item.rotation_axis_angle),
        tuple(item.scale),
    )


def _put(item: Any, place: tuple[Any, ...]) -> None:
    item.location, item.rotation_mode, item.rotation_quaternion = place[:3]
    item.rotation_euler, item.rotation_axis_angle, item.scale = place[3:]


def _normaliser() -> Any:
    """An empty above every root object, at the identity."""
    roots = [item for item in bpy.data.objects if item.parent is None]
    empty = bpy.data.objects.new("normaliser", None)
    bpy.context.scene.collection.objects.link(empty)
    for item in roots:
        item.parent = empty
        item.matrix_parent_inverse.identity()
    return empty
