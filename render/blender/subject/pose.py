"""Between Blender's bones and objects and our Motion: relative to rest, written in world axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector

from render.blender.subject.joints import parent_of
from render.blender.subject.subject import Subject
from rigmill.rigs.quaternions import nearest_rotations
from rigmill.rigs.skeleton import local_from_places
from rigmill.types import Floats, Motion, Rig

_FLAT = 1e-7  # second over first singular value below which a matrix fixes no turn
_SQUEEZED = 1e-6  # smallest over largest singular value of a rest below which there is nothing to turn from


def read_motion(frames: Floats, rest: Floats, rig: Rig, fps: float) -> Motion:
    """The motion in joint matrices `frames` (T, J, 4, 4) against `rest` (J, 4, 4).

    Joints come back from it exactly. Animated scale and shear are no part of a turn: what they do to the joints
    below is in those joints' translations, what they do to the mesh is lost. A joint that is squeezed to nothing
    turns with its parent.
    """
    turns = _turns(frames[:, :, :3, :3], rest[:, :3, :3], rig)
    local = turns.copy()
    for joint, parent in enumerate(rig.parents):
        if parent >= 0:
            local[:, joint] = turns[:, parent].transpose(0, 2, 1) @ turns[:, joint]
    return Motion(
        rotations=quaternions(local), translations=local_from_places(rig, frames[:, :, :3, 3], turns), fps=fps
    )


def _turns(frames: Floats, rest: Floats, rig: Rig) -> Floats:
    """World turns (T, J, 3, 3) of linear parts `frames` (T, J, 3, 3) against `rest` (J, 3, 3)."""
    spread = np.linalg.svd(rest, compute_uv=False)
    whole = spread[:, 2] > _SQUEEZED * np.maximum(spread[:, 0], 1e-300)
    # The rest inverse removes the rest's own scale and mirroring; what remains besides rotation is animated scale.
    relative = frames @ np.linalg.inv(np.where(whole[:, None, None], rest, np.eye(3)))
    spread = np.linalg.svd(relative, compute_uv=False)
    defined = whole & (spread[..., 0] > _FLAT) & (spread[..., 1] > _FLAT * spread[..., 0])
    turns = nearest_rotations(np.where(defined[..., None, None], relative, np.eye(3)))
    for joint, parent in enumerate(rig.parents):
        if parent >= 0:
            turns[:, joint] = np.where(defined[:, joint, None, None], turns[:, joint], turns[:, parent])
    return turns


def quaternions(matrices: Floats) -> Floats:
    """Unit quaternions w x y z of rotations (T, J, 3, 3), without jumps of sign over time."""
    result = np.array([[Matrix(joint).to_quaternion() for joint in frame] for frame in matrices.tolist()])
    result[0] *= np.where(result[0, :, :1] < 0, -1, 1)
    for frame in range(1, len(result)):
        flip = (result[frame] * result[frame - 1]).sum(axis=-1, keepdims=True) < 0
        result[frame] *= np.where(flip, -1, 1)
    return result / np.linalg.norm(result, axis=-1, keepdims=True)


@dataclass
class Poser:
    """Puts a subject into poses. Make it when the subject is at rest; good until the subject is normalised anew."""

    subject: Subject
    rig: Rig
    rest: Floats  # (J, 4, 4) world matrices of the joints
    rest_worlds: dict[str, Floats]  # of the armatures, (3, 3)

    @classmethod
    def at_rest(cls, subject: Subject) -> Poser:
        worlds = {name: np.array(bpy.data.objects[name].matrix_world)[:3, :3] for name in subject.armatures}
        return cls(subject, subject.read_rig(), subject.rest_frames(), worlds)

    def show(self, *, rotations: Floats, translations: Floats) -> None:
        """Show rotations (J, 4) and translations (J, 3) as in Motion, in the world that the subject is in.

        Bones that are no joints stay at rest relative to their parents. Neither a bone nor an object can be sheared,
        so under uneven scales the nearest rotation has to do; joints are where the motion says all the same.
        """
        world: dict[str, Matrix] = {}  # of the objects, as posed
        posed: dict[tuple[str, str], Matrix] = {}  # of the bones, in their armature
        turns: list[Matrix] = []
        heads: list[Floats] = []
        for joint, (node, parent) in enumerate(zip(self.subject.nodes, self.rig.parents)):
            turn = Quaternion(rotations[joint]).to_matrix()
            head = self.rig.rest_joints[joint] + translations[joint]
            if parent >= 0:
                head = heads[parent] + np.array(turns[parent]) @ (head - self.rig.rest_joints[parent])
                turn = turns[parent] @ turn
            turns.append(turn)
            heads.append(head)
            if node[1]:
                self._pose_bone(node, np.array(turn), head, world, posed)
            else:
                item = bpy.data.objects[node[0]]
                matrix = (turn @ Matrix(self.rest[joint, :3, :3].tolist())).to_4x4()
                matrix.translation = Vector(head)
                above = _above(item, world, posed)
                item.matrix_basis = above.inverted_safe() @ matrix
                world[item.name] = above @ item.matrix_basis
        bpy.context.view_layer.update()

    def _pose_bone(
        self,
        node: tuple[str, str],
        turn: Floats,
        head: Floats,
        world: dict[str, Matrix],
        posed: dict[tuple[str, str], Matrix],
    ) -> None:
        item = bpy.data.objects[node[0]]
        bone, to_world = item.data.bones[node[1]], _world_of(item, world, posed)
        inside = nearest_rotations(np.linalg.inv(np.array(to_world)[:3, :3]) @ turn @ self.rest_worlds[item.name])
        matrix = Matrix(inside.tolist()).to_4x4() @ bone.matrix_local
        matrix.translation = to_world.inverted() @ Vector(head)
        posed[node] = matrix
        above = {}
        if bone.parent:
            above = {
                "parent_matrix": posed[item.name, bone.parent.name],
                "parent_matrix_local": bone.parent.matrix_local,
            }
        item.pose.bones[node[1]].matrix_basis = bone.convert_local_to_pose(
            matrix, bone.matrix_local, invert=True, **above
        )


def _world_of(item: Any, world: dict[str, Matrix], posed: dict[tuple[str, str], Matrix]) -> Matrix:
    """An object's world matrix: as posed, or carried along by what it hangs from."""
    if item.name not in world:
        world[item.name] = _above(item, world, posed) @ item.matrix_basis
    return world[item.name]


def _above(item: Any, world: dict[str, Matrix], posed: dict[tuple[str, str], Matrix]) -> Matrix:
    """What an object's own transform is relative to, as a world matrix."""
    if item.parent is None:
        return Matrix.Identity(4)
    above = _world_of(item.parent, world, posed)
    node = parent_of((item.name, ""))
    if node is not None and node[1]:
        bone = item.parent.data.bones[node[1]]
        tip = Matrix.Translation((0.0, bone.length, 0.0))
        above = above @ posed.get(node, bone.matrix_local) @ tip
    return above @ item.matrix_parent_inverse
