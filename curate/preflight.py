"""The gate for strangers' files: what is checked before Blender sees a byte. Pure standard library, fuzzed."""

from __future__ import annotations

import json
import re
import struct
from typing import Any, NoReturn

from rigmill.errors import Refusal, Reject

MAX_JSON_BYTES = 64 * 1024 * 1024
FBX_MAGIC = b"Kaydara FBX Binary  \x00\x1a\x00"
FBX_VERSIONS = (5000, 8000)
# What Blender 4.5's glTF importer handles; it refuses a file that requires anything else.
READABLE_EXTENSIONS = frozenset(
    """KHR_materials_pbrSpecularGlossiness KHR_lights_punctual KHR_materials_unlit KHR_texture_transform
    KHR_materials_clearcoat KHR_mesh_quantization EXT_mesh_gpu_instancing KHR_draco_mesh_compression
    KHR_materials_variants KHR_materials_emissive_strength KHR_materials_transmission KHR_materials_specular
    KHR_materials_sheen KHR_materials_ior KHR_animation_pointer KHR_materials_volume EXT_texture_webp
    KHR_materials_anisotropy""".split()
)


def sniff(data: bytes) -> str | None:
    """The format that the content itself declares: glb, gltf or fbx; None for anything else."""
    if data[:4] == b"glTF":
        return "glb"
    if data.startswith(FBX_MAGIC[:18]) or data[:5] == b"; FBX":
        return "fbx"
    return "gltf" if data[:64].lstrip(b" \t\r\n")[:1] == b"{" else None


def check(data: bytes, format: str) -> None:  # noqa: A002 - the column's name
    """Nothing when the container is sound and self-contained; a Refusal says what is wrong. Never anything else."""
    if not data:
        raise Refusal(Reject.EMPTY_FILE, "the file holds no bytes")
    if format == "glb":
        _check_document(_glb_json(data))
    elif format == "gltf":
        _check_document(data)
    elif format == "fbx":
        _check_fbx(data)
    else:
        raise Refusal(Reject.UNKNOWN_TYPE, "the content is neither glTF nor FBX")


def _malformed(message: str) -> NoReturn:
    raise Refusal(Reject.MALFORMED, message)


def _truncated(what: str, *, has: int, needs: int) -> NoReturn:
    raise Refusal(
        Reject.TRUNCATED, f"{what} is cut short: {has} of {needs} bytes", measured=float(has), limit=float(needs)
    )


def _glb_json(data: bytes) -> bytes:
    """The JSON chunk of a binary glTF whose header and chunks agree with its size."""
    if data[:4] != b"glTF":
        _malformed("no glTF magic at the start")
    if len(data) < 20:
        _truncated("the GLB header", has=len(data), needs=20)
    version, total = struct.unpack_from("<II", data, 4)
    if version != 2:
        _malformed(f"GLB version {version}; only 2 is defined")
    if total > len(data):
        _truncated("the GLB file", has=len(data), needs=total)
    if total < len(data):
        _malformed(f"{len(data) - total} bytes after the end that the header names")
    found, offset = b"", 12
    while offset < total:
        if offset + 8 > total:
            _malformed("a chunk header is cut off at the end of the file")
        length, kind = struct.unpack_from("<I4s", data, offset)
        if offset + 8 + length > total:
            _malformed(f"a chunk of {length} bytes reaches past the end of the file")
        if offset == 12:
            if kind != b"JSON":
                _malformed("the first chunk is not JSON")
            found = data[20 : 20 + length]
        offset += 8 + length
    return found


def _check_document(text: bytes) -> None:
    """Refuse glTF JSON that cannot be parsed, needs what Blender lacks, or points outside the file."""
    if len(text) > MAX_JSON_BYTES:
        raise Refusal(
            Reject.TOO_LARGE, "the glTF JSON is larger than allowed", measured=float(len(text)),
            limit=float(MAX_JSON_BYTES),
        )
    try:
        document = json.loads(str(text, "utf-8"), parse_constant=lambda name: _malformed(f"the JSON holds {name}"))
    except (ValueError, RecursionError) as error:
        _malformed(f"the glTF JSON cannot be parsed ({type(error).__name__})")
    if not isinstance(document, dict):
        _malformed("the glTF JSON is not an object")
    asset = document.get("asset")
    version = asset.get("version") if isinstance(asset, dict) else None
    if version != "2.0":
        _malformed("asset.version is not '2.0'")
    for extension in _list(document, "extensionsRequired"):
        if not isinstance(extension, str) or extension not in READABLE_EXTENSIONS:
            raise Refusal(Reject.UNREADABLE, f"requires the extension {_short(extension)}, which Blender lacks")
    for kind in ("buffers", "images"):
        for index, entry in enumerate(_list(document, kind)):
            if not isinstance(entry, dict):
                _malformed(f"{kind}[{index}] is not an object")
            uri = entry.get("uri")
            if uri is None:
                continue
            if not isinstance(uri, str):
                _malformed(f"{kind}[{index}].uri is not a text")
            # Blender opens a data: URI without ';base64,' as a file path, so the prefix alone is not enough.
            if not (uri.startswith("data:") and ";base64," in uri):
                raise Refusal(
                    Reject.EXTERNAL_REFERENCE,
                    f"{kind}[{index}] is not inside the file ({_short(uri)}); export it as .glb, which embeds all",
                )


def _list(document: dict[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        _malformed(f"{key} is not a list")
    return value


def _short(value: Any) -> str:
    """A stranger's value as printable text of bounded length."""
    return ascii(value)[:80]


def _check_fbx(data: bytes) -> None:
    if data.startswith(b"; FBX"):
        match = re.search(rb"FBXVersion:\s*(\d{1,6})\b", data[:65536])
        if not match:
            _malformed("an ASCII FBX file without FBXVersion")
        _check_fbx_version(int(match[1]))
        return
    if not data.startswith(FBX_MAGIC[: len(data)]):
        _malformed("no FBX magic at the start")
    if len(data) < 27:
        _truncated("the FBX header", has=len(data), needs=27)
    (version,) = struct.unpack_from("<I", data, 23)
    _check_fbx_version(version)
    # Top-level records form a chain of end offsets that closes with a zero one; a cut file breaks it.
    wide = version >= 7500
    header = struct.Struct("<Q") if wide else struct.Struct("<I")
    offset = 27
    while True:
        if offset + header.size > len(data):
            _truncated("the FBX file", has=len(data), needs=offset + header.size)
        (end,) = header.unpack_from(data, offset)
        if end == 0:
            return
        if end > len(data):
            _truncated("the FBX file", has=len(data), needs=end)
        if end <= offset:
            _malformed("an FBX record ends before it starts")
        offset = end


def _check_fbx_version(version: int) -> None:
    low, high = FBX_VERSIONS
    if not low <= version <= high:
        _malformed(f"FBX version {version} is not between {low} and {high}")
