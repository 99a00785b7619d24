"""Between Blender's bones and our Motion: rotations relative to rest, written in world axes."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector

from render.blender.rig import Subject
from rigmill.skeleton import local_from_places
from rigmill.types import Floats, Motion, Rig


def bone_frames(subject: Subject) -> Floats:
    """World matrices of the joints' bones as the scene shows them now, (J, 4, 4)."""
    to_world = np.array(subject.armature.matrix_world)
    bones = subject.armature.pose.bones
    return to_world @ np.array([bones[name].matrix for name in subject.names])


def rest_frames(subject: Subject) -> Floats:
    """World matrices of the joints' bones at rest, (J, 4, 4). Call after `reset`."""
    to_world = np.array(subject.armature.matrix_world)
    bones = subject.armature.data.bones
    return to_world @ np.array([bones[name].matrix_local for name in subject.names])


def read_motion(frames: Floats, rest: Floats, rig: Rig, fps: float) -> Motion:
    """The motion in joint matrices `frames` (T, J, 4, 4) against `rest` (J, 4, 4).

    Joints come back from it exactly. Animated scale and shear are no part of a turn: what they do to the joints
    below is in those joints' translations, what they do to the mesh is lost.
    """
    # The rest inverse removes the rest's own scale and mirroring; what remains besides rotation is animated scale.
    turns = nearest_rotations(frames[:, :, :3, :3] @ np.linalg.inv(rest[:, :3, :3]))
    local = turns.copy()
    for joint, parent in enumerate(rig.parents):
        if parent >= 0:
            local[:, joint] = turns[:, parent].transpose(0, 2, 1) @ turns[:, joint]
    return Motion(
        rotations=quaternions(local), translations=local_from_places(rig, frames[:, :, :3, 3], turns), fps=fps
    )


def nearest_rotations(matrices: Floats) -> Floats:
    """The rotation nearest to each (..., 3, 3) matrix."""
    left, _, right = np.linalg.svd(matrices)
    sign = np.linalg.det(left @ right)
    left[..., :, 2] *= np.sign(sign)[..., None]
    return left @ right


def quaternions(matrices: Floats) -> Floats:
    """Unit quaternions w x y z of rotations (T, J, 3, 3), without jumps of sign over time."""
    result = np.array([[Matrix(joint).to_quaternion() for joint in frame] for frame in matrices.tolist()])
    result[0] *= np.where(result[0, :, :1] < 0, -1, 1)
    for frame in range(1, len(result)):
        flip = (result[frame] * result[frame - 1]).sum(axis=-1, keepdims=True) < 0
        result[frame] *= np.where(flip, -1, 1)
    return result / np.linalg.norm(result, axis=-1, keepdims=True)


def show_pose(subject: Subject, rig: Rig, *, rotations: Floats, translations: Floats) -> None:
    """Pose the armature: rotations (J, 4) and translations (J, 3) as in Motion, in the world that `rig` is in.

    Call `reset` once before; bones that are no joints stay at rest relative to their parents.
    """
    bones = subject.armature.data.bones
    to_armature = subject.armature.matrix_world.inverted()
    axes = np.array(subject.armature.matrix_world)[:3, :3]
    turns: list[Matrix] = []
    heads: list[Floats] = []
    posed: dict[str, Matrix] = {}
    for joint, (name, parent) in enumerate(zip(rig.names, rig.parents)):
        bone, turn = bones[name], Quaternion(rotations[joint]).to_matrix()
        if parent < 0:
            head = rig.rest_joints[joint] + translations[joint]
        else:
            reach = rig.rest_joints[joint] - rig.rest_joints[parent] + translations[joint]
            head = heads[parent] + np.array(turns[parent]) @ reach
            turn = turns[parent] @ turn
        turns.append(turn)
        heads.append(head)
        # A bone cannot be sheared, so under an armature with uneven scale the nearest rotation has to do.
        in_armature = nearest_rotations(np.linalg.inv(axes) @ np.array(turn) @ axes)
        posed[name] = Matrix(in_armature.tolist()).to_4x4() @ bone.matrix_local
        posed[name].translation = to_armature @ Vector(head)
        above = {}
        if bone.parent:
            above = {"parent_matrix": posed[bone.parent.name], "parent_matrix_local": bone.parent.matrix_local}
        subject.armature.pose.bones[name].matrix_basis = bone.convert_local_to_pose(
            posed[name], bone.matrix_local, invert=True, **above
        )
    bpy.context.view_layer.update()
