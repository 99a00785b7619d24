"""What the tests of this room share: a worker without Blender, small glTF files, humanoid rigs."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import yaml

from rigmill.blender.client import READER, BlenderClient, Limits
from rigmill.config.schema import Profile
from rigmill.storage.files import Store
from rigmill.types import Floats, Motion, Rig, Row
from tests.support.paths import ROOT


@dataclass
class PlainWork:
    """What a worker lends, where Blender must not be needed."""

    store: Store
    output: Path
    scratch: Path

    @property
    def blender(self) -> NoReturn:
        raise AssertionError("Blender was started")

    @property
    def reader(self) -> BlenderClient:
        return _reader()

    def report(self, message: str, done: int, total: int) -> None:
        pass


@cache
def _reader() -> BlenderClient:
    """One for all tests of the process; it ends with it."""
    limits = Limits(wall_s=60, cpu_s=60, memory_bytes=2**31, file_bytes=2**28, network="best_effort")
    return BlenderClient(limits, warm=READER)


def plain_work(folder: Path) -> PlainWork:
    (folder / "scratch").mkdir(parents=True, exist_ok=True)
    return PlainWork(Store(folder / "store"), folder, folder / "scratch")


@dataclass
class Tables:
    """Products by stage."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    output: Path | None = None

    def products(self, stage: str) -> list[Row]:
        return self.rows.get(stage, [])


def demo_profile(**changes: Any) -> Profile:
    """The shipped demo profile with whole sections replaced or keys of a section changed."""
    values = yaml.safe_load((ROOT / "pipelines.yaml").read_text())["demo"]
    for key, value in changes.items():
        values[key] = values.get(key, {}) | value if isinstance(value, dict) else value
    return Profile.model_validate(values)


def glb(document: dict[str, Any] | bytes | None = None, *, binary: bytes = b"") -> bytes:
    """A binary glTF container around a JSON document."""
    if document is None:
        document = {"asset": {"version": "2.0"}}
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        binary += b"\0" * (-len(binary) % 4)
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def fbx(version: int = 7400, records: int = 3) -> bytes:
    """A binary FBX file with empty top-level records."""
    header = struct.Struct("<QQQB" if version >= 7500 else "<IIIB")
    data = b"Kaydara FBX Binary  \x00\x1a\x00" + struct.pack("<I", version)
    for _ in range(records):
        name = b"x" * (60 - header.size)
        data += header.pack(len(data) + 60, 0, 0, len(name)) + name
    return data + b"\0" * 25


# name, parent, rest position of a 1.7 m body facing -Y with its arms in a T
_BODY: list[tuple[str, str | None, tuple[float, float, float]]] = [
    ("Hips", None, (0, 0, 0.95)),
    ("Spine", "Hips", (0, 0.01, 1.05)),
    ("Spine1", "Spine", (0, 0.02, 1.18)),
    ("Spine2", "Spine1", (0, 0.02, 1.30)),
    ("Neck", "Spine2", (0, 0.01, 1.45)),
    ("Head", "Neck", (0, 0, 1.55)),
]
for _side, _sign in (("Left", 1.0), ("Right", -1.0)):
    for _part, _above, _x, _y, _z in (
        ("Shoulder", "Spine2", 0.05, 0, 1.40),
        ("Arm", "Shoulder", 0.18, 0, 1.40),
        ("ForeArm", "Arm", 0.45, 0, 1.40),
        ("Hand", "ForeArm", 0.70, 0, 1.40),
        ("HandMiddle1", "Hand", 0.80, 0, 1.40),
        ("UpLeg", "Hips", 0.10, 0, 0.90),
        ("Leg", "UpLeg", 0.10, -0.01, 0.50),
        ("Foot", "Leg", 0.10, 0.01, 0.08),
        ("ToeBase", "Foot", 0.10, -0.12, 0),
    ):
        _BODY.append((_side + _part, _above if _above in ("Spine2", "Hips") else _side + _above, (_sign * _x, _y, _z)))


def body(*, prefix: str = "mixamorig:", arm_drop_deg: float = 0.0, scale: float = 1.0, yaw_deg: float = 0.0) -> Rig:
    """A humanoid rig; the arms hang by `arm_drop_deg` under a T-pose, and the whole body is turned about Z."""
    joints = {name: np.array(position, dtype=np.float64) for name, _, position in _BODY}
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        angle = np.radians(arm_drop_deg) * sign
        turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        pivot = joints[f"{side}Arm"].copy()
        for part in ("ForeArm", "Hand", "HandMiddle1"):
            joints[f"{side}{part}"] = pivot + turn @ (joints[f"{side}{part}"] - pivot)
    yaw = np.radians(yaw_deg)
    about_z = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    order = [name for name, _, _ in _BODY]
    return Rig(
        names=tuple(prefix + name for name in order),
        parents=np.array([-1 if above is None else order.index(above) for _, above, _ in _BODY], dtype=np.int32),
        rest_joints=np.stack([about_z @ joints[name] for name in order]) * scale,
    )


def random_motion(num_joints: int, *, num_frames: int = 7, seed: int = 0, fps: float = 16.0) -> Motion:
    """Turns of up to about a radian around random axes, and a wandering root."""
    random = np.random.default_rng(seed)
    quaternions = np.concatenate(
        [np.ones((num_frames, num_joints, 1)), random.normal(scale=0.3, size=(num_frames, num_joints, 3))], axis=-1
    )
    quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
    translations = np.zeros((num_frames, num_joints, 3))
    translations[:, 0] = random.normal(scale=0.1, size=(num_frames, 3))
    return Motion(rotations=quaternions, translations=translations, fps=fps)


def scipy_positions(rig: Rig, motion: Motion) -> Floats:
    """Joint positions (T, J, 3) by the definition of `Motion`, one joint at a time, with scipy's rotations."""
    from scipy.spatial.transform import Rotation

    num_frames = len(motion.rotations)
    positions = np.zeros((num_frames, rig.num_joints, 3))
    for frame in range(num_frames):
        turns: list[Rotation] = []
        for joint, parent in enumerate(rig.parents):
            own = Rotation.from_quat(motion.rotations[frame, joint], scalar_first=True)
            if parent < 0:
                turns.append(own)
                positions[frame, joint] = rig.rest_joints[joint] + motion.translations[frame, joint]
            else:
                offset = rig.rest_joints[joint] - rig.rest_joints[parent] + motion.translations[frame, joint]
                turns.append(turns[parent] * own)
                positions[frame, joint] = positions[frame, parent] + turns[parent].apply(offset)
    return positions
