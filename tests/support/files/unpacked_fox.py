"""A file of the test assets with parts left out."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from tests.support.paths import ASSETS

FOX = ASSETS / "Fox.glb"


def unpacked(folder: Path, *without: str) -> Path:
    """The fox as .gltf with its buffer beside it, lacking some parts of the document."""
    data = FOX.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + length])
    (folder / "fox.bin").write_bytes(data[20 + length + 8 :])
    document["buffers"][0]["uri"] = "fox.bin"
    for name in without:
        del document[name]
        if name == "skins":
            for node in document["nodes"]:
                node.pop("skin", None)
    (folder / "fox.gltf").write_text(json.dumps(document))
    return folder / "fox.gltf"
