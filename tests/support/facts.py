"""The same motion otherwise: turned, scaled, moved, mirrored, reversed, its joints in another order, at other rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from rigmill.facts.facts import MotionFacts
from rigmill.facts.measure import measure
from rigmill.types import Floats, Motion, Rig


@dataclass(frozen=True)
class Played:
    """A rig with a motion, and its declared map."""

    rig: Rig
    motion: Motion
    humanoid: Mapping[str, str]

    def facts(self, joints: Floats | None = None) -> MotionFacts:
        return measure(self.rig, self.motion, joints=joints, humanoid=self.humanoid)


def turned(played: Played, yaw_deg: float) -> Played:
    """The whole, turned about the world's Z."""
    way = Rotation.from_euler("z", yaw_deg, degrees=True)
    rotations = played.motion.rotations.copy()
    rotations[..., 1:] = way.apply(rotations[..., 1:].reshape(-1, 3)).reshape(rotations[..., 1:].shape)
    slides = way.apply(played.motion.translations.reshape(-1, 3)).reshape(played.motion.translations.shape)
    rig = replace(played.rig, rest_joints=way.apply(played.rig.rest_joints))
    return replace(played, rig=rig, motion=Motion(rotations, slides, played.motion.fps))


def scaled(played: Played, factor: float) -> Played:
    motion = replace(played.motion, translations=played.motion.translations * factor)
    return replace(played, rig=replace(played.rig, rest_joints=played.rig.rest_joints * factor), motion=motion)


def moved(played: Played, way: Floats) -> Played:
    return replace(played, rig=replace(played.rig, rest_joints=played.rig.rest_joints + way))


def reordered(played: Played) -> Played:
    """Another order of the joints, parents still first: siblings the other way round."""
    parents = played.rig.parents
    order: list[int] = []
    waiting = sorted(int(joint) for joint in np.flatnonzero(parents < 0))
    while waiting:
        joint = waiting.pop()
        order.append(joint)
        waiting += [int(child) for child in np.flatnonzero(parents == joint)]
    place = {joint: number for number, joint in enumerate(order)}
    rig = Rig(
        tuple(played.rig.names[joint] for joint in order),
        np.array([place[int(parents[joint])] if parents[joint] >= 0 else -1 for joint in order], dtype=np.int32),
        played.rig.rest_joints[order],
    )
    motion = Motion(played.motion.rotations[:, order], played.motion.translations[:, order], played.motion.fps)
    return replace(played, rig=rig, motion=motion)


def with_leaves(played: Played, offset: Floats) -> Played:
    """One more joint at the end of every chain, as exporters write, that never moves by itself."""
    leaves = sorted(set(range(played.rig.num_joints)) - set(played.rig.parents.tolist()))
    rig = Rig(
        (*played.rig.names, *(f"{played.rig.names[leaf]}_end" for leaf in leaves)),
        np.concatenate([played.rig.parents, np.array(leaves, dtype=np.int32)]),
        np.concatenate([played.rig.rest_joints, played.rig.rest_joints[leaves] + offset]),
    )
    num_frames = len(played.motion.rotations)
    still = np.tile([1.0, 0, 0, 0], (num_frames, len(leaves), 1))
    motion = Motion(
        np.concatenate([played.motion.rotations, still], axis=1),
        np.concatenate([played.motion.translations, np.zeros((num_frames, len(leaves), 3))], axis=1),
        played.motion.fps,
    )
    return replace(played, rig=rig, motion=motion)


def at_rate(played: Played, fps: float) -> Played:
    """The motion sampled at another rate."""
    num = len(played.motion.rotations)
    before = np.arange(num) / played.motion.fps
    after = np.arange(int(before[-1] * fps + 1e-9) + 1) / fps
    rotations = np.stack(
        [
            Slerp(before, Rotation.from_quat(played.motion.rotations[:, joint], scalar_first=True))(after).as_quat(
                scalar_first=True
            )
            for joint in range(played.rig.num_joints)
        ],
        axis=1,
    )
    flat = played.motion.translations.reshape(num, -1)
    slides = np.stack([np.interp(after, before, column) for column in flat.T], axis=1).reshape(len(after), -1, 3)
    return replace(played, motion=Motion(rotations, slides, fps))


def reverse(played: Played) -> Played:
    motion = Motion(played.motion.rotations[::-1], played.motion.translations[::-1], played.motion.fps)
    return replace(played, motion=motion)


def mirrored(played: Played) -> Played:
    """What a mirror across X shows, each joint called by the name of its partner."""
    flip = np.array([-1.0, 1.0, 1.0])
    rig = replace(played.rig, rest_joints=played.rig.rest_joints * flip, names=tuple(map(other_side, played.rig.names)))
    rotations = played.motion.rotations * np.array([1.0, 1.0, -1.0, -1.0])
    motion = Motion(rotations, played.motion.translations * flip, played.motion.fps)
    named = {other_side(bone): other_side(joint) for bone, joint in played.humanoid.items()}
    return Played(rig, motion, named)


def other_side(name: str) -> str:
    """'LeftArm' -> 'RightArm', 'wing_1.L' -> 'wing_1.R', 'forward_left' -> 'forward_right'."""
    for one, other in (("left", "right"), ("Left", "Right"), (".L", ".R")):
        if one in name:
            return name.replace(one, other)
        if other in name:
            return name.replace(other, one)
    return name
