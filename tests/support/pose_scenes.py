"""A synthetic body with 25 joints that moves in front of four cameras. Truth by scipy, not by our skeleton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from rigmill.clips.camera import camera_ring, project
from rigmill.posemaps import posemap
from rigmill.rigs.skeleton import moved_roots
from rigmill.types import Bools, Bytes, Camera, Floats, Motion, Rig

_BODY: list[tuple[str, str, tuple[float, float, float]]] = [
    ("hips", "", (0, 0, 0.53)),
    ("spine", "hips", (0, 0.01, 0.6)),
    ("chest", "spine", (0, 0.01, 0.68)),
    ("upper_chest", "chest", (0, 0.0, 0.75)),
    ("neck", "upper_chest", (0, 0.0, 0.83)),
    ("head", "neck", (0, -0.02, 0.88)),
    ("crown", "head", (0, -0.02, 1.0)),
]
for _side, _x in (("left", 1.0), ("right", -1.0)):
    _BODY += [
        (f"{_side}_shoulder", "upper_chest", (0.04 * _x, 0, 0.8)),
        (f"{_side}_arm", f"{_side}_shoulder", (0.11 * _x, 0, 0.8)),
        (f"{_side}_elbow", f"{_side}_arm", (0.26 * _x, 0.01, 0.8)),
        (f"{_side}_hand", f"{_side}_elbow", (0.41 * _x, 0, 0.8)),
        (f"{_side}_finger", f"{_side}_hand", (0.5 * _x, 0, 0.8)),
        (f"{_side}_thigh", "hips", (0.06 * _x, 0, 0.5)),
        (f"{_side}_knee", f"{_side}_thigh", (0.06 * _x, -0.01, 0.27)),
        (f"{_side}_foot", f"{_side}_knee", (0.06 * _x, 0.01, 0.05)),
        (f"{_side}_toe", f"{_side}_foot", (0.06 * _x, -0.08, 0)),
    ]


@dataclass(frozen=True)
class Scene:
    rig: Rig
    motion: Motion
    joints: Floats  # (T, J, 3)
    turns: Floats  # (T, J, 3, 3)
    cameras: tuple[Camera, ...]
    drawn: Bools
    colours: Bytes
    radius_px: float


def body() -> Rig:
    """25 joints, one unit tall, in a T-pose, facing -Y."""
    names = [name for name, *_ in _BODY]
    return Rig(
        names=tuple(names),
        parents=np.array([names.index(up) if up else -1 for _, up, _ in _BODY], dtype=np.int32),
        rest_joints=np.array([place for *_, place in _BODY], dtype=np.float64),
    )


def scene(
    num_frames: int = 81,
    *,
    width_px: int = 832,
    height_px: int = 480,
    radius_px: float = 3,
    seed: int = 0,
    twist: bool = True,
) -> Scene:
    """Smooth random rotations about all axes, seen by four cameras around the whole motion."""
    rig = body()
    rng = np.random.default_rng(seed)
    phase = np.linspace(0, 2 * np.pi, num_frames)[:, None, None]
    size = (2, rig.num_joints, 3)
    amplitude, shift = rng.normal(scale=0.22, size=size), rng.uniform(0, 6, size=size)
    waves = amplitude[0] * np.sin(phase + shift[0]) + amplitude[1] * np.sin(2 * phase + shift[1])
    rotations = Rotation.from_rotvec(waves.reshape(-1, 3))
    local = rotations.as_matrix().reshape(num_frames, rig.num_joints, 3, 3)
    translation = 0.05 * np.concatenate([np.sin(phase), np.cos(phase), np.sin(2 * phase)], axis=-1)[:, 0]
    turns, joints = local.copy(), np.zeros((num_frames, rig.num_joints, 3))
    for joint, parent in enumerate(rig.parents):
        if parent < 0:
            joints[:, joint] = rig.rest_joints[joint] + translation
        else:
            turns[:, joint] = turns[:, parent] @ local[:, joint]
            joints[:, joint] = joints[:, parent] + turns[:, parent] @ (rig.rest_joints[joint] - rig.rest_joints[parent])
    places = joints.reshape(-1, 3)
    cameras = camera_ring(
        bounds=np.stack([places.min(axis=0), places.max(axis=0)]),
        azimuths_deg=(0, 90, 180, 270),
        elevation_deg=0,
        width_px=width_px,
        height_px=height_px,
        field_of_view_deg=40,
        margin=0.08,
    )
    rest_px = np.stack([project(camera, rig.rest_joints)[0] for camera in cameras])
    drawn = np.ones(rig.num_joints, dtype=bool)
    motion = Motion(
        rotations=np.roll(rotations.as_quat(), 1, axis=-1).reshape(num_frames, rig.num_joints, 4),
        translations=moved_roots(rig.parents, translation),
        fps=16.0,
    )
    return Scene(
        rig=rig,
        motion=motion,
        joints=joints,
        turns=turns,
        cameras=cameras,
        drawn=drawn,
        colours=posemap.assign_colours(rest_px, drawn),
        radius_px=radius_px,
    )


def strewn(num_joints: int, *, seed: int, radius_px: float, reach: tuple[float, float, float], side_px: int) -> Scene:
    """12 frames of joints anywhere within `reach` of the root that turn about the vertical, seen in square pictures by
    cameras that frame half a unit to each side: joints farther out are in some views and outside others.
    """
    rng, num_frames = np.random.default_rng(seed), 12
    parents = np.array([-1, 0, *(int(rng.integers(0, joint // 2 + 1)) for joint in range(2, num_joints))], np.int32)
    rest = rng.uniform(-1, 1, (num_joints, 3)) * reach
    rest[0] = 0
    turns = np.zeros((num_frames, num_joints, 3))
    turns[..., 2] = 0.3 * np.linspace(0, 1, num_frames)[:, None] * rng.normal(size=num_joints)
    rotations = Rotation.from_rotvec(turns.reshape(-1, 3))
    local = rotations.as_matrix().reshape(num_frames, num_joints, 3, 3)
    world, joints = local.copy(), np.zeros((num_frames, num_joints, 3))
    for joint, parent in enumerate(parents[1:], start=1):
        world[:, joint] = world[:, parent] @ local[:, joint]
        joints[:, joint] = joints[:, parent] + world[:, parent] @ (rest[joint] - rest[parent])
    cameras = camera_ring(
        bounds=np.array([[-0.5] * 3, [0.5] * 3]),
        azimuths_deg=(0, 90, 180, 270),
        elevation_deg=0,
        width_px=side_px,
        height_px=side_px,
        field_of_view_deg=40,
        margin=0.08,
    )
    rig = Rig(names=tuple(f"joint_{joint}" for joint in range(num_joints)), parents=parents, rest_joints=rest)
    rest_px = np.stack([project(camera, rest)[0] for camera in cameras])
    drawn = posemap.choose_drawn(rig, rest_px, radius_px=radius_px, max_joints=num_joints)
    return Scene(
        rig=rig,
        motion=Motion(
            rotations=np.roll(rotations.as_quat(), 1, axis=-1).reshape(num_frames, num_joints, 4),
            translations=moved_roots(parents, np.zeros((num_frames, 3))),
            fps=16.0,
        ),
        joints=joints,
        turns=world,
        cameras=cameras,
        drawn=drawn,
        colours=posemap.assign_colours(rest_px, drawn),
        radius_px=radius_px,
    )


def pose_maps(made: Scene) -> Bytes:
    """The pose map videos (V, T, H, W, 3)."""
    videos = []
    for camera in made.cameras:
        pixels, depth = project(camera, made.joints)
        videos.append(
            [
                posemap.draw(
                    pixels[frame],
                    depth[frame],
                    parents=made.rig.parents,
                    drawn=made.drawn,
                    colours=made.colours,
                    width_px=camera.width_px,
                    height_px=camera.height_px,
                    radius_px=made.radius_px,
                )
                for frame in range(len(made.joints))
            ]
        )
    return np.array(videos)
