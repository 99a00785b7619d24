"""Files that nothing forbids and that break renderers; all are made here, from numbers and the fox of tests/assets."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.support.hostile.gltf_maker import Asset, png, rigged
from tests.support.paths import ASSETS

FOX = ASSETS / "Fox.glb"
ROOT, FOX_NODE, ROOT_JOINT = 0, 1, 2  # the fox's nodes
RUN = 2  # its animation of 19 frames at 16 fps
# A JPEG in CMYK of 8 x 8 px in one orange, as Photoshop would write it (inverted, marked Adobe).
CMYK = (
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBK"
    "UVJP/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAcB/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwBO"
    "QYE5/9k="
)
ORANGE_16 = struct.pack(">3H", 65535, 32896, 8224)
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
        asset.document["meshes"][0]["primitives"] = [box(asset, 40 + 4 * index, 0) for index in range(num)]
        channel(asset, ROOT, "translation", [0, 1], [[0, 0, 0], [20, 20, 20]])

    return change


def room(asset: Asset) -> None:
    """The fox inside a closed box that nothing of it sticks out of."""
    asset.document["materials"].append({"pbrMetallicRoughness": {"baseColorFactor": [0.2, 0.5, 0.8, 1]}})
    asset.document["meshes"][0]["primitives"].append(box(asset, 400, 1))
    channel(asset, ROOT, "translation", [0, 1], [[0, 0, 0], [100, 100, 100]])


def tubes(*, chains: int, joints: int, rings: int, sides: int) -> bytes:
    """Upright waving tubes side by side, each on a chain of joints: as many bones and triangles as wanted."""
    asset = Asset()
    height, step = 10.0, 10.0 / joints
    around = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    level = np.linspace(0, height, rings)
    normals = np.stack([np.cos(around), 0 * around, np.sin(around)], axis=-1)[None].repeat(rings, 0)
    places = normals * 0.5
    places[..., 1] = level[:, None]
    lower = np.clip((level / step - 0.5).astype(int), 0, joints - 1)
    share = np.clip(level / step - 0.5 - lower, 0, 1)
    weights = np.stack([1 - share, share, 0 * share, 0 * share], axis=-1)[:, None].repeat(sides, 1)
    ring, side = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    low, next_low = ring * sides + side, ring * sides + (side + 1) % sides
    faces = np.stack([low, low + sides, next_low, next_low, low + sides, next_low + sides], axis=-1).reshape(-1)
    uv = np.stack(np.broadcast_arrays(around[None] / 6.2832, level[:, None] / height), axis=-1)
    shared = {
        "TEXCOORD_0": add(asset, uv.reshape(-1, 2)),
        "NORMAL": add(asset, normals.reshape(-1, 3)),
        "WEIGHTS_0": add(asset, weights.reshape(-1, 4)),
    }
    indices = add(asset, faces, "uint32")
    times = np.arange(17) / 16
    wave = [add(asset, turns(0.6 / joints * np.sin(2 * np.pi * times + phase))) for phase in (0.0, 1.0, 2.0)]
    nodes: list[dict[str, Any]] = [{"name": "body", "mesh": 0, "skin": 0}, {"name": "ground", "children": []}]
    skin, inverse, primitives, channels = [1], [np.eye(4)], list[Any](), list[Any]()
    for chain in range(chains):
        shift = np.array([1.5 * (chain % 5), 0.0, 1.5 * (chain // 5)])
        first = len(skin)
        bound = np.stack([lower + first, np.minimum(lower + 1, joints - 1) + first, 0 * lower, 0 * lower], axis=-1)
        primitives.append(
            {
                "attributes": shared
                | {
                    "POSITION": add(asset, (places + shift).reshape(-1, 3)),
                    "JOINTS_0": add(asset, bound[:, None].repeat(sides, 1).reshape(-1, 4), "uint16"),
                },
                "indices": indices,
                "material": 0,
            }
        )
        for joint in range(joints):
            (nodes[1]["children"] if joint == 0 else nodes[-1].setdefault("children", [])).append(len(nodes))
            skin.append(len(nodes))
            channels.append({"sampler": chain % 3, "target": {"node": len(nodes), "path": "rotation"}})
            place = shift.tolist() if joint == 0 else [0, step, 0]
            nodes.append({"name": f"joint {chain} {joint}", "translation": place})
            bind = np.eye(4)
            bind[3, :3] = -(shift + [0, joint * step, 0])  # glTF stores columns
            inverse.append(bind)
    clock = add(asset, times)
    asset.document |= {
        "scene": 0,
        "scenes": [{"nodes": [0, 1]}],
        "nodes": nodes,
        "skins": [{"joints": skin, "inverseBindMatrices": add(asset, np.array(inverse))}],
        "meshes": [{"primitives": primitives}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0}}],
        "textures": [{"source": 0}],
        "images": [{"bufferView": asset.view(png(8, 8)), "mimeType": "image/png"}],
        "animations": [
            {"name": "wave", "channels": channels, "samplers": [{"input": clock, "output": output} for output in wave]}
        ],
    }
    return asset.glb()


def foxes() -> dict[str, tuple[Change, ...]]:
    """Small files that are a changed fox, by name."""
    hour = np.arange(100_000) / 30  # 100,000 keys at 30 fps, about the longest that an hour allows
    wave = turns(0.8 * np.sin(hour))
    once = turns(np.where(np.arange(100_000) == 54_321, 0.8, 0.0))
    still = turns(0 * hour)
    seconds = [0, 0.5, 1]
    bumpy = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}, "normalTexture": {"index": 0}}
    eight = {"width": 8, "height": 8}
    return {
        "control": (),
        # --- sizes and places
        "scale-1e-6": (under(scale=[1e-6] * 3),),
        "scale-1e6": (under(scale=[1e6] * 3),),
        "mirrored": (under(scale=[-1, 1, 1]),),
        "uneven-scale": (under(scale=[1, 0.6, 1.5]),),
        "far-away-1e5": (under(translation=[1e5, 0, 0]),),
        "far-away-1e7": (under(translation=[1e7, 0, 0]),),
        "far-away-joints-1e5": (moving(ROOT_JOINT, "translation", [0, 1], [[1e5, 0, 0]] * 2),),
        "far-away-joints-1e7": (moving(ROOT_JOINT, "translation", [0, 1], [[1e7, 0, 0]] * 2),),
        "no-area": (without_area,),
        "flat": (under(scale=[1e-5, 1, 1]),),
        "scaled-to-zero": (under(scale=[0, 1, 1]),),
        "long-and-thin": (under(scale=[1, 60, 1]),),
        "stray-vertex": (stray_vertex,),
        "loose-vertex": (loose_vertex,),
        "room": (room,),
        # --- numbers that are none
        "nan-vertex": (one_value("POSITION", np.nan),),
        "infinite-vertex": (one_value("POSITION", np.inf),),
        "huge-vertex": (one_value("POSITION", 3e38),),
        "nan-key": (nan_key,),
        "nan-weight": (one_value("WEIGHTS_0", np.nan),),
        "huge-weight": (one_value("WEIGHTS_0", 1e30),),
        "nan-uv": (one_value("TEXCOORD_0", np.nan),),
        "nan-normal": (lambda asset: replace(asset, NORMAL=0 * mesh(asset, "POSITION") + np.nan),),
        "zero-normals": (lambda asset: replace(asset, NORMAL=0 * mesh(asset, "POSITION")),),
        # --- motions
        "100k-keys": (only(7, "rotation", hour, wave),),
        "100k-keys-over-an-hour": (only(7, "rotation", np.arange(100_000) / 24, wave),),
        "two-keys-100k-frames-apart": (only(7, "rotation", [0, 3333], turns([0, 0.8])),),
        "100k-keys-still": (only(7, "rotation", hour, still),),
        "100k-keys-moves-once": (only(7, "rotation", hour, once),),
        "100k-keys-no-mesh": (two_foxes, only(7, "rotation", hour, wave), without_meshes),
        "scale-to-zero": (moving(ROOT, "scale", seconds, [[1, 1, 1], [0, 0, 0], [1, 1, 1]]),),
        "travels-1000-heights": (moving(ROOT, "translation", seconds, [[0, 0, 0], [0, 0, 4e4], [0, 0, 8e4]]),),
        "spins-fast": (moving(ROOT, "rotation", np.arange(49) / 48, turns(2.5 * np.arange(49))),),
        "late-start": (late,),
        "shapes-alone": (shapes_alone,),
        # --- bodies
        "two-characters": (two_foxes,),
        "100-meshes": (lambda asset: in_parts(asset, 100, meshes=True, materials=1),),
        "64-materials": (lambda asset: in_parts(asset, 64, meshes=False, materials=64),),
        # --- looks
        "no-material": (without_material,),
        "empty-slot": (lambda asset: in_parts(asset, 2, meshes=False, materials=0),),
        "invisible": (colour(1, 0, 0, 0, mode="BLEND"),),
        "cut-out-whole": (colour(1, 0, 0, 0.2, mode="MASK"),),
        "black-unlit": (colour(0, 0, 0, 1, unlit=True),),
        "12-layers": (shells(6, 0.1),),
        "40-layers": (shells(20, 0.05),),
        "no-uv": (lambda asset: attributes(asset).pop("TEXCOORD_0"),),
        "uv-in-one-point": (material(**bumpy), lambda asset: replace(asset, TEXCOORD_0=mesh(asset, "TEXCOORD_0") * 0)),
        "texture-1x1": (picture(png(1, 1)),),
        "texture-1x4096": (picture(png(1, 4096)),),
        "texture-16-bit": (picture(deep_png(**eight, depth=16, kind=2, row=ORANGE_16 * 8)),),
        "texture-grey": (picture(deep_png(**eight, depth=8, kind=0, row=b"\x80" * 8)),),
        "texture-grey-alpha": (picture(deep_png(**eight, depth=16, kind=4, row=b"\x80\x80\xff\xff" * 8)),),
        "texture-one-bit": (picture(deep_png(**eight, depth=1, kind=0, row=b"\x55")),),
        "texture-palette": (
            picture(deep_png(**eight, depth=8, kind=3, row=b"\0\1" * 4, palette=b"\xff\x80\x20\x20\x80\xff")),
        ),
        "texture-cmyk": (picture(base64.b64decode(CMYK), "image/jpeg"),),
        "texture-cut-short": (picture(png(512, 512)[:400]),),
    }


def files() -> dict[str, bytes]:
    """Every small file by its name."""
    found = {f"{name}.glb": fox(*changes, mark=mark) for mark, (name, changes) in enumerate(foxes().items())}
    return found | {"one-triangle.glb": rigged().glb(), "500-bones.glb": tubes(chains=10, joints=50, rings=60, sides=6)}


def heavy_files() -> dict[str, bytes]:
    """Every large file by its name."""
    side = 8192
    return {
        "8k-texture.glb": fox(picture(png(side, side)), mark=1),
        "8k-texture-16-bit.glb": fox(picture(deep_png(side, side, depth=16, kind=2, row=ORANGE_16 * side)), mark=2),
        "2-million-triangles.glb": tubes(chains=4, joints=8, rings=1001, sides=250),
    }
