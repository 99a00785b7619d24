"""Where the nodes of a GLB are at a moment, by the file's own numbers: numpy and scipy, no Blender, no code of ours."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from tests.support.files.tiny_glb import unpack

_TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTH = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


def node_places(data: bytes, animation: str | None, time_s: float) -> dict[str, Any]:
    """Every named node's world position in Blender's axes (x, -z, y); `animation` None is the rest."""
    document, binary = unpack(data)
    locals_ = [_local(node) for node in document["nodes"]]
    for channel in next((item for item in document.get("animations", []) if item["name"] == animation), {}).get(
        "channels", []
    ):
        found = next(item for item in document["animations"] if item["name"] == animation)
        sampler = found["samplers"][channel["sampler"]]
        times = _read(document, binary, sampler["input"])[:, 0].astype(np.float64)
        values = _read(document, binary, sampler["output"]).astype(np.float64)
        now = np.clip(time_s, times[0], times[-1])
        kind, target = channel["target"]["path"], locals_[channel["target"]["node"]]
        if kind == "rotation":
            target[kind] = Slerp(times, Rotation.from_quat(values))(now).as_matrix() if len(times) > 1 else target[kind]
        else:
            target[kind] = np.array([np.interp(now, times, column) for column in values.T])
    parents = {child: index for index, node in enumerate(document["nodes"]) for child in node.get("children", ())}
    places = {}
    for index, node in enumerate(document["nodes"]):
        matrix, above = np.eye(4), index
        while above is not None:
            matrix = _matrix(locals_[above]) @ matrix
            above = parents.get(above)
        if node.get("name"):
            places[node["name"]] = np.array([matrix[0, 3], -matrix[2, 3], matrix[1, 3]])
    return places


def _local(node: dict[str, Any]) -> dict[str, Any]:
    return {
        "matrix": np.array(node["matrix"]).reshape(4, 4).T if "matrix" in node else None,
        "translation": np.array(node.get("translation", (0, 0, 0)), dtype=np.float64),
        "rotation": Rotation.from_quat(node.get("rotation", (0, 0, 0, 1))).as_matrix(),
        "scale": np.array(node.get("scale", (1, 1, 1)), dtype=np.float64),
    }


def _matrix(local: dict[str, Any]) -> Any:
    if local["matrix"] is not None:
        return local["matrix"]
    matrix = np.eye(4)
    matrix[:3, :3] = local["rotation"] * local["scale"]
    matrix[:3, 3] = local["translation"]
    return matrix


def _read(document: dict[str, Any], binary: bytes, index: int) -> Any:
    accessor = document["accessors"][index]
    view, width = document["bufferViews"][accessor["bufferView"]], _WIDTH[accessor["type"]]
    kind = np.dtype(_TYPES[accessor["componentType"]])
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    stride = view.get("byteStride", kind.itemsize * width)
    rows = [np.frombuffer(binary, kind, width, start + row * stride) for row in range(accessor["count"])]
    return np.array(rows)
