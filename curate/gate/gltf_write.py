"""The canonical GLB: one binary chunk with the elements of every used accessor and image, and nothing else in it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from curate.gate.gltf_check import Checked
from rigmill.formats.glb import join_glb

# A node of this name turns a VRM 0.x character, so that it faces -Y in Blender as every other one does.
FACING_NODE = "rigmill_facing"
_HALF_TURN = [0.0, 1.0, 0.0, 0.0]  # 180 degrees about glTF's +Y, as x, y, z, w


class _Binary:
    """The one buffer, laid out as it is filled: a view for plain numbers, one for faces, one for the places at
    which joints were bound, one per vertex stride, one per image.
    """

    def __init__(self) -> None:
        self.parts: dict[tuple[str, int], list[bytes | memoryview]] = {}
        self.sizes: dict[tuple[str, int], int] = {}
        self.placed: dict[tuple[Any, ...], int] = {}

    def add(self, group: tuple[str, int], data: bytes | memoryview, *, padded: int = 4) -> int:
        """The offset of `data` within its group's view."""
        offset = self.sizes.get(group, 0)
        fill = -len(data) % padded
        self.parts.setdefault(group, []).extend((data, bytes(fill)) if fill else (data,))
        self.sizes[group] = offset + len(data) + fill
        return offset

    def views(self) -> tuple[list[dict[str, Any]], dict[tuple[str, int], int], bytes]:
        """The buffer views, the index of each group's, and the buffer."""
        views, places, joined, offset = [], {}, [], 0
        for index, (group, parts) in enumerate(self.parts.items()):
            size = self.sizes[group]
            view = {"buffer": 0, "byteOffset": offset, "byteLength": size}
            if group[0] == "stride":
                view["byteStride"] = group[1]
            views.append(view)
            places[group] = index
            joined += [*parts, bytes(-size % 8)]
            offset += size + -size % 8
        return views, places, b"".join(joined)


def write_glb(checked: Checked) -> bytes:
    """The canonical file of a checked document. The same document gives the same bytes; its own file gives itself."""
    document, binary = checked.document, _Binary()
    uses = _uses(document)
    _renumber(document, checked)
    entries = [_accessor(index, checked, binary, uses) for index in checked.accessors.entries]
    for image in checked.images.values():
        if ("image", image.place) not in binary.parts:
            binary.add(("image", image.place), image.data, padded=1)
    compressed = [
        primitive["extensions"]["KHR_draco_mesh_compression"]
        for mesh in document.get("meshes", [])
        for primitive in mesh["primitives"]
        if "extensions" in primitive
    ]
    for old in sorted({entry["bufferView"] for entry in compressed}):
        binary.add(("draco", old), checked.accessors.view(old, "compressed faces")[0], padded=1)
    views, places, joined = binary.views()
    for entry in entries:
        for part in (entry, *(part for part in entry.get("sparse", {}).values() if isinstance(part, dict))):
            if "bufferView" in part:
                part["bufferView"] = places[part["bufferView"]]
    for entry in compressed:
        entry["bufferView"] = places["draco", entry["bufferView"]]
    images = [
        {"name": document["images"][old]["name"], "mimeType": image.mime, "bufferView": places["image", image.place]}
        for old, image in checked.images.items()
    ]
    if checked.vrm0:
        _turn(document)
    for key, value in (("images", images), ("accessors", entries), ("bufferViews", views)):
        document.pop(key, None)
        if value:
            document[key] = value
    document.pop("buffers", None)
    if joined:
        document["buffers"] = [{"byteLength": len(joined)}]
    return join_glb(dict(sorted(document.items())), joined)


def _uses(document: dict[str, Any]) -> dict[int, str]:
    """Accessors that glTF wants in views of their own, and which: faces, and where joints were bound."""
    faces = {
        primitive["indices"]: "faces"
        for mesh in document.get("meshes", [])
        for primitive in mesh["primitives"]
        if "indices" in primitive
    }
    return faces | {
        skin["inverseBindMatrices"]: "bind" for skin in document.get("skins", []) if "inverseBindMatrices" in skin
    }


def _accessor(index: int, checked: Checked, binary: _Binary, uses: dict[int, str]) -> dict[str, Any]:
    """The accessor's entry, its elements put into the buffer; `bufferView` is still the group's name."""
    accessors = checked.accessors
    entry = {
        key: accessors.entries[index][key]
        for key in ("componentType", "normalized", "count", "type", "min", "max")
        if key in accessors.entries[index]
    }
    data, size = accessors.bytes_of(index), accessors.size(index)
    if data is not None and index in accessors.weights and entry["componentType"] == 5126:
        data = _sound_weights(data)
    if data is not None:
        # A vertex buffer's elements start at multiples of four bytes.
        stride = math.ceil(size / 4) * 4 if index in accessors.vertex_data else size
        if stride != size:
            rows = np.zeros((entry["count"], stride), np.uint8)
            rows[:, :size] = np.frombuffer(data, np.uint8).reshape(-1, size)
            data = rows.tobytes()
        group = ("stride", stride) if index in accessors.vertex_data else (uses.get(index, "plain"), 0)
        place = (group, *accessors.place(index))
        if place not in binary.placed:  # two accessors may show the same bytes
            binary.placed[place] = binary.add(group, data)
        entry |= {"bufferView": group, "byteOffset": binary.placed[place]}
    if "sparse" in accessors.entries[index]:
        sparse = accessors.entries[index]["sparse"]
        places, values = accessors.sparse_of(index)
        entry["sparse"] = {
            "count": sparse["count"],
            "indices": {
                "bufferView": ("sparse", 0),
                "byteOffset": binary.add(("sparse", 0), places),
                "componentType": sparse["indices"]["componentType"],
            },
            "values": {"bufferView": ("sparse", 0), "byteOffset": binary.add(("sparse", 0), values)},
        }
    return entry


def _sound_weights(data: bytes | memoryview) -> bytes | memoryview:
    """Weights of four joints per vertex; what is no number counts as nothing, and the first joint stands in for all.

    Exporters divide weights by their sum, and leave NaN where a vertex has none: Blender would tear it off.
    """
    weights = np.frombuffer(data, "<f4").reshape(-1, 4)
    finite = np.isfinite(weights)
    if finite.all():
        return data
    sound = np.where(finite, weights, 0).astype("<f4")
    sound[~finite.all(axis=1) & (sound.sum(axis=1) <= 0), 0] = 1
    return sound.tobytes()


def _renumber(document: dict[str, Any], checked: Checked) -> None:
    """Indices of accessors and images as they are once the unused ones are gone."""
    accessor = {old: new for new, old in enumerate(checked.accessors.entries)}
    image = {old: new for new, old in enumerate(checked.images)}
    for mesh in document.get("meshes", []):
        for primitive in mesh["primitives"]:
            if "indices" in primitive:
                primitive["indices"] = accessor[primitive["indices"]]
            for attributes in (primitive["attributes"], *primitive.get("targets", ())):
                attributes.update({key: accessor[old] for key, old in attributes.items()})
    for skin in document.get("skins", []):
        if "inverseBindMatrices" in skin:
            skin["inverseBindMatrices"] = accessor[skin["inverseBindMatrices"]]
    for animation in document.get("animations", []):
        for sampler in animation["samplers"]:
            sampler |= {"input": accessor[sampler["input"]], "output": accessor[sampler["output"]]}
    for node in document.get("nodes", []):
        if "extensions" in node:
            attributes = node["extensions"]["EXT_mesh_gpu_instancing"]["attributes"]
            attributes.update({key: accessor[old] for key, old in attributes.items()})
    for texture in document.get("textures", []):
        for place in (texture, texture.get("extensions", {}).get("EXT_texture_webp", {})):
            if "source" in place:
                place["source"] = image[place["source"]]


def _turn(document: dict[str, Any]) -> None:
    """All roots under one node that turns them by half a circle about the vertical."""
    nodes = document.get("nodes", [])
    if not nodes:
        return
    children = {child for node in nodes for child in node.get("children", ())}
    roots = [index for index in range(len(nodes)) if index not in children]
    document["scenes"], document["scene"] = [{"nodes": [len(nodes)]}], 0
    nodes.append({"name": FACING_NODE, "rotation": _HALF_TURN, "children": roots})
