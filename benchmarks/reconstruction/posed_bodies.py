"""Bodies of 25, 65 and 150 joints with skins, moving at random before four cameras; truth by scipy.

The 25 are Mixamo's body, the 65 have its 20 joints a hand, the 150 also hair, a skirt and a tail. The cameras are
bpy-renderer's: 49.13 degrees over the width, 2.7 from the middle of a subject whose largest extent over the clip is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from rigmill.clips.camera import focal_length_px, look_direction, project, view_rotation
from rigmill.posemaps import posemap
from rigmill.types import Bools, Bytes, Camera, Floats, Ints, Motion, Rig

WIDTH_PX, HEIGHT_PX, FPS = 832, 480, 16.0
FIELD_OF_VIEW_DEG, DISTANCE = 49.13, 2.7
MAX_DRAWN, RADIUS_PX = 64, 3.0  # of the profile `paper`
SIZES = (25, 65, 150)
_FINGERS = {
    "Thumb": (-0.035, 0.02),
    "Index": (-0.027, 0.055),
    "Middle": (-0.009, 0.06),
    "Ring": (0.009, 0.055),
    "Pinky": (0.027, 0.05),
}  # in front of and beyond the hand
_SIDES, _ALONG = 8, 5  # corners round and rings along a capsule
Joint = tuple[str, str, tuple[float, float, float]]


@dataclass(frozen=True)
class Skin:
    """A mesh that follows the joints: one capsule a bone. M vertices."""

    vertices: Floats  # (M, 3) at rest
    joints: Ints  # (M, 2)
    weights: Floats  # (M, 2), sum 1

    def posed(self, rig: Rig, places: Floats, turns: Floats) -> Floats:
        """The vertices (T, M, 3) for joints (T, J, 3) and world turns (T, J, 3, 3): linear blend skinning."""
        total = np.zeros((len(places), *self.vertices.shape))
        for joints, weights in zip(self.joints.T, self.weights.T):
            around = self.vertices - rig.rest_joints[joints]
            total += weights[:, None] * (np.einsum("tmij,mj->tmi", turns[:, joints], around) + places[:, joints])
        return total


@dataclass(frozen=True)
class Take:
    """A moving body before cameras. T frames, J joints, V views."""

    rig: Rig
    motion: Motion
    joints: Floats  # (T, J, 3) world
    turns: Floats  # (T, J, 3, 3)
    cameras: tuple[Camera, ...]
    joints_px: Floats  # (V, T, J, 2)
    depth: Floats  # (V, T, J)
    drawn: Bools  # (J,)
    is_body: Bools  # (J,) one of the 25
    colours: Bytes  # (J, 3)
    radius_px: float = RADIUS_PX

    def maps(self, damage: Callable[[Bytes], Bytes] | None = None) -> Bytes:
        """The pose maps (V, T, H, W, 3), one view after the other passed through `damage`."""
        num_views, num_frames = self.depth.shape[:2]
        maps = np.empty((num_views, num_frames, HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
        for view in range(num_views):
            for frame in range(num_frames):
                maps[view, frame] = posemap.draw(
                    self.joints_px[view, frame],
                    self.depth[view, frame],
                    parents=self.rig.parents,
                    drawn=self.drawn,
                    colours=self.colours,
                    width_px=WIDTH_PX,
                    height_px=HEIGHT_PX,
                    radius_px=self.radius_px,
                )
            if damage is not None:
                maps[view] = damage(maps[view])
        return maps


def _body() -> list[Joint]:
    found: list[Joint] = [
        ("Hips", "", (0, 0, 0.53)),
        ("Spine", "Hips", (0, 0.01, 0.59)),
        ("Spine1", "Spine", (0, 0.012, 0.66)),
        ("Spine2", "Spine1", (0, 0.01, 0.73)),
        ("Neck", "Spine2", (0, 0, 0.82)),
        ("Head", "Neck", (0, -0.02, 0.87)),
        ("HeadTop_End", "Head", (0, -0.02, 1.0)),
    ]
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        found += [
            (f"{side}Shoulder", "Spine2", (0.035 * sign, 0, 0.8)),
            (f"{side}Arm", f"{side}Shoulder", (0.1 * sign, 0, 0.8)),
            (f"{side}ForeArm", f"{side}Arm", (0.25 * sign, 0.01, 0.8)),
            (f"{side}Hand", f"{side}ForeArm", (0.39 * sign, 0, 0.8)),
            (f"{side}UpLeg", "Hips", (0.055 * sign, 0, 0.5)),
            (f"{side}Leg", f"{side}UpLeg", (0.06 * sign, -0.01, 0.28)),
            (f"{side}Foot", f"{side}Leg", (0.06 * sign, 0.015, 0.06)),
            (f"{side}ToeBase", f"{side}Foot", (0.06 * sign, -0.05, 0.015)),
            (f"{side}Toe_End", f"{side}ToeBase", (0.06 * sign, -0.09, 0.012)),
        ]
    return found


def _fingers() -> list[Joint]:
    found: list[Joint] = []
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        for name, (across, along) in _FINGERS.items():
            up = f"{side}Hand"
            thumb = name == "Thumb"
            for number in range(4):
                reach = along + number * (0.022 if name == "Middle" else 0.019)
                found.append(
                    (
                        f"{up}{name}{number + 1}",
                        up if number == 0 else f"{up}{name}{number}",
                        ((0.39 + reach) * sign, across - (0.012 * number if thumb else 0.0), 0.8),
                    )
                )
    return found


def _hair_skirt_tail() -> list[Joint]:
    found: list[Joint] = []
    for strand in range(9):
        angle = np.pi * strand / 8  # round the back of the head
        x, y = 0.075 * np.cos(angle), 0.075 * np.sin(angle)
        for number in range(5):
            found.append(
                (
                    f"Hair{strand}_{number}",
                    "Head" if number == 0 else f"Hair{strand}_{number - 1}",
                    (x * (1 + 0.1 * number), y * (1 + 0.1 * number) - 0.02, 0.97 - 0.04 * number),
                )
            )
    for panel in range(8):
        angle = 2 * np.pi * (panel + 0.5) / 8
        for number in range(4):
            radius = 0.09 + 0.025 * number
            found.append(
                (
                    f"Skirt{panel}_{number}",
                    "Hips" if number == 0 else f"Skirt{panel}_{number - 1}",
                    (radius * np.cos(angle), radius * np.sin(angle), 0.52 - 0.055 * number),
                )
            )
    for number in range(8):
        found.append(
            (
                f"Tail{number}",
                "Hips" if number == 0 else f"Tail{number - 1}",
                (0, 0.07 + 0.045 * number, 0.53 - 0.02 * number),
            )
        )
    return found


def body(num_joints: int) -> Rig:
    """The rig with 25, 65 or 150 joints, one unit tall, in a T-pose, facing -Y."""
    made = _body() + (_fingers() if num_joints > 25 else []) + (_hair_skirt_tail() if num_joints > 65 else [])
    names = [name for name, *_ in made]
    assert len(names) == len(set(names)) == num_joints
    return Rig(
        names=tuple(names),
        parents=np.array([names.index(up) if up else -1 for _, up, _ in made], dtype=np.int32),
        rest_joints=np.array([place for *_, place in made], dtype=np.float64),
    )


def skin(rig: Rig) -> Skin:
    """Capsules along all bones, and beyond hands without fingers; a capsule's start follows the joint above as well."""
    bones = [(int(up), rig.rest_joints[up], rig.rest_joints[joint]) for joint, up in enumerate(rig.parents) if up >= 0]
    for joint, name in enumerate(rig.names):
        if name.endswith("Hand") and joint not in rig.parents:
            start = rig.rest_joints[joint]
            bones.append((joint, start, start + [np.sign(start[0]) * 0.09, 0, 0]))
    vertices, joints, weights = [], [], []
    for joint, start, end in bones:
        way = end - start
        length = float(np.linalg.norm(way))
        across = np.cross(way, np.eye(3)[np.argmin(np.abs(way))])
        across *= min(0.25 * length, 0.04) / np.linalg.norm(across)
        other = np.cross(way, across) / length
        above = int(rig.parents[joint]) if rig.parents[joint] >= 0 else joint
        for step in range(_ALONG):
            share = step / (_ALONG - 1)
            for angle in 2 * np.pi * np.arange(_SIDES) / _SIDES:
                vertices.append(start + share * way + np.cos(angle) * across + np.sin(angle) * other)
                joints.append((joint, above))
                weights.append(min(1.0, 0.5 + 2 * share))
    share = np.array(weights)
    return Skin(np.array(vertices), np.array(joints), np.stack([share, 1 - share], axis=-1))


def random_motion(rig: Rig, *, num_frames: int, seed: int, twist: float = 1.0) -> tuple[Motion, Floats, Floats]:
    """A motion, its joints (T, J, 3) and world turns (T, J, 3, 3): rotations of the lowest three frequencies.

    A joint's rotation vector has a deviation of 15 degrees an axis; `twist` scales what of it is along the bone.
    """
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * np.arange(num_frames)[:, None, None] / max(num_frames, 2)
    vectors = np.zeros((num_frames, rig.num_joints, 3))
    for frequency in (1, 2, 3):
        size = rng.normal(scale=np.radians(15) * np.sqrt(2 / 3), size=(rig.num_joints, 3))
        vectors += size * np.sin(frequency * phase + rng.uniform(0, 2 * np.pi, size=(rig.num_joints, 3)))
    for joint in range(rig.num_joints):
        below = np.flatnonzero(rig.parents == joint)
        if len(below):
            bone = rig.rest_joints[below[0]] - rig.rest_joints[joint]
            bone = bone / np.linalg.norm(bone)
            vectors[:, joint] -= (1 - twist) * (vectors[:, joint] @ bone)[:, None] * bone
    own = Rotation.from_rotvec(vectors.reshape(-1, 3))
    turns = own.as_matrix().reshape(num_frames, rig.num_joints, 3, 3)
    quaternions = own.as_quat(scalar_first=True).reshape(num_frames, rig.num_joints, 4)
    root = 0.04 * np.concatenate([np.sin(phase), np.cos(phase), np.sin(2 * phase)], axis=-1)[:, 0]
    joints = np.zeros((num_frames, rig.num_joints, 3))
    for joint, up in enumerate(rig.parents):
        if up < 0:
            joints[:, joint] = rig.rest_joints[joint] + root
        else:
            joints[:, joint] = joints[:, up] + turns[:, up] @ (rig.rest_joints[joint] - rig.rest_joints[up])
            turns[:, joint] = turns[:, up] @ turns[:, joint]
    translations = np.where((rig.parents < 0)[None, :, None], root[:, None], 0.0)
    return Motion(rotations=quaternions, translations=translations, fps=FPS), joints, turns


def cameras_around(joints: Floats) -> tuple[Camera, ...]:
    """The four cameras of a subject with these joints (..., 3)."""
    places = joints.reshape(-1, 3)
    low, high = places.min(axis=0), places.max(axis=0)
    focal = focal_length_px(WIDTH_PX, HEIGHT_PX, FIELD_OF_VIEW_DEG)
    intrinsics = np.array([[focal, 0, WIDTH_PX / 2], [0, focal, HEIGHT_PX / 2], [0, 0, 1.0]])
    cameras = []
    for azimuth in (0.0, 90.0, 180.0, 270.0):
        towards = look_direction(azimuth)
        world_to_view = np.eye(4)
        world_to_view[:3, :3] = view_rotation(towards)
        centre = (low + high) / 2 + DISTANCE * (high - low).max() * towards
        world_to_view[:3, 3] = -world_to_view[:3, :3] @ centre
        cameras.append(Camera(azimuth, intrinsics, world_to_view, WIDTH_PX, HEIGHT_PX))
    return tuple(cameras)


def take(num_joints: int, *, num_frames: int = 81, seed: int = 0, twist: float = 1.0, draw_all: bool = False) -> Take:
    """A body of so many joints in motion; which joints are drawn and in which colours is chosen as when rendering."""
    rig = body(num_joints)
    motion, joints, turns = random_motion(rig, num_frames=num_frames, seed=seed, twist=twist)
    cameras = cameras_around(joints)
    rest_px = np.stack([project(camera, rig.rest_joints)[0] for camera in cameras])
    drawn = np.ones(num_joints, dtype=np.bool_)
    if not draw_all:
        drawn = posemap.choose_drawn(rig, rest_px, radius_px=RADIUS_PX, max_joints=MAX_DRAWN)
    projected = [project(camera, joints) for camera in cameras]
    return Take(
        rig=rig,
        motion=motion,
        joints=joints,
        turns=turns,
        cameras=cameras,
        joints_px=np.stack([item[0] for item in projected]),
        depth=np.stack([item[1] for item in projected]),
        drawn=drawn,
        is_body=np.arange(num_joints) < 25,
        colours=posemap.assign_colours(rest_px, drawn),
    )
