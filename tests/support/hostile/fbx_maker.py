"""Writes FBX files, sound or hostile: a node is (name, properties, children)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

MAGIC = b"Kaydara FBX Binary  \x00\x1a\x00"
Node = tuple[str, Sequence[Any], Sequence[Any]]


class Raw(bytes):
    """A property as its own bytes, type code included."""


def array(code: str, values: bytes, count: int, *, packed: bool = True, length: int | None = None) -> Raw:
    """An array property; `count` is what it claims to hold, `length` what it claims to be packed into."""
    data = zlib.compress(values, 9) if packed else values
    claimed = len(data) if length is None else length
    return Raw(code.encode() + struct.pack("<III", count, int(packed), claimed) + data)


def _property(value: Any) -> bytes:
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, bytes):
        return b"R" + struct.pack("<I", len(value)) + value
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogateescape")
        return b"S" + struct.pack("<I", len(data)) + data
    if isinstance(value, float):
        return b"D" + struct.pack("<d", value)
    return b"L" + struct.pack("<q", value)


def _record(node: Node, offset: int, wide: bool) -> bytes:
    name, properties, children = node
    head = struct.Struct("<QQQB" if wide else "<IIIB")
    body = b"".join(map(_property, properties))
    size = head.size + len(name)
    inner = bytearray()
    for child in children:
        inner += _record(child, offset + size + len(body) + len(inner), wide)
    if children:
        inner += bytes(head.size)
    end = offset + size + len(body) + len(inner)
    return head.pack(end, len(properties), len(body), len(name)) + name.encode() + body + bytes(inner)


def fbx_file(nodes: Sequence[Node], version: int = 7400) -> bytes:
    """A binary FBX file of these top-level nodes."""
    data = MAGIC + struct.pack("<I", version)
    for node in nodes:
        data += _record(node, len(data), version >= 7500)
    return data + bytes(25 if version >= 7500 else 13) + bytes(160)


def triangle(*, texture: str = "", relative: str = "", content: bytes = b"", extra: Sequence[Node] = ()) -> list[Node]:
    """The nodes of a mesh of one triangle with a material that shows a texture."""
    corners = struct.pack("<9d", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    objects: list[Node] = [
        (
            "Geometry",
            [1, "Tri\0\1Geometry", "Mesh"],
            [
                ("Vertices", [array("d", corners, 9)], []),
                ("PolygonVertexIndex", [array("i", struct.pack("<3i", 0, 1, -3), 3)], []),
            ],
        ),
        ("Model", [2, "Tri\0\1Model", "Mesh"], []),
        ("Material", [3, "Mat\0\1Material", ""], [("ShadingModel", ["phong"], [])]),
        (
            "Texture",
            [4, "Tex\0\1Texture", ""],
            [("FileName", [texture], []), ("RelativeFilename", [relative or texture], [])],
        ),
        (
            "Video",
            [5, "Vid\0\1Video", "Clip"],
            [
                ("Filename", [texture], []),
                ("RelativeFilename", [relative or texture], []),
                *([("Content", [content], [])] if content else []),
            ],
        ),
        *extra,
    ]
    links = [("OO", 2, 0), ("OO", 1, 2), ("OO", 3, 2), ("OP", 4, 3, "DiffuseColor"), ("OO", 5, 4)]
    return [
        ("FBXHeaderExtension", [], [("FBXHeaderVersion", [1003], []), ("FBXVersion", [7400], [])]),
        ("Objects", [], objects),
        ("Connections", [], [("C", list(link), []) for link in links]),
    ]
