"""GLB files built number by number, for readers of glTF: any accessor, any attribute, any animation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.support.files.tiny_glb import pack

_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_COMPONENTS = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125, "float32": 5126}
TRIANGLE = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


@dataclass
class CraftedGlb:
    """A document whose lists are filled by hand, and the buffer behind its accessors."""

    document: dict[str, Any] = field(
        default_factory=lambda: {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [],
            "meshes": [],
            "accessors": [],
            "bufferViews": [],
            "materials": [],
            "skins": [],
        }
    )
    binary: bytearray = field(default_factory=bytearray)

    def view(self, data: bytes, **more: Any) -> int:
        self.binary.extend(b"\0" * (-len(self.binary) % 4))
        self.document["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data), **more}
        )
        self.binary.extend(data)
        return len(self.document["bufferViews"]) - 1

    def accessor(self, values: Any, dtype: str = "float32", **more: Any) -> int:
        table = np.array(values, dtype)
        table = table.reshape(len(table), -1)
        entry = {"componentType": _COMPONENTS[dtype], "count": len(table), "type": _TYPES[table.shape[1]]}
        self.document["accessors"].append(entry | {"bufferView": self.view(table.tobytes())} | more)
        return len(self.document["accessors"]) - 1

    def mesh(self, *primitives: dict[str, Any], **more: Any) -> int:
        self.document["meshes"].append({"primitives": list(primitives), **more})
        return len(self.document["meshes"]) - 1

    def triangle(self, places: Any = TRIANGLE, **attributes: int) -> dict[str, Any]:
        return {"attributes": {"POSITION": self.accessor(places), **attributes}}

    def node(self, **entry: Any) -> int:
        self.document["nodes"].append(entry)
        return len(self.document["nodes"]) - 1

    def animate(self, node: int, path: str, times_s: Any, values: Any, interpolation: str | None = None) -> None:
        """Add a channel to the first animation."""
        animation = self.document.setdefault("animations", [{"channels": [], "samplers": []}])[0]
        times = np.array(times_s, dtype="f4")
        output = np.array(values, dtype="f4")
        width = 1 if path == "weights" else output.shape[-1]
        sampler = {"input": self.accessor(times), "output": self.accessor(output.reshape(-1, width))}
        if interpolation:
            sampler["interpolation"] = interpolation
        animation["channels"].append({"sampler": len(animation["samplers"]), "target": {"node": node, "path": path}})
        animation["samplers"].append(sampler)

    def to_bytes(self) -> bytes:
        self.document["buffers"] = [{"byteLength": len(self.binary)}]
        return pack({key: value for key, value in self.document.items() if value != []}, bytes(self.binary))
