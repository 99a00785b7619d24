"""The jobs "what are these bytes called" and "put them into one file" for a .gltf, run in a limited child."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from curate.gate.gltf_pack import packed_parts, referenced_files
from curate.gate.preflight import sniff
from curate.gate.reading import read_bytes
from rigmill.blender.requests import PACKED_FILE, GltfItem, IdentityAnswer
from rigmill.outcomes import Refusal


def gltf_identity(item: dict[str, Any], _state: dict[str, Any], _scratch: Path) -> dict[str, Any]:
    """An IdentityAnswer to a GltfItem: the digest of what `pack_gltf` writes, or of the text where it is refused."""
    asked = GltfItem.from_item(item)
    path = Path(asked.path)
    text, files = read_bytes(path, asked.max_file_bytes), list[Path]()
    try:
        files = _beside(path, text)
        parts: Iterable[bytes] = packed_parts(text, path.parent, max_bytes=asked.max_file_bytes) if files else [text]
        sha256 = _digest(parts)
    except Refusal:
        sha256 = _digest([text])  # the job says why, and changes when the .gltf or what it lacks does
    return IdentityAnswer(sha256=sha256, files=[str(file.relative_to(path.parent)) for file in files]).to_item()


def pack_gltf_file(item: dict[str, Any], _state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Writes PACKED_FILE for a GltfItem: the .gltf with the files beside it as one GLB; a Refusal says why not."""
    asked = GltfItem.from_item(item)
    path = Path(asked.path)
    text = read_bytes(path, asked.max_file_bytes)
    with (scratch / PACKED_FILE).open("wb") as packed:
        if _beside(path, text):
            packed.writelines(packed_parts(text, path.parent, max_bytes=asked.max_file_bytes))
        else:
            packed.write(text)
    return {}


def _beside(path: Path, text: bytes) -> list[Path]:
    return referenced_files(text, path.parent) if sniff(text) == "gltf" else []


def _digest(parts: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()
