"""What of a glTF document Blender may see: every key that is kept, with its type. Whatever is not listed is left out.

A document is rebuilt from this table, so a key that no rule checks cannot reach the importer: no extras, no unknown
extension, no camera, no light, no uri. Every index is checked against the list it points into, and noted as used.
"""

from __future__ import annotations

import re
from typing import Any

from curate.gate.gltf_json import name, short
from curate.gate.gltf_materials import MATERIAL
from curate.gate.gltf_values import (
    Cleanup,
    InvalidValue,
    Reader,
    by_attribute,
    flag,
    index_into,
    list_of,
    must_be,
    number,
    numbers,
    object_of,
    one_of,
    text,
    whole,
)

# What Blender 4.5's importer handles; it refuses a file that requires anything else. Some of these say nothing that is
# kept (lights, variants, animated material values), so that requiring them is harmless.
READABLE_EXTENSIONS = frozenset(
    """KHR_materials_pbrSpecularGlossiness KHR_lights_punctual KHR_materials_unlit KHR_texture_transform
    KHR_materials_clearcoat KHR_mesh_quantization EXT_mesh_gpu_instancing KHR_draco_mesh_compression
    KHR_materials_variants KHR_materials_emissive_strength KHR_materials_transmission KHR_materials_specular
    KHR_materials_sheen KHR_materials_ior KHR_animation_pointer KHR_materials_volume EXT_texture_webp
    KHR_materials_anisotropy""".split()
)
MAX_ENTRIES = {
    "scenes": 64,
    "nodes": 4_096,  # with more Blender's importer needs minutes; a character has a hundred
    "meshes": 10_000,
    "skins": 1_000,
    "animations": 500,
    "materials": 2_000,
    "textures": 2_000,
    "samplers": 4_000,
    "images": 1_000,
    "accessors": 200_000,
    "bufferViews": 200_000,
    "buffers": 4_096,
}
ELEMENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}  # Blender asserts that it meets no other
COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_POINTER = re.compile(r"/nodes/(\d{1,6})/(translation|rotation|scale|weights)")


_attributes = by_attribute(index_into("accessors"))


def _bounds(value: Any, _cleanup: Cleanup) -> list[float] | None:
    """`min` or `max` of an accessor: only told on, so an odd one is left out."""
    fits = isinstance(value, list) and len(value) in ELEMENTS.values()
    if not fits or not all(isinstance(n, int | float) and -3e38 < n < 3e38 for n in value):
        return None
    return list(value)


def _extras(value: Any, _cleanup: Cleanup) -> dict[str, Any] | None:
    """Of extras, only the names of a mesh's morph targets."""
    names = value.get("targetNames") if isinstance(value, dict) else None
    if not isinstance(names, list) or len(names) > 4096:
        return None
    return {"targetNames": [name(entry) if isinstance(entry, str) else "" for entry in names]}


_draco = object_of(
    needs=("bufferView", "attributes"), bufferView=index_into("bufferViews"), attributes=by_attribute(whole(high=2**31))
)
_primitive = object_of(
    needs=("attributes",),
    attributes=_attributes,
    indices=index_into("accessors"),
    material=index_into("materials"),
    mode=whole(high=6),
    targets=list_of(_attributes, 4096),
    extensions={"KHR_draco_mesh_compression": _draco},
)


def _animation(value: Any, cleanup: Cleanup) -> dict[str, Any]:
    """Of an animation, what moves nodes; each kept channel with its sampler. Spelled out, for there are thousands."""
    kept = _named(value, cleanup)
    given, samplers = value.get("channels"), value.get("samplers")
    if not isinstance(given, list) or not isinstance(samplers, list):
        raise InvalidValue("has no lists of channels and samplers")
    channels, places, node_of = [], dict[int, int](), index_into("nodes")
    for channel in given:
        target = channel.get("target") if type(channel) is dict else None
        if type(target) is not dict:
            raise InvalidValue("a channel without a target")
        node, path, sampler = target.get("node"), target.get("path"), channel.get("sampler")
        if path == "pointer":
            node, path = _pointed(target)
        if type(path) is not str or path not in _PATHS:
            raise InvalidValue(f"a channel moves {short(path)}")
        if node is None:
            continue
        if type(sampler) is not int or not 0 <= sampler < len(samplers):
            raise InvalidValue(f"a channel names sampler {short(sampler)} of {len(samplers)}")
        channels.append(
            {
                "sampler": places.setdefault(sampler, len(places)),
                "target": {"node": node_of(node, cleanup), "path": path},
            }
        )
    return kept | {"channels": channels, "samplers": [_sampler(samplers[index], cleanup) for index in places]}


def _pointed(target: dict[str, Any]) -> tuple[int | None, str]:
    """Node and path of an animated pointer; no node where it points to something that is not kept."""
    found: Any = target
    for key in ("extensions", "KHR_animation_pointer", "pointer"):
        found = found.get(key) if isinstance(found, dict) else None
    match = _POINTER.fullmatch(found) if isinstance(found, str) else None
    return (int(match[1]), match[2]) if match else (None, "weights")


_PATHS = frozenset({"translation", "rotation", "scale", "weights"})
_named = object_of(name=text)
_sampler = object_of(
    needs=("input", "output"),
    input=index_into("accessors"),
    output=index_into("accessors"),
    interpolation=must_be("LINEAR", "STEP", "CUBICSPLINE"),
)
_view = index_into("bufferViews")
_instances = object_of(
    TRANSLATION=index_into("accessors"), ROTATION=index_into("accessors"), SCALE=index_into("accessors")
)

# In this order: what is used in one list is known once the lists before it are read.
READERS: dict[str, Reader] = {
    "scenes": object_of(name=text, nodes=list_of(index_into("nodes"), 20_000)),
    "nodes": object_of(
        name=text,
        children=list_of(index_into("nodes"), 20_000),
        mesh=index_into("meshes"),
        skin=index_into("skins"),
        matrix=numbers(16),
        translation=numbers(3),
        rotation=numbers(4),
        scale=numbers(3),
        weights=list_of(number, 4096),
        extensions={"EXT_mesh_gpu_instancing": object_of(needs=("attributes",), attributes=_instances)},
    ),
    "skins": object_of(
        needs=("joints",),
        name=text,
        joints=list_of(index_into("nodes"), 20_000),
        inverseBindMatrices=index_into("accessors"),
        skeleton=index_into("nodes"),
    ),
    "animations": _animation,
    "meshes": object_of(
        needs=("primitives",),
        name=text,
        primitives=list_of(_primitive, 4096),
        weights=list_of(number, 4096),
        extras=_extras,
    ),
    "materials": MATERIAL,
    "textures": object_of(
        name=text,
        sampler=index_into("samplers"),
        source=index_into("images"),
        extensions={"EXT_texture_webp": object_of(source=index_into("images"))},
    ),
    "samplers": object_of(
        name=text,
        magFilter=one_of(9728, 9729),
        minFilter=one_of(9728, 9729, 9984, 9985, 9986, 9987),
        wrapS=one_of(33071, 33648, 10497),
        wrapT=one_of(33071, 33648, 10497),
    ),
    "images": object_of(name=text, bufferView=_view, uri=lambda value, cleanup: value),
    "accessors": object_of(
        needs=("componentType", "count", "type"),
        bufferView=_view,
        byteOffset=whole(),
        componentType=must_be(*COMPONENT_BYTES),
        normalized=flag,
        count=whole(low=1, high=2**31 - 1),
        type=must_be(*ELEMENTS),
        min=_bounds,
        max=_bounds,
        name=text,
        sparse=object_of(
            needs=("count", "indices", "values"),
            count=whole(low=1, high=2**31 - 1),
            indices=object_of(
                needs=("bufferView", "componentType"),
                bufferView=_view,
                byteOffset=whole(),
                componentType=must_be(5121, 5123, 5125),
            ),
            values=object_of(needs=("bufferView",), bufferView=_view, byteOffset=whole()),
        ),
    ),
    "bufferViews": object_of(
        needs=("buffer", "byteLength"),
        buffer=index_into("buffers"),
        byteOffset=whole(),
        byteLength=whole(),
        byteStride=whole(high=252),
    ),
    "buffers": object_of(needs=("byteLength",), byteLength=whole(), uri=lambda value, cleanup: value),
}
