"""Writes glTF: a sound skinned, animated and textured triangle, to be taken as it is or bent."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

Document = dict[str, Any]
SIZES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
CODES = {5121: "B", 5123: "H", 5125: "I", 5126: "f"}


def png(
    width: int = 2, height: int = 2, *, claimed: tuple[int, int] | None = None, colour: bytes = b"\xff\x80\x20"
) -> bytes:
    """A PNG file; `claimed` is the size its header tells instead."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", *(claimed or (width, height)), 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def jpeg(width: int, height: int, before: bytes = b"") -> bytes:
    """The header of a JPEG file, without a picture."""
    frame = struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)
    return b"\xff\xd8" + before + b"\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xd9"


def webp(width: int, height: int) -> bytes:
    """The header of an extended WebP file, without a picture."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def ktx2(width: int, height: int) -> bytes:
    return b"\xabKTX 20\xbb\r\n\x1a\n" + struct.pack("<IIII", 37, 1, width, height) + bytes(64)


def data_uri(data: bytes, mime: str = "application/octet-stream") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


class Asset:
    """A document and the binary chunk beside it."""

    def __init__(self) -> None:
        self.document: Document = {
            "asset": {"version": "2.0"},
            "accessors": [],
            "bufferViews": [],
            "buffers": [{"byteLength": 0}],
        }
        self.binary = bytearray()

    def view(self, data: bytes, **more: Any) -> int:
        self.binary += bytes(-len(self.binary) % 4)
        place = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        self.document["bufferViews"].append(place | more)
        self.binary += data
        self.document["buffers"][0]["byteLength"] = len(self.binary)
        return len(self.document["bufferViews"]) - 1

    def accessor(self, kind: str, values: list[Any], component: int = 5126, **more: Any) -> int:
        data = struct.pack(f"<{len(values)}{CODES[component]}", *values)
        self.document["accessors"].append(
            {
                "bufferView": self.view(data),
                "componentType": component,
                "type": kind,
                "count": len(values) // SIZES[kind],
            }
            | more
        )
        return len(self.document["accessors"]) - 1

    def glb(self, *, text: bytes | None = None) -> bytes:
        """The file; `text` takes the place of the document's own JSON."""
        found = json.dumps(self.document).encode() if text is None else text
        return container(
            [(b"JSON", found + b" " * (-len(found) % 4)), (b"BIN\0", bytes(self.binary) + bytes(-len(self.binary) % 4))]
        )

    def gltf(self) -> bytes:
        """The same as a .gltf whose buffer is a data: URI."""
        document = json.loads(json.dumps(self.document))
        document["buffers"][0]["uri"] = data_uri(bytes(self.binary))
        return json.dumps(document).encode()


def container(chunks: list[tuple[bytes, bytes]], *, version: int = 2, total: int | None = None) -> bytes:
    body = b"".join(struct.pack("<I4s", len(data), kind) + data for kind, data in chunks if data or kind == b"JSON")
    return struct.pack("<4sII", b"glTF", version, 12 + len(body) if total is None else total) + body


IDENTITY = [1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0]


def rigged(*, picture: bytes | None = None, name: str = "bone") -> Asset:
    """A triangle on two joints that turn over 30 frames, with a texture, a morph target and a sparse accessor."""
    asset = Asset()
    positions = asset.accessor("VEC3", [0.0, 0, 0, 1, 0, 0, 0, 1, 0], min=[0, 0, 0], max=[1, 1, 0])
    indices = asset.accessor("SCALAR", [0, 1, 2], 5123)
    uv = asset.accessor("VEC2", [0.0, 0, 1, 0, 0, 1])
    joints = asset.accessor("VEC4", [0, 1, 0, 0] * 3, 5121)
    weights = asset.accessor("VEC4", [0.5, 0.5, 0, 0] * 3)
    inverse = asset.accessor("MAT4", [float(v) for v in IDENTITY] * 2)
    times = asset.accessor("SCALAR", [frame / 30 for frame in range(31)], min=[0], max=[1])
    sines = [frame / 60 for frame in range(31)]
    turns = asset.accessor("VEC4", [v for sine in sines for v in (0.0, 0.0, sine, (1 - sine**2) ** 0.5)])
    moves = asset.accessor("VEC3", [v for frame in range(31) for v in (0.0, frame / 30, 0.0)])
    morph = asset.accessor("VEC3", [0.0] * 9)
    asset.document["accessors"][morph] = {
        "componentType": 5126,
        "count": 3,
        "type": "VEC3",
        "sparse": {
            "count": 1,
            "indices": {"bufferView": asset.view(struct.pack("<H", 2)), "componentType": 5123},
            "values": {"bufferView": asset.view(struct.pack("<3f", 0, 0.5, 0))},
        },
    }
    morphing = asset.accessor("SCALAR", [frame / 30 for frame in range(31)])
    image = asset.view(picture if picture is not None else png())
    asset.document |= {
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"name": "root", "children": [1, 3]},
            {"name": name, "children": [2]},
            {"name": name + "2", "translation": [0, 1, 0]},
            {"name": "body", "mesh": 0, "skin": 0},
        ],
        "skins": [{"joints": [1, 2], "inverseBindMatrices": inverse, "skeleton": 1}],
        "meshes": [
            {
                "name": "body",
                "weights": [0],
                "extras": {"targetNames": ["wide"]},
                "primitives": [
                    {
                        "attributes": {
                            "POSITION": positions,
                            "TEXCOORD_0": uv,
                            "JOINTS_0": joints,
                            "WEIGHTS_0": weights,
                        },
                        "indices": indices,
                        "material": 0,
                        "targets": [{"POSITION": morph}],
                    }
                ],
            }
        ],
        "materials": [
            {
                "name": "skin",
                "pbrMetallicRoughness": {
                    "baseColorTexture": {"index": 0, "extensions": {"KHR_texture_transform": {"scale": [2, 2]}}},
                    "metallicFactor": 0,
                },
            }
        ],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"wrapS": 10497}],
        "images": [{"bufferView": image, "mimeType": "image/png", "name": "skin"}],
        "animations": [
            {
                "name": "wave",
                "samplers": [
                    {"input": times, "output": turns},
                    {"input": times, "output": moves, "interpolation": "LINEAR"},
                    {"input": times, "output": morphing},
                ],
                "channels": [
                    {"sampler": 0, "target": {"node": 2, "path": "rotation"}},
                    {"sampler": 1, "target": {"node": 1, "path": "translation"}},
                    {"sampler": 2, "target": {"node": 3, "path": "weights"}},
                ],
            }
        ],
        "extensionsUsed": ["KHR_texture_transform"],
    }
    return asset


def vrm(version: int) -> Asset:
    """The sound triangle as a VRM file."""
    asset = rigged()
    human = [{"bone": "hips", "node": 1}, {"bone": "spine", "node": 2}]
    asset.document["extensions"] = (
        {
            "VRM": {
                "meta": {"title": "t", "licenseName": "CC0", "allowedUserName": "Everyone"},
                "humanoid": {"humanBones": human},
                "secondaryAnimation": {"boneGroups": [{"bones": [2]}], "colliderGroups": []},
            }
        }
        if version == 0
        else {
            "VRMC_vrm": {
                "specVersion": "1.0",
                "meta": {"name": "t", "authors": ["a"], "licenseUrl": "https://vrm.dev"},
                "humanoid": {"humanBones": {"hips": {"node": 1}, "spine": {"node": 2}}},
            },
            "VRMC_springBone": {"springs": [{"joints": [{"node": 2}]}]},
        }
    )
    asset.document["extensionsUsed"] = list(asset.document["extensions"])
    asset.document["extensionsRequired"] = list(asset.document["extensions"])
    return asset


def instanced() -> Asset:
    """A sound file of the rarer kinds: instances, a compressed primitive, extensions of materials, a data: image."""
    asset = rigged(picture=jpeg(8, 8))
    place = asset.accessor("VEC3", [float(v) for v in range(12)])
    asset.document["nodes"].append(
        {"mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": place}}}}
    )
    asset.document["scenes"][0]["nodes"].append(4)
    draco = asset.view(b"DRACO\x02\x02\x01\x01\0\0\0\x03\x01" + bytes(40))
    primitive = {key: asset.document["meshes"][0]["primitives"][0][key] for key in ("attributes", "indices")}
    asset.document["meshes"].append(
        {
            "primitives": [
                primitive
                | {
                    "extensions": {
                        "KHR_draco_mesh_compression": {
                            "bufferView": draco,
                            "attributes": {"POSITION": 0, "TEXCOORD_0": 1},
                        }
                    }
                }
            ]
        }
    )
    asset.document["nodes"][2]["mesh"] = 1
    asset.document["materials"].append(
        {
            "extensions": {
                "KHR_materials_unlit": {},
                "KHR_materials_clearcoat": {"clearcoatNormalTexture": {"index": 0, "scale": 2}},
                "KHR_materials_pbrSpecularGlossiness": {"diffuseFactor": [1, 1, 1, 1], "diffuseTexture": {"index": 1}},
            }
        }
    )
    asset.document["meshes"][1]["primitives"][0]["material"] = 1
    asset.document["images"].append({"bufferView": asset.view(webp(16, 16))})
    asset.document["textures"].append({"source": 0, "extensions": {"EXT_texture_webp": {"source": 1}}})
    asset.document["animations"][0]["channels"].append(
        {
            "sampler": 0,
            "target": {"path": "pointer", "extensions": {"KHR_animation_pointer": {"pointer": "/nodes/2/rotation"}}},
        }
    )
    return asset
