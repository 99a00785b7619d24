"""GLBs written anew: at another rate, at another place, or of vertices alone."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from eval.bodies.body import Look
from eval.bodies.gltf.animation import ROTATION
from eval.bodies.importers.align import Similarity
from eval.bodies.play import Film
from eval.bodies.unplayable import Unplayable
from rigmill.formats.glb import TO_BLENDER, Glb, join_glb
from rigmill.types import Bytes, Floats, Ints

_ENOUGH = 0.5  # frames that a motion may end before the clip does


def retimed(data: bytes, *, fps: float, num_frames: int) -> bytes:
    """The GLB with its first animation keyed once a frame, at its own speed from its first key on, and no other.

    A longer motion is cut; a shorter one is `Unplayable`, since nobody knows what would follow.
    """
    film = Film.of(data)
    if not len(film.keys):
        raise Unplayable("it has no animation")
    start, end = float(film.keys[0]), float(film.keys[-1])
    if (end - start) * fps < num_frames - 1 - _ENOUGH:
        raise Unplayable(f"it lasts {end - start:.2f} s, and the clip {(num_frames - 1) / fps:.2f} s")
    times = np.arange(num_frames) / fps
    glb = Glb.from_bytes(data)
    keys = glb.add_floats(times)
    channels, samplers = [], []
    for node, paths in sorted(film.tree.curves.items()):
        for path, curve in sorted(paths.items()):
            values = curve.at(start + times)
            if path == ROTATION:
                values = values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-12)
            stored = values.reshape(-1) if path == "weights" else values
            samplers.append({"input": keys, "output": glb.add_floats(stored), "interpolation": "LINEAR"})
            channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": path}})
    glb.document["animations"] = [{"name": "imported", "channels": channels, "samplers": samplers}]
    return glb.to_bytes()


def placed(data: bytes, change: Similarity) -> bytes:
    """The GLB with all that its scene shows scaled, turned and moved as a whole; `change` is in our axes."""
    glb = Glb.from_bytes(data)
    document = glb.document
    matrix = np.eye(4)
    matrix[:3, :3] = TO_BLENDER.T @ (change.scale * change.rotation) @ TO_BLENDER
    matrix[:3, 3] = TO_BLENDER.T @ change.shift
    nodes = document["nodes"]
    inside = {child for node in nodes for child in node.get("children", ())}
    scenes = document.get("scenes") or [{"nodes": [index for index in range(len(nodes)) if index not in inside]}]
    scene = scenes[document.get("scene", 0)]
    nodes.append({"name": "placed", "matrix": matrix.T.reshape(-1).tolist(), "children": list(scene["nodes"])})
    document["scenes"], document["scene"] = [{"nodes": [len(nodes) - 1]}], 0
    return glb.to_bytes()


def moving_vertices(vertices: Floats, faces: Ints, look: Look | None, *, fps: float) -> bytes:
    """A GLB whose vertices are at `vertices` (T, N, 3), in our axes, in frame k at k / fps: a morph target a frame."""
    glb = Glb({"asset": {"version": "2.0"}, "buffers": [{"byteLength": 0}]}, bytearray())
    places = vertices @ TO_BLENDER  # the same as TO_BLENDER.T applied to each
    first = glb.add_floats(places[0])
    targets = [{"POSITION": glb.add_floats(frame - places[0])} for frame in places[1:]]
    weights = np.eye(len(places))[:, 1:]  # frame 0 has none of them
    document = glb.document
    document["materials"], primitives = [], []
    material = np.zeros(len(faces), np.int32) if look is None else look.material
    uv = None if look is None or look.corner_uv is None else _vertex_uv(look.corner_uv, faces, places.shape[1])
    uv_index = None if uv is None else _add_pairs(glb, uv)
    for index in np.unique(material):
        part = _add_indices(glb, faces[material == index])
        attributes = {"POSITION": first} | ({} if uv_index is None else {"TEXCOORD_0": uv_index})
        primitives.append(
            {"attributes": attributes, "indices": part, "material": len(document["materials"]), "targets": targets}
        )
        _add_material(glb, look, int(index))
    document["meshes"] = [{"primitives": primitives, "weights": weights[0].tolist()}]
    document["nodes"], document["scenes"], document["scene"] = [{"mesh": 0}], [{"nodes": [0]}], 0
    if len(places) > 1:
        sampler = {
            "input": glb.add_floats(np.arange(len(places)) / fps),
            "output": glb.add_floats(weights.reshape(-1)),
            "interpolation": "LINEAR",
        }
        channel = {"sampler": 0, "target": {"node": 0, "path": "weights"}}
        document["animations"] = [{"name": "vertices", "channels": [channel], "samplers": [sampler]}]
    return join_glb(document, bytes(glb.binary))


def _vertex_uv(corner_uv: Floats, faces: Ints, num: int) -> Floats:
    found = np.zeros((num, 2))
    found[faces.reshape(-1)] = corner_uv.reshape(-1, 2)
    return found


def _add_material(glb: Glb, look: Look | None, index: int) -> None:
    if look is None:
        glb.document["materials"].append({"pbrMetallicRoughness": {"metallicFactor": 0.0}})
        return
    rough, metal = (1.0, 0.0) if look.finish is None else (float(value) for value in look.finish[index])
    surface = {
        "baseColorFactor": [float(value) for value in np.clip(look.colours[index], 0, 1)],
        "roughnessFactor": rough,
        "metallicFactor": metal,
    }
    pixels, cutoff = look.textures[index], look.cutoffs[index] if look.cutoffs else None
    clear = look.colours[index][3] < 1 or (pixels is not None and bool((pixels[..., 3] < 255).any()))
    material: dict[str, Any] = {
        "pbrMetallicRoughness": surface,
        "alphaMode": "OPAQUE" if not clear else "BLEND" if cutoff is None else "MASK",
    }
    if clear and cutoff is not None:
        material["alphaCutoff"] = cutoff
    if pixels is not None:
        surface["baseColorTexture"] = {"index": _add_picture(glb, pixels)}
    glb.document["materials"].append(material)


def _add_picture(glb: Glb, pixels: Bytes) -> int:
    data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA))[1].tobytes()
    document = glb.document
    images, textures = document.setdefault("images", []), document.setdefault("textures", [])
    images.append({"bufferView": _add_view(glb, data), "mimeType": "image/png"})
    textures.append({"source": len(images) - 1})
    return len(textures) - 1


def _add_view(glb: Glb, data: bytes) -> int:
    glb.binary.extend(b"\0" * (-len(glb.binary) % 4))
    views = glb.document.setdefault("bufferViews", [])
    views.append({"buffer": 0, "byteOffset": len(glb.binary), "byteLength": len(data)})
    glb.binary.extend(data)
    glb.document["buffers"][0]["byteLength"] = len(glb.binary)
    return len(views) - 1


def _add_indices(glb: Glb, faces: Ints) -> int:
    return _add_accessor(glb, faces.astype("<u4").tobytes(), 5125, faces.size, "SCALAR")


def _add_pairs(glb: Glb, values: Floats) -> int:
    return _add_accessor(glb, values.astype("<f4").tobytes(), 5126, len(values), "VEC2")


def _add_accessor(glb: Glb, data: bytes, component: int, count: int, kind: str) -> int:
    accessors = glb.document.setdefault("accessors", [])
    accessors.append({"bufferView": _add_view(glb, data), "componentType": component, "count": count, "type": kind})
    return len(accessors) - 1
