"""A made body that walks and waves, as a GLB, and the same file with faults that strangers' files have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rigmill.formats.glb import join_glb
from tests.support.files.tiny_glb import turn, unpack

X, Z = 0, 2  # glTF's axes: +Y is up, the body looks to +Z
IDENTITY = [0.0, 0.0, 0.0, 1.0]


def write_body(path: Path) -> Path:
    """The procedural biped, names as Mixamo's. Inside Blender."""
    from render.blender.procedural.make import make_asset

    made = make_asset({"group": "biped", "variant": 0, "seed": 7}, {}, path.parent)
    (path.parent / made["file"]).replace(path)
    return path


def make_body(item: dict[str, Any], _state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """`write_body` as a job of a Blender child."""
    return {"file": write_body(scratch / item["name"]).name}


def upside_down(data: bytes) -> bytes:
    """All of it hangs, at rest and in its motions."""
    return _wrapped(data, turn(X, 180))


def laid_down(data: bytes) -> bytes:
    """It rests on its side, and its motions stand it up first."""
    return _wrapped(data, turn(Z, 90), in_motions=IDENTITY)


def with_names_swapped(data: bytes) -> bytes:
    """Every left joint is called right, and the other way round."""
    document, binary = unpack(data)
    for node in document["nodes"]:
        name = node.get("name", "")
        other = name.replace("Left", "\0").replace("Right", "Left").replace("\0", "Right")
        node["name"] = other
    return join_glb(document, binary)


def _wrapped(data: bytes, rotation: Sequence[float], *, in_motions: Sequence[float] | None = None) -> bytes:
    """Below a node that is turned; `in_motions`: otherwise in every animation."""
    document, binary = unpack(data)
    scene, wrapper = document["scenes"][0], len(document["nodes"])
    document["nodes"].append({"name": "wrapper", "rotation": list(rotation), "children": scene["nodes"]})
    scene["nodes"] = [wrapper]
    if in_motions is not None:
        for animation in document["animations"]:
            for values, kind in (([[0.0]], "SCALAR"), ([in_motions], "VEC4")):
                table = np.array(values, dtype="<f4")
                binary += b"\0" * (-len(binary) % 4)
                document["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": table.nbytes})
                view = len(document["bufferViews"]) - 1
                limits = {"min": table.min(axis=0).tolist(), "max": table.max(axis=0).tolist()}
                document["accessors"].append(
                    {"bufferView": view, "componentType": 5126, "count": 1, "type": kind} | limits
                )
                binary += table.tobytes()
            last = len(document["accessors"]) - 1
            animation["channels"].append(
                {"sampler": len(animation["samplers"]), "target": {"node": wrapper, "path": "rotation"}}
            )
            animation["samplers"].append({"input": last - 1, "output": last, "interpolation": "STEP"})
        document["buffers"][0]["byteLength"] = len(binary)
    return join_glb(document, binary)
