"""Small GLB files made of boxes and animated nodes, and changes to existing ones; all by hand, without Blender."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

_BOX = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], dtype="<f4")
_FACES = np.array(
    [
        [0, 1, 3],
        [0, 3, 2],
        [4, 6, 7],
        [4, 7, 5],
        [0, 4, 5],
        [0, 5, 1],
        [2, 3, 7],
        [2, 7, 6],
        [0, 2, 6],
        [0, 6, 4],
        [1, 5, 7],
        [1, 7, 3],
    ],
    dtype="<u2",
)


@dataclass
class TinyGlb:
    """Nodes and animations of a scene; mesh 0 is a box with sides of 1. glTF axes: +Y up."""

    nodes: list[dict[str, Any]]
    animations: list[dict[str, Any]] = field(default_factory=list)
    binary: bytearray = field(default_factory=bytearray)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = self._add(_BOX, "VEC3", 5126, bounds=True)
        self.faces = self._add(_FACES.reshape(-1), "SCALAR", 5123)

    def _add(self, values: Any, kind: str, component: int, *, bounds: bool = False) -> int:
        self.binary.extend(b"\0" * (-len(self.binary) % 4))
        self.views.append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": values.nbytes})
        self.binary.extend(values.tobytes())
        accessor = {"bufferView": len(self.views) - 1, "componentType": component, "count": len(values), "type": kind}
        if bounds:
            table = values.reshape(len(values), -1)
            accessor |= {"min": table.min(axis=0).tolist(), "max": table.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def animate(self, name: str, node: int, path: str, times_s: Sequence[float], values: Any) -> None:
        """Add a channel to the animation of this name."""
        known = next((item for item in self.animations if item["name"] == name), None)
        if known is None:
            known = {"name": name, "channels": [], "samplers": []}
            self.animations.append(known)
        times = self._add(np.array(times_s, dtype="<f4"), "SCALAR", 5126, bounds=True)
        output = self._add(np.array(values, dtype="<f4"), "VEC4" if path == "rotation" else "VEC3", 5126)
        known["channels"].append({"sampler": len(known["samplers"]), "target": {"node": node, "path": path}})
        known["samplers"].append({"input": times, "output": output, "interpolation": "LINEAR"})

    def write(self, path: Path) -> Path:
        inside = {child for node in self.nodes for child in node.get("children", ())}
        document = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "nodes": self.nodes,
            "scenes": [{"nodes": [index for index in range(len(self.nodes)) if index not in inside]}],
            "meshes": [
                {"name": "box", "primitives": [{"attributes": {"POSITION": self.places}, "indices": self.faces}]}
            ],
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self.binary)}],
        }
        if self.animations:
            document["animations"] = self.animations
        path.write_bytes(pack(document, bytes(self.binary)))
        return path


def unpack(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON and the buffer of a GLB."""
    (size,) = struct.unpack_from("<I", data, 12)
    rest = data[20 + size :]
    return json.loads(data[20 : 20 + size]), rest[8 : 8 + struct.unpack_from("<I", rest)[0]] if rest else b""


def pack(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    return b"".join(
        [
            struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(binary)),
            struct.pack("<II", len(text), 0x4E4F534A),
            text,
            struct.pack("<II", len(binary), 0x004E4942),
            binary,
        ]
    )


def turn(axis: int, degrees: float) -> list[float]:
    """A glTF quaternion x y z w."""
    half = np.radians(degrees) / 2
    quaternion = [0.0, 0.0, 0.0, float(np.cos(half))]
    quaternion[axis] = float(np.sin(half))
    return quaternion


def door() -> TinyGlb:
    """Wrappers, a standing frame, and a door that swings about +Y with a handle fixed to it.

    At rest the door is closed (0 degrees); its motion runs from 30 to 90 degrees and never shows the rest.
    """
    made = TinyGlb(
        [
            {"name": "wrapper", "children": [1], "scale": [2, 2, 2]},
            {"name": "cabinet", "children": [2, 3]},
            {"name": "frame", "mesh": 0, "scale": [2, 3, 0.2]},
            {"name": "hinge", "children": [4], "translation": [-0.5, 0, 0.2]},
            {"name": "leaf", "mesh": 0, "translation": [0.5, 0, 0], "scale": [1, 2, 0.1], "children": [5]},
            {"name": "handle", "mesh": 0, "translation": [0.4, 0, 1], "scale": [0.1, 0.05, 1]},
        ]
    )
    made.animate("open", 3, "rotation", [0, 1, 2], [turn(1, 30), turn(1, 60), turn(1, 90)])
    return made


def doors_hung_from(side: float) -> TinyGlb:
    """A box two units wide with two doors that turn by 15 degrees about joints `side` units to its left and right."""
    nodes: list[dict[str, Any]] = [
        {"name": "cabinet", "children": [1, 2, 4]},
        {"name": "frame", "mesh": 0, "scale": [2, 2, 1]},
    ]
    for name, sign in (("left", -1), ("right", 1)):
        leaf = {"mesh": 0, "translation": [sign * (0.5 - side), 0, 0], "scale": [0.9, 1.8, 0.1]}
        nodes += [
            {"name": name, "translation": [sign * side, 0, 0.6], "children": [len(nodes) + 1]},
            {"name": f"{name} leaf"} | leaf,
        ]
    made = TinyGlb(nodes)
    for node, sign in ((2, -1), (4, 1)):
        made.animate("open", node, "rotation", [0, 1, 2], [turn(1, sign * angle) for angle in (0, 8, 15)])
    return made
