"""How many faces a Draco bitstream says it holds: what its decoder makes room for before it looks further."""

from __future__ import annotations

from curate.gate.gltf_json import malformed

_METADATA = 0x8000


def draco_faces(data: memoryview, where: str) -> int:
    """The number of faces in the header of a mesh of bitstream version 2; a Refusal for anything else."""
    head = bytes(data[:64])
    if len(head) < 12 or head[:5] != b"DRACO":
        malformed(f"{where}: no Draco data")
    major, _minor, geometry, method = head[5:9]
    if major != 2 or geometry != 1 or method > 1:
        malformed(f"{where}: Draco data that is not a mesh of version 2")
    if int.from_bytes(head[9:11], "little") & _METADATA:
        malformed(f"{where}: Draco data with metadata, which no glTF has")
    if method == 0:  # sequential: faces, points
        return _varint(head, 11, where)[0]
    # Edgebreaker: kind of traversal, vertices, faces
    return _varint(head, _varint(head, 12, where)[1], where)[0]


def _varint(data: bytes, offset: int, where: str) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        if offset >= len(data):
            break
        byte = data[offset]
        value, offset = value | (byte & 0x7F) << shift, offset + 1
        if not byte & 0x80:
            return value, offset
    malformed(f"{where}: Draco data whose header is cut short")
