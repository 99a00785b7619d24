"""The little of binary glTF that animating a file needs: its JSON, its buffer, and where its nodes are at rest."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from rigmill.outcomes import Refusal, Reject
from rigmill.rigs import quaternions
from rigmill.types import Floats


class NotAnimatable(ValueError):
    """This GLB cannot be given this motion; the message says why."""


MAGIC = b"glTF"
TO_BLENDER = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])  # glTF axes to ours
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_FLOAT = 5126


@dataclass(slots=True)
class Glb:
    """A GLB being changed: `document` is the JSON, `binary` the stored buffer."""

    document: dict[str, Any]
    binary: bytearray

    @classmethod
    def from_bytes(cls, data: bytes) -> Glb:
        if data[:4] != MAGIC or len(data) < 20:
            raise NotAnimatable("not a binary glTF file")
        document: dict[str, Any] | None = None
        binary = bytearray()
        place = 12
        while place + 8 <= len(data):
            size, kind = struct.unpack_from("<II", data, place)
            chunk = data[place + 8 : place + 8 + size]
            if kind == _JSON and document is None:
                document = json.loads(chunk)
            elif kind == _BIN and not binary:
                binary = bytearray(chunk)
            place += 8 + size
        if not isinstance(document, dict):
            raise NotAnimatable("a binary glTF file without its JSON part")
        buffers = document.setdefault("buffers", [])
        if buffers and "uri" in buffers[0]:
            raise NotAnimatable("the first buffer of the GLB is not inside it")
        if not buffers:
            buffers.append({"byteLength": 0})
        return cls(document, binary)

    def to_bytes(self) -> bytes:
        """The file."""
        return join_glb(self.document, bytes(self.binary))

    def add_floats(self, values: Floats) -> int:
        """Append an array (T,) or (T, C) of 32-bit floats to the buffer; its accessor's index."""
        values = np.ascontiguousarray(values, dtype="<f4")
        self.binary.extend(b"\0" * (-len(self.binary) % 4))
        views, accessors = self.document.setdefault("bufferViews", []), self.document.setdefault("accessors", [])
        data = values.tobytes()
        views.append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)})
        self.binary.extend(data)
        self.document["buffers"][0]["byteLength"] = len(self.binary)
        columns = values.reshape(len(values), -1)
        accessors.append(
            {
                "bufferView": len(views) - 1,
                "componentType": _FLOAT,
                "count": len(values),
                "type": {1: "SCALAR", 3: "VEC3", 4: "VEC4"}[columns.shape[1]],
                "min": [float(value) for value in columns.min(axis=0)],
                "max": [float(value) for value in columns.max(axis=0)],
            }
        )
        return len(accessors) - 1


def join_glb(document: dict[str, Any], binary: bytes) -> bytes:
    """A GLB file of one JSON and, unless it is empty, one binary chunk; the same input gives the same bytes."""
    return b"".join((glb_head(document, len(binary)), binary, bytes(-len(binary) % 4)))


def glb_head(document: dict[str, Any], num_bytes: int) -> bytes:
    """A GLB file up to its binary content of so many bytes, which are padded with zeros to a multiple of four."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    padded = num_bytes + -num_bytes % 4
    total = 20 + len(text) + (8 + padded if num_bytes else 0)
    if total >= 2**32:
        raise Refusal(Reject.TOO_LARGE, "a GLB cannot hold more than 4 GiB", measured=float(total), limit=2.0**32)
    parts = [struct.pack("<4sIIII", MAGIC, 2, total, len(text), _JSON), text]
    if num_bytes:
        parts.append(struct.pack("<II", padded, _BIN))
    return b"".join(parts)


def split_matrix(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Translation (3,), quaternion w x y z (4,) and scale (3,) of a node's matrix (4, 4)."""
    scale = np.linalg.norm(matrix[:3, :3], axis=0)
    if np.linalg.det(matrix[:3, :3]) < 0:
        scale = -scale
    return matrix[:3, 3], quaternions.from_matrix(matrix[:3, :3] / np.where(scale == 0, 1, scale)), scale


def local_matrix(node: dict[str, Any]) -> Floats:
    """A node's transform relative to its parent, (4, 4)."""
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    turn = quaternions.to_matrix(quaternions.normalise(np.array([w, x, y, z])))
    matrix[:3, :3] = turn * np.array(node.get("scale", (1.0, 1.0, 1.0)))
    matrix[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    return matrix


def node_parents(document: dict[str, Any]) -> list[int]:
    """Every node's parent, -1 for a root."""
    parents = [-1] * len(document.get("nodes", []))
    for index, node in enumerate(document.get("nodes", [])):
        for child in node.get("children", ()):
            parents[child] = index
    return parents


def top_down(parents: list[int]) -> list[int]:
    """Node indices with parents before children."""
    depth = []
    for node in range(len(parents)):
        steps, above = 0, parents[node]
        while above >= 0 and steps <= len(parents):
            steps, above = steps + 1, parents[above]
        if steps > len(parents):
            raise NotAnimatable("the nodes of the GLB form a circle")
        depth.append(steps)
    return sorted(range(len(parents)), key=lambda node: (depth[node], node))


def rest_globals(document: dict[str, Any], parents: list[int]) -> Floats:
    """Every node's transform at rest in the scene, (N, 4, 4)."""
    rest = np.tile(np.eye(4), (len(parents), 1, 1))
    for node in top_down(parents):
        local = local_matrix(document["nodes"][node])
        rest[node] = rest[parents[node]] @ local if parents[node] >= 0 else local
    return rest
