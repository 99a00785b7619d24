"""Small GLB files that are animated, and their parts."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from rigmill.types import Rig


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON and the buffer of a GLB, read independently of `rigmill.formats.glb`."""
    size = struct.unpack_from("<I", data, 12)[0]
    text, rest = data[20 : 20 + size], data[20 + size :]
    return json.loads(text), rest[8 : 8 + struct.unpack_from("<I", rest)[0]]


def tiny_glb() -> bytes:
    """Two joints under an armature node that is turned and scaled; the second has a matrix and a repeated name."""
    turn = Rotation.from_euler("x", -90, degrees=True).as_quat().tolist()
    matrix = np.eye(4)
    matrix[:3, 3] = [0, 2, 0]
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"name": "holder", "rotation": turn, "scale": [0.5, 0.5, 0.5], "children": [1]},
            {"name": "joint", "translation": [0, 1, 0], "children": [2]},
            {"name": "joint", "matrix": matrix.T.ravel().tolist()},
        ],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text


# The holder turns glTF's +Y to -Z; Blender's (x, -z, y) of (0, 0, -0.5) is (0, 0.5, 0).
TINY = Rig(
    names=("joint", "joint.001"),
    parents=np.array([-1, 0], dtype=np.int32),
    rest_joints=np.array([[0, 0.5, 0], [0, 1.5, 0]]),
)
