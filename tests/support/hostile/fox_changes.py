"""The running fox of tests/assets, and what can be done to it."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.support.hostile.gltf_maker import Asset
from tests.support.paths import ASSETS

FOX = ASSETS / "Fox.glb"
ROOT, FOX_NODE, ROOT_JOINT = 0, 1, 2  # the fox's nodes
RUN = 2  # its animation of 19 frames at 16 fps
Array = NDArray[Any]
Change = Callable[[Asset], None]
_KINDS = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
_CODES = {"float32": 5126, "uint8": 5121, "uint16": 5123, "uint32": 5125}


def add(asset: Asset, values: Any, dtype: str = "float32") -> int:
    """An accessor with these numbers."""
    table = np.ascontiguousarray(values, dtype=dtype)
    entry = {
        "bufferView": asset.view(table.tobytes()),
        "componentType": _CODES[dtype],
        "count": len(table),
        "type": _KINDS[table.shape[1:]],
    }
    if entry["type"] in ("SCALAR", "VEC3") and dtype == "float32" and np.isfinite(table).all():
        entry |= {"min": np.atleast_1d(table.min(axis=0)).tolist(), "max": np.atleast_1d(table.max(axis=0)).tolist()}
    asset.document["accessors"].append(entry)
    return len(asset.document["accessors"]) - 1


def read(asset: Asset, index: int) -> Array:
    """The numbers of an accessor, to be changed and added."""
    entry = asset.document["accessors"][index]
    view = asset.document["bufferViews"][entry["bufferView"]]
    shape = next(shape for shape, kind in _KINDS.items() if kind == entry["type"])
    dtype = next(name for name, code in _CODES.items() if code == entry["componentType"])
    start = view.get("byteOffset", 0) + entry.get("byteOffset", 0)
    values = np.frombuffer(bytes(asset.binary), dtype, entry["count"] * int(np.prod(shape)), start)
    return values.reshape(-1, *shape).copy()


def mesh(asset: Asset, name: str) -> Array:
    """An attribute of the first primitive."""
    return read(asset, attributes(asset)[name])


def replace(asset: Asset, **values: Any) -> None:
    """Attributes of the first primitive."""
    for name, table in values.items():
        attributes(asset)[name] = add(asset, table, str(table.dtype) if name == "JOINTS_0" else "float32")


def attributes(asset: Asset) -> dict[str, int]:
    found: dict[str, int] = asset.document["meshes"][0]["primitives"][0]["attributes"]
    return found


def fox(*changes: Change, mark: int = 0) -> bytes:
    """The running fox after some changes. Foxes with different marks are no duplicates of each other."""
    data = FOX.read_bytes()
    asset = Asset()
    (size,) = struct.unpack_from("<I", data, 12)
    asset.document, asset.binary = json.loads(data[20 : 20 + size]), bytearray(data[28 + size :])
    asset.document["animations"] = [asset.document["animations"][RUN]]
    # A filter knows a shape by its number of triangles, among others: some more, too small to be seen.
    for name in tuple(attributes(asset)):
        values = mesh(asset, name)
        more = np.tile(values[:3], (mark, *[1] * (values.ndim - 1)))
        if name == "POSITION":
            more = (more + 999 * np.tile(values[:3].mean(axis=0), (3 * mark, 1))) / 1000
        replace(asset, **{name: np.concatenate([values, more]).astype(values.dtype)})
    for change in changes:
        change(asset)
    return asset.glb()


# --- places


def under(**transform: Any) -> Change:
    """Everything under one more node."""

    def change(asset: Asset) -> None:
        scene = asset.document["scenes"][0]
        asset.document["nodes"].append({"name": "above", "children": list(scene["nodes"])} | transform)
        scene["nodes"] = [len(asset.document["nodes"]) - 1]

    return change


def squeezed(*factors: float) -> Change:
    """The shape itself scaled along its axes; the joints stay."""
    return lambda asset: replace(asset, POSITION=mesh(asset, "POSITION") * np.array(factors))


def without_area(asset: Asset) -> None:
    """Every triangle a point, with one weight."""
    places = mesh(asset, "POSITION").reshape(-1, 3, 3).mean(axis=1).repeat(3, axis=0)
    replace(
        asset,
        POSITION=places,
        JOINTS_0=mesh(asset, "JOINTS_0")[::3].repeat(3, axis=0),
        WEIGHTS_0=mesh(asset, "WEIGHTS_0")[::3].repeat(3, axis=0),
    )


def one_value(name: str, value: float, *, vertex: int = 100) -> Change:
    """One number of an attribute replaced."""

    def change(asset: Asset) -> None:
        values = mesh(asset, name)
        values[vertex, 0] = value
        replace(asset, **{name: values})

    return change


def stray_vertex(asset: Asset) -> None:
    """A vertex of a face two thousand heights away."""
    values = mesh(asset, "POSITION")
    values[100] += 2e5
    replace(asset, POSITION=values)


def loose_vertex(asset: Asset) -> None:
    """The same in a vertex that no face uses."""
    number = len(mesh(asset, "POSITION"))
    for name in ("POSITION", "TEXCOORD_0", "JOINTS_0", "WEIGHTS_0"):
        values = mesh(asset, name)
        more = values[100:101] + 2e5 if name == "POSITION" else values[100:101]
        replace(asset, **{name: np.concatenate([values, more]).astype(values.dtype)})
    asset.document["meshes"][0]["primitives"][0]["indices"] = add(asset, np.arange(number), "uint16")


# --- motions


def channel(asset: Asset, node: int, path: str, times: Any, values: Any, interpolation: str = "LINEAR") -> None:
    """One more channel of the animation."""
    animation = asset.document["animations"][0]
    animation["channels"].append({"sampler": len(animation["samplers"]), "target": {"node": node, "path": path}})
    animation["samplers"].append(
        {"input": add(asset, times), "output": add(asset, values), "interpolation": interpolation}
    )


def moving(node: int, path: str, times: Any, values: Any) -> Change:
    return lambda asset: channel(asset, node, path, times, values)


def nan_key(asset: Asset) -> None:
    sampler = asset.document["animations"][0]["samplers"][3]
    values = read(asset, sampler["output"])
    values[5, 1] = np.nan
    sampler["output"] = add(asset, values)


def only(node: int, path: str, times: Any, values: Any) -> Change:
    """This channel is the whole animation."""

    def change(asset: Asset) -> None:
        asset.document["animations"] = [{"name": "long", "channels": [], "samplers": []}]
        channel(asset, node, path, times, values)

    return change


def turns(angles: Any) -> Array:
    """Quaternions about z."""
    half = np.asarray(angles, dtype=np.float64) / 2
    return np.stack([0 * half, 0 * half, np.sin(half), np.cos(half)], axis=-1)


def without_meshes(asset: Asset) -> None:
    for node in asset.document["nodes"]:
        node.pop("mesh", None)
        node.pop("skin", None)


def late(asset: Asset) -> None:
    """The run begins a thousand seconds in."""
    for sampler in asset.document["animations"][0]["samplers"]:
        sampler["input"] = add(asset, read(asset, sampler["input"]) + 1000)


def shapes_alone(asset: Asset) -> None:
    """Nothing but a morph target moves."""
    del asset.document["nodes"][FOX_NODE]["skin"]
    asset.document["meshes"][0]["primitives"][0]["targets"] = [{"POSITION": add(asset, mesh(asset, "POSITION") * 0.2)}]
    only(FOX_NODE, "weights", [0, 1, 2], [0.0, 1.0, 0.0])(asset)


# --- looks


def material(**keys: Any) -> Change:
    """The fox's material replaced, its texture kept where `keys` do not say otherwise."""

    def change(asset: Asset) -> None:
        asset.document["materials"] = [keys]

    return change


def colour(*rgba: float, unlit: bool = False, mode: str = "OPAQUE") -> Change:
    """One flat colour."""
    more = {"extensions": {"KHR_materials_unlit": {}}} if unlit else {}

    def change(asset: Asset) -> None:
        material(pbrMetallicRoughness={"baseColorFactor": list(rgba)}, alphaMode=mode, **more)(asset)
        asset.document["extensionsUsed"] = list(more.get("extensions", ()))

    return change


def picture(data: bytes, mime: str = "image/png") -> Change:
    """Another texture."""

    def change(asset: Asset) -> None:
        asset.document["images"] = [{"bufferView": asset.view(data), "mimeType": mime}]

    return change


def deep_png(width: int, height: int, *, depth: int, kind: int, row: bytes, palette: bytes = b"") -> bytes:
    """A PNG of any depth and kind (0 grey, 2 RGB, 3 palette, 4 grey and alpha), all rows alike."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer, packed = zlib.compressobj(1), bytearray()
    for _ in range(height):
        packed += packer.compress(b"\0" + row)
    packed += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), *([(b"PLTE", palette)] if palette else []), (b"IDAT", bytes(packed)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks)


def without_material(asset: Asset) -> None:
    del asset.document["meshes"][0]["primitives"][0]["material"]


def in_parts(asset: Asset, parts: int, *, meshes: bool, materials: int) -> None:
    """The fox's triangles dealt out to primitives of one mesh, or to meshes of their own."""
    triangles = np.arange(len(mesh(asset, "POSITION"))).reshape(-1, 3)
    given = asset.document["meshes"][0]["primitives"][0]
    asset.document["materials"] = [
        asset.document["materials"][0] | {"name": f"material {index}"} for index in range(max(materials, 1))
    ]
    found = []
    for index, part in enumerate(np.array_split(triangles, parts)):
        primitive = given | {"indices": add(asset, part.reshape(-1), "uint16"), "material": index % max(materials, 1)}
        if materials == 0 and index:
            del primitive["material"]
        found.append(primitive)
    if not meshes:
        asset.document["meshes"][0]["primitives"] = found
        return
    asset.document["meshes"] = [{"name": f"part {index}", "primitives": [one]} for index, one in enumerate(found)]
    first = len(asset.document["nodes"])
    asset.document["nodes"] += [{"mesh": index, "skin": 0} for index in range(1, parts)]
    asset.document["scenes"][0]["nodes"] += range(first, first + parts - 1)


# --- other bodies


def two_foxes(asset: Asset) -> None:
    """A second fox with joints of its own beside the first, in the same action."""
    document = asset.document
    first = len(document["nodes"])
    for node in list(document["nodes"]):
        copy = node | ({"children": [child + first for child in node["children"]]} if "children" in node else {})
        document["nodes"].append(copy | ({"skin": 1} if "skin" in node else {}))
    document["nodes"][ROOT_JOINT + first] = document["nodes"][ROOT_JOINT + first] | {"translation": [60, 0, 0]}
    skin = document["skins"][0]
    document["skins"].append(
        skin | {"joints": [joint + first for joint in skin["joints"]], "skeleton": skin["skeleton"] + first}
    )
    document["scenes"][0]["nodes"] += [first, first + 1]
    animation = document["animations"][0]
    animation["channels"] += [
        entry | {"target": entry["target"] | {"node": entry["target"]["node"] + first}}
        for entry in animation["channels"]
    ]


def box(asset: Asset, size: float, material_index: int) -> dict[str, Any]:
    """A primitive: a box about (0, 40, 0) that hangs from the first joint."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * size / 2 + [0, 40, 0]
    faces = [
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
    ]
    places = corners[np.array(faces).reshape(-1)]
    return {
        "attributes": {
            "POSITION": add(asset, places),
            "TEXCOORD_0": add(asset, places[:, :2] / size),
            "JOINTS_0": add(asset, np.zeros((36, 4)), "uint8"),
            "WEIGHTS_0": add(asset, [[1, 0, 0, 0]] * 36),
        },
        "material": material_index,
    }


def shells(num: int, alpha: float) -> Change:
    """No fox, but boxes within boxes around its joints, all of them see-through and unlit orange."""

    def change(asset: Asset) -> None:
        colour(1, 0.5, 0, alpha, unlit=True, mode="BLEND")(asset)
        asset.document["materials"][0]["doubleSided"] = True  # a box is two layers
        asset.document["meshes"][0]["primitives"] = [box(asset, 40 + 4 * index, 0) for index in range(num)]
        channel(asset, ROOT, "translation", [0, 1], [[0, 0, 0], [20, 20, 20]])

    return change


def room(asset: Asset) -> None:
    """The fox inside a closed box that nothing of it sticks out of."""
    asset.document["materials"].append({"pbrMetallicRoughness": {"baseColorFactor": [0.2, 0.5, 0.8, 1]}})
    asset.document["meshes"][0]["primitives"].append(box(asset, 400, 1))
    channel(asset, ROOT, "translation", [0, 1], [[0, 0, 0], [100, 100, 100]])
