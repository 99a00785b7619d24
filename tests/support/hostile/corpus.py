"""The hostile corpus: every file is made here and never stored. Its class is the first word of its name."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.hostile.fbx_maker import Raw, array, fbx_file, triangle
from tests.support.hostile.gltf_maker import Asset, container, jpeg, ktx2, png, rigged, webp

Change = Callable[[Asset], None]


def bent(change: Change) -> bytes:
    """The sound file after a change."""
    asset = rigged()
    change(asset)
    return asset.glb()


def _set(path: str, value: Any) -> bytes:
    """The sound file with one value of its document replaced; a path as in 'accessors.0.count'."""

    def change(asset: Asset) -> None:
        *parents, last = path.split(".")
        place: Any = asset.document
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value

    return bent(change)


def _uri(kind: str, uri: str) -> bytes:
    def change(asset: Asset) -> None:
        if kind == "image":
            asset.document["images"][0] = {"uri": uri}
        else:
            asset.document["buffers"].append({"byteLength": 32, "uri": uri})
            asset.document["bufferViews"].append({"buffer": 1, "byteLength": 24})
            asset.document["accessors"][0] |= {"bufferView": len(asset.document["bufferViews"]) - 1, "count": 2}

    return bent(change)


def _chain(asset: Asset, depth: int) -> None:
    first = len(asset.document["nodes"])
    asset.document["nodes"] += [{"children": [first + index + 1]} for index in range(depth)] + [{}]
    asset.document["scenes"][0]["nodes"].append(first)


def _raw(text: bytes) -> bytes:
    return container([(b"JSON", text + b" " * (-len(text) % 4))])


def _draco(faces: int, body: bytes) -> bytes:
    """A primitive whose compressed faces are rubbish behind a header that claims so many."""

    def varint(value: int) -> bytes:
        found = bytearray()
        while value > 0x7F:
            found.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*found, value])

    def change(asset: Asset) -> None:
        data = b"DRACO\x02\x02\x01\x01\0\0\0" + varint(3) + varint(faces) + body
        primitive = asset.document["meshes"][0]["primitives"][0]
        primitive["extensions"] = {
            "KHR_draco_mesh_compression": {
                "bufferView": asset.view(data),
                "attributes": {"POSITION": 0, "JOINTS_0": 1, "WEIGHTS_0": 2},
            }
        }
        asset.document |= {
            "extensionsUsed": ["KHR_draco_mesh_compression"],
            "extensionsRequired": ["KHR_draco_mesh_compression"],
        }

    return bent(change)


def _nested_fbx(depth: int) -> bytes:
    header = 13  # written by hand, since a recursion as deep as the file would not do
    offsets = [27 + index * (header + 4) for index in range(depth)]
    end = offsets[-1] + header + 4
    data = bytearray(b"Kaydara FBX Binary  \x00\x1a\x00" + struct.pack("<I", 7400))
    for index in range(depth):
        data += struct.pack("<IIIB", end + header * (depth - 1 - index), 0, 0, 4) + b"deep"
    return bytes(data) + bytes(header * (depth - 1) + 13 + 160)


def _fbx(property_: Raw, name: str = "Vertices") -> bytes:
    return fbx_file([("Objects", [], [("Geometry", [1, "g\0\1Geometry", "Mesh"], [(name, [property_], [])])])])


def _many(asset: Asset, kind: str, entry: Any, count: int) -> None:
    asset.document[kind] = [entry] * count


def _instances(asset: Asset) -> None:
    big = len(asset.document["accessors"])
    asset.document["accessors"].append({"componentType": 5126, "count": 3_000_000, "type": "VEC3"})
    asset.document["nodes"].append(
        {"mesh": 0, "extensions": {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": big}}}}
    )
    asset.document["scenes"][0]["nodes"].append(len(asset.document["nodes"]) - 1)


def _copies(asset: Asset) -> None:
    """One mesh of many vertices, built again for each of thousands of nodes."""
    place = asset.accessor("VEC3", [0.0] * 90_000)
    asset.document["meshes"][0]["primitives"] = [
        {"attributes": {"POSITION": place}, "targets": [{"POSITION": place}] * 20}
    ]
    first = len(asset.document["nodes"])
    asset.document["nodes"] += [{"mesh": 0, "weights": [index]} for index in range(5000)]
    asset.document["scenes"][0]["nodes"] += list(range(first, first + 5000))
    asset.document["animations"] = []


def _blend(script: str) -> bytes:
    """A .blend header and a text block with a script; Blender's own writer would make more of it."""
    return b"BLENDER-v405" + b"REND" + bytes(68) + script.encode() + b"ENDB" + bytes(20)


def _zip(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def _tar(name: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    return stream.getvalue()


def _named(name: str) -> bytes:
    """A sound file in which everything carries one name."""
    asset = rigged(name=name)
    for kind in ("nodes", "meshes", "materials", "images", "animations", "skins", "scenes"):
        for entry in asset.document[kind]:
            entry["name"] = name
    asset.document["meshes"][0]["extras"] = {"targetNames": [name]}
    asset.document["asset"] |= {"generator": name, "extras": {"title": name, "license": name}}
    return asset.glb()


def _scripts(canary: Path) -> dict[str, bytes]:
    """Whatever might make Blender run a script, each of which would leave a file."""
    code = f"open({str(canary)!r}, 'w').write('ran')"
    asset = rigged()
    extras = {"_RNA_UI": {"x": {"default": code}}, "driver": code, "script": code, "__import__('os')": code}
    for kind in ("nodes", "meshes", "materials", "scenes", "animations"):
        for entry in asset.document[kind]:
            entry["extras"] = extras
    asset.document["extensions"] = {"BLENDER_physics": {"script": code}, "KHR_xmp": code}
    fbx = fbx_file([*triangle(), ("Script", [code], []), ("Takes", [], [("Current", [code], [])])])
    return {
        "scripts.extras.glb": asset.glb(),
        "scripts.node.fbx": fbx,
        "scripts.text.blend": _blend(code),
        "scripts.text-blend.glb": _blend(code),
        "scripts.usd.glb": b"#usda 1.0\n(\n  customLayerData = {}\n)\n",
    }


def files(folder: Path, secret: Path, canary: Path) -> dict[str, bytes | None]:
    """Every file of the corpus by its name, `class.case.suffix`, with its bytes; None for what is no regular file.

    `secret` is a file outside of the folder that none may read, `canary` one that none may write.
    """
    up = os.path.relpath(secret, folder)
    found: dict[str, bytes | None] = {
        # --- paths to elsewhere
        "traversal.buffer-up.glb": _uri("buffer", up),
        "traversal.buffer-absolute.glb": _uri("buffer", str(secret)),
        "traversal.buffer-percent.glb": _uri("buffer", up.replace("..", "%2e%2e").replace("/", "%2f")),
        "traversal.buffer-backslash.glb": _uri("buffer", up.replace("/", "\\")),
        "traversal.image-up.glb": _uri("image", up),
        "traversal.image-absolute.glb": _uri("image", str(secret)),
        "traversal.gltf.gltf": json.dumps(
            {
                "asset": {"version": "2.0"},
                "buffers": [{"uri": up, "byteLength": 24}],
                "bufferViews": [{"buffer": 0, "byteLength": 24}],
                "nodes": [{"mesh": 0}],
                "scenes": [{"nodes": [0]}],
                "accessors": [{"bufferView": 0, "componentType": 5126, "count": 2, "type": "VEC3"}],
                "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
            }
        ).encode(),
        "scheme.http.glb": _uri("image", "http://127.0.0.1:9/a.png"),
        "scheme.https.glb": _uri("buffer", "https://example.org/a.bin"),
        "scheme.file.glb": _uri("buffer", f"file://{secret}"),
        "scheme.unc.glb": _uri("buffer", "//127.0.0.1/share/a.bin"),
        "data-trick.no-base64.glb": _uri("buffer", f"data:{up}"),
        "data-trick.slash.glb": _uri("image", f"data:/{up};base64"),
        "data-trick.late-base64.glb": _uri("buffer", f"data:{up}/" + "x" * 400 + ";base64,AAAA"),
        "data-trick.not-base64.glb": _uri("buffer", "data:application/octet-stream;base64,@@@@"),
        "device.zero.glb": _uri("buffer", "/dev/zero"),
        "device.stdin.glb": _uri("buffer", "/proc/self/fd/0"),
        "device.environ.glb": _uri("buffer", "/proc/self/environ"),
        # --- numbers that reach outside of memory
        "stride.negative.glb": _set("bufferViews.0.byteStride", -16),
        "stride.huge.glb": _set("bufferViews.0.byteStride", 2**31),
        "stride.short.glb": _set("bufferViews.0.byteStride", 4),
        "stride.odd.glb": _set("bufferViews.0.byteStride", 13),
        "bounds.count.glb": _set("accessors.0.count", 400_000),
        "bounds.offset.glb": _set("accessors.0.byteOffset", 2**31),
        "bounds.negative-offset.glb": _set("bufferViews.0.byteOffset", -100),
        "bounds.view.glb": _set("bufferViews.0.byteLength", 2**31),
        "bounds.wrap.glb": _set("bufferViews.0.byteOffset", 2**64 - 4),
        "bounds.buffer.glb": _set("buffers.0.byteLength", 2**31),
        "bounds.face-index.glb": bent(
            lambda a: a.document["meshes"][0]["primitives"][0].update(
                indices=a.accessor("SCALAR", [0, 1, 60_000], 5123)
            )
        ),
        "sparse.index.glb": bent(
            lambda a: a.document["accessors"][9]["sparse"]["indices"].update(bufferView=a.view(b"\xff\xff"))
        ),
        "sparse.count.glb": _set("accessors.9.sparse.count", 2**30),
        "sparse.view.glb": _set("accessors.9.sparse.values.bufferView", 999),
        # --- memory out of nothing
        "huge-count.no-view.glb": bent(
            lambda a: a.document["accessors"].__setitem__(
                0, {"componentType": 5126, "count": 2_000_000_000, "type": "VEC3"}
            )
        ),
        "huge-count.thirty-million.glb": bent(
            lambda a: (
                a.document["accessors"].append({"componentType": 5126, "count": 30_000_000, "type": "VEC3"}),
                a.document["meshes"][0]["primitives"].append({"attributes": {"POSITION": 11}}),
            )
        ),
        "huge-count.many-names.glb": bent(
            lambda a: (
                a.document["accessors"].extend([{"componentType": 5126, "count": 250_000, "type": "MAT4"}] * 99),
                a.document["skins"].extend({"joints": [1], "inverseBindMatrices": 11 + n} for n in range(99)),
            )
        ),
        "huge-count.instances.glb": bent(_instances),
        "huge-count.copies.glb": bent(_copies),
        "huge-count.textures.glb": bent(lambda a: _many(a, "textures", {"source": 0}, 1_000_000)),
        "huge-count.nodes.glb": bent(lambda a: _many(a, "nodes", {}, 300_000)),
        # --- shapes of trees and texts
        "tree.own-child.glb": _set("nodes.0.children", [0]),
        "tree.cycle.glb": _set("nodes.2.children", [1]),
        "tree.two-parents.glb": _set("nodes.3.children", [2]),
        "tree.deep.glb": bent(lambda a: _chain(a, 19_000)),
        "json.deep.glb": _raw(b'{"asset":{"version":"2.0"},"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
        "json.huge-integer.glb": _set("accessors.0.count", 10**300),
        "json.long-integer.glb": _raw(b'{"asset":{"version":"2.0"},"scene":' + b"9" * 100_000 + b"}"),
        "json.infinite.glb": rigged().glb(
            text=json.dumps(rigged().document).encode().replace(b'"translation": [0,', b'"translation": [1e999,')
        ),
        "json.nan.glb": _raw(b'{"asset":{"version":"2.0"},"nodes":[{"translation":[NaN,0,0]}]}'),
        "json.values.glb": _raw(b'{"asset":{"version":"2.0"},"x":[' + b"0," * 3_000_000 + b"0]}"),
        "json.types.glb": _raw(b'{"asset":{"version":"2.0"},"nodes":{"0":[]},"meshes":"x","accessors":7}'),
        "json.not-utf8.glb": _raw(b'{"asset":{"version":"2.0","generator":"\xff\xfe"}}'),
        # --- pictures
        "image.png-bomb.glb": rigged(picture=png(20, 20_000, claimed=(30_000, 30_000))).glb(),
        "image.jpeg-bomb.glb": rigged(picture=jpeg(65_500, 65_500)).glb(),
        "image.webp-bomb.glb": rigged(picture=webp(2**24, 2**24)).glb(),
        "image.ktx2.glb": rigged(picture=ktx2(2**31, 2**31)).glb(),
        "image.html.glb": rigged(picture=b"<html><script>alert(1)</script></html>").glb(),
        "image.exr.glb": rigged(picture=b"\x76\x2f\x31\x01" + bytes(400)).glb(),
        "image.jpeg-fill.glb": rigged(picture=b"\xff\xd8" + b"\xff" * 4_000_000).glb(),
        "image.empty.glb": rigged(picture=b"").glb(),
        # --- FBX
        "fbx-bomb.zlib.fbx": _fbx(
            Raw(b"d" + struct.pack("<III", 2**27, 1, 1_040_000) + zlib.compress(bytes(2**20)).ljust(1_040_000, b"\0"))
        ),
        "fbx-bomb.claim.fbx": _fbx(array("d", bytes(800), 2**31)),
        "fbx-bomb.many.fbx": fbx_file([("Objects", [], [("Vertices", [array("d", bytes(2**22), 2**19)] * 200, [])])]),
        "fbx-record.properties.fbx": b"Kaydara FBX Binary  \x00\x1a\x00"
        + struct.pack("<IIIIB", 7400, 53, 0xFFFFFFFF, 0, 0)
        + bytes(13),
        "fbx-record.backwards.fbx": b"Kaydara FBX Binary  \x00\x1a\x00"
        + struct.pack("<IIIIB", 7400, 27, 0, 0, 0)
        + bytes(200),
        "fbx-record.text.fbx": fbx_file([("Creator", [Raw(b"S" + struct.pack("<I", 2**31) + b"x")], [])]),
        "fbx-record.type.fbx": fbx_file([("Creator", [Raw(b"?1234")], [])]),
        "fbx-deep.binary.fbx": _nested_fbx(100_000),
        "fbx-deep.ascii.fbx": b"; FBX 7.3.0 project file\nFBXVersion: 7300\n" + b"a: {\n" * 100_000 + b"}\n" * 100_000,
        "fbx-path.absolute.fbx": fbx_file(triangle(texture=str(secret))),
        "fbx-path.up.fbx": fbx_file(triangle(texture="C:\\a\\b.png", relative=up.replace("/", "\\"))),
        "fbx-path.zero.fbx": fbx_file(triangle(texture="/dev/zero")),
        "fbx-path.fifo.fbx": fbx_file(triangle(texture=str(secret.parent / "pipe"))),
        "fbx-path.bomb-inside.fbx": fbx_file(triangle(texture="a.png", content=png(8, 8, claimed=(40_000, 40_000)))),
        # --- containers
        "truncated.header.glb": rigged().glb()[:15],
        "truncated.json.glb": rigged().glb()[:300],
        "truncated.binary.glb": rigged().glb()[:-100],
        "truncated.fbx.fbx": fbx_file(triangle())[:400],
        "truncated.fbx-footer.fbx": fbx_file(triangle())[:-180],
        "chunks.overlap.glb": container([(b"JSON", b"{}  "), (b"BIN\0", bytes(64))], total=40),
        "chunks.long.glb": struct.pack("<4sIII4s", b"glTF", 2, 24, 0xFFFFFFF0, b"JSON") + b"{}  ",
        "chunks.binary-first.glb": container([(b"BIN\0", bytes(8)), (b"JSON", b"{}  ")]),
        "polyglot.zip-behind.glb": rigged().glb() + _zip("a.py", b"print(1)"),
        "polyglot.html.glb": b"<!DOCTYPE html><html><body>glTF</body></html>",
        "polyglot.fbx-as-glb.glb": fbx_file(triangle()),
        "archive.zip.glb": _zip("../../escape.glb", rigged().glb()),
        "archive.usdz.glb": _zip("a.usdc", b"PXR-USDC"),
        "archive.gzip.glb": gzip.compress(rigged().glb(), mtime=0),
        "archive.zstd.glb": b"\x28\xb5\x2f\xfd" + bytes(60),
        "archive.7z.glb": b"7z\xbc\xaf\x27\x1c" + bytes(60),
        "archive.tar.glb": _tar("../../escape"),
        # --- names
        "names.format.glb": _named("%s%n%x{0.__class__}${HOME}$(id)`id`"),
        "names.path.glb": _named(f"../../../..{secret}"),
        "names.html.glb": _named("<script>alert('x')</script><img src=x onerror=alert(1)>"),
        "names.long.glb": _named("x" * 1_000_000),
        "names.control.glb": _named("a\0b\x1b[31m\r\n\u202e\ud800\udfff"),
        "names.quotes.glb": _named("\"]['x'] = __import__('os').system('id') #"),
        "names.empty.glb": _named(""),
        # --- references
        "reference.joint.glb": _set("skins.0.joints", [1, 99]),
        "reference.no-joints.glb": _set("skins.0.joints", []),
        "reference.matrices.glb": bent(lambda a: a.document["skins"][0].update(joints=[1, 2, 3])),
        "reference.channel.glb": _set("animations.0.channels.0.target.node", 1000),
        "reference.sampler.glb": _set("animations.0.channels.0.sampler", -1),
        "reference.values.glb": _set("animations.0.samplers.0.output", 6),
        "reference.joint-number.glb": bent(
            lambda a: a.document["meshes"][0]["primitives"][0]["attributes"].update(
                JOINTS_0=a.accessor("VEC4", [255, 254, 253, 252] * 3, 5121)
            )
        ),
        "reference.scene.glb": _set("scene", -1),
        "draco.rubbish.glb": _draco(1, bytes(range(256)) * 8),
        "draco.claims.glb": _draco(2**31 - 1, bytes(64)),
        "draco.short.glb": _draco(1, b""),
        # --- numbers that are none
        "not-a-number.vertices.glb": bent(
            lambda a: a.document["meshes"][0]["primitives"][0]["attributes"].update(
                POSITION=a.accessor("VEC3", [float("nan"), float("inf"), -float("inf")] * 3)
            )
        ),
        "not-a-number.times.glb": bent(
            lambda a: a.document["animations"][0]["samplers"][0].update(input=a.accessor("SCALAR", [float("nan")] * 31))
        ),
        "not-a-number.year.glb": bent(
            lambda a: a.document["animations"][0]["samplers"][0].update(
                input=a.accessor("SCALAR", [frame * 1e6 for frame in range(31)])
            )
        ),
        "not-a-number.scale.glb": _set("nodes.1.scale", [1e30, 1e-30, 0]),
        "extension.required.glb": _set("extensionsRequired", ["EVIL_extension"]),
        "extension.pointer.glb": bent(
            lambda a: a.document["animations"][0]["channels"].append(
                {
                    "sampler": 0,
                    "target": {
                        "path": "pointer",
                        "extensions": {"KHR_animation_pointer": {"pointer": "/materials/99/../../x"}},
                    },
                }
            )
        ),
    }
    found |= _scripts(canary)
    for name, data in found.items():
        if data is not None:
            (folder / name).write_bytes(data)
    os.mkfifo(folder / "device.pipe.glb")
    (folder / "device.link.glb").symlink_to(secret)
    return found | {"device.pipe.glb": None, "device.link.glb": None}
