"""What of a glTF document Blender may see: every key that is kept, with its type. Whatever is not listed is left out.

A document is rebuilt from this table, so a key that no rule checks cannot reach the importer: no extras, no unknown
extension, no camera, no light, no uri. Every index is checked against the list it points into, and noted as used.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from curate.gate.gltf_json import name, short

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
    "nodes": 20_000,
    "meshes": 10_000,
    "skins": 1_000,
    "animations": 2_000,
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
_ATTRIBUTE = re.compile(r"POSITION|NORMAL|TANGENT|(TEXCOORD|COLOR|JOINTS|WEIGHTS)_[0-7]")
_POINTER = re.compile(r"/nodes/(\d{1,6})/(translation|rotation|scale|weights)")


@dataclass
class Walk:
    """Where a clean-up of one document stands: how long its lists are, and what was referred to so far."""

    counts: dict[str, int]
    used: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    extensions: set[str] = field(default_factory=set)


Kind = Callable[[Any, Walk], Any]  # a stranger's value -> the value that is kept; None leaves it out


class Odd(Exception):
    """A value that is not what its key needs. Where it stands is added on the way up, so that it costs nothing."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what, self.keys = what, list[str]()

    def render(self, where: str) -> str:
        return f"{'.'.join([where, *reversed(self.keys)])}: {self.what}"


def ref(kind: str) -> Kind:
    """An index into one of the document's lists."""

    def read(value: Any, walk: Walk) -> int:
        if type(value) is not int or not 0 <= value < walk.counts[kind]:
            raise Odd(f"{short(value)} is none of its {walk.counts[kind]} {kind}")
        walk.used[kind].add(value)
        return value

    return read


def whole(low: int = 0, high: int = 2**40) -> Kind:
    def read(value: Any, walk: Walk) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Odd(f"{short(value)} is not a whole number within {low} and {high}")
        return value

    return read


def some(kind: Kind, high: int) -> Kind:
    """A list of up to `high` values of one kind."""

    def read(value: Any, walk: Walk) -> list[Any]:
        if not isinstance(value, list) or len(value) > high:
            raise Odd(f"not a list of at most {high}")
        return [kind(entry, walk) for entry in value]

    return read


def numbers(size: int) -> Kind:
    def read(value: Any, walk: Walk) -> list[Any]:
        if not isinstance(value, list) or len(value) != size:
            raise Odd(f"not a list of {size} numbers")
        return [_number(entry, walk) for entry in value]

    return read


def one_of(*allowed: Any) -> Kind:
    """One of these, or left out: the default stands in for a value that does not exist."""
    return lambda value, walk: value if isinstance(value, int | str) and value in allowed else None


def must_be(*allowed: Any) -> Kind:
    def read(value: Any, walk: Walk) -> Any:
        if not isinstance(value, int | str) or isinstance(value, bool) or value not in allowed:
            raise Odd(f"none of {', '.join(map(str, allowed))}")
        return value

    return read


def thing(*, needs: tuple[str, ...] = (), extensions: dict[str, Kind] | None = None, **keys: Kind) -> Kind:
    """An object with these keys and extensions; null is the same as no value."""

    def read(value: Any, walk: Walk) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Odd("not an object")
        kept, key = {}, ""
        try:
            for key, given in value.items():
                if given is None or (kind := keys.get(key)) is None:
                    continue
                if (found := kind(given, walk)) is not None:
                    kept[key] = found
            if extensions and (given := value.get("extensions")) is not None:
                key = "extensions"
                if found := _extensions(given, extensions, walk):
                    kept[key] = found
        except Odd as odd:
            odd.keys.append(key)
            raise
        for key in needs:
            if key not in kept:
                raise Odd(f"has no {key}")
        return kept

    return read


def _extensions(value: Any, known: dict[str, Kind], walk: Walk) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Odd("not an object")
    found = {}
    for key, kind in known.items():
        if value.get(key) is not None:
            try:
                found[key] = kind(value[key], walk)
            except Odd as odd:
                odd.keys.append(key)
                raise
            walk.extensions.add(key)
    return found


def _number(value: Any, walk: Walk) -> float:
    if type(value) not in (float, int) or not -3e38 < value < 3e38:
        raise Odd(f"{short(value)} is not a number of ordinary size")
    return value  # type: ignore[no-any-return]


def _text(value: Any, walk: Walk) -> str:
    if not isinstance(value, str):
        raise Odd(f"{short(value)} is not a text")
    return name(value)


def _flag(value: Any, walk: Walk) -> bool:
    if not isinstance(value, bool):
        raise Odd("neither true nor false")
    return value


def _by_attribute(kind: Kind) -> Kind:
    """An object whose keys are the attributes that are kept."""

    def read(value: Any, walk: Walk) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Odd("not an object")
        return {key: kind(entry, walk) for key, entry in value.items() if _ATTRIBUTE.fullmatch(key)}

    return read


_attributes = _by_attribute(ref("accessors"))


def _bounds(value: Any, walk: Walk) -> list[float] | None:
    """`min` or `max` of an accessor: only told on, so an odd one is left out."""
    fits = isinstance(value, list) and len(value) in ELEMENTS.values()
    if not fits or not all(isinstance(n, int | float) and -3e38 < n < 3e38 for n in value):
        return None
    return list(value)


def _extras(value: Any, walk: Walk) -> dict[str, Any] | None:
    """Of extras, only the names of a mesh's morph targets."""
    names = value.get("targetNames") if isinstance(value, dict) else None
    if not isinstance(names, list) or len(names) > 4096:
        return None
    return {"targetNames": [name(entry) if isinstance(entry, str) else "" for entry in names]}


_transform = thing(offset=numbers(2), rotation=_number, scale=numbers(2), texCoord=whole(high=7))


def _texture(**more: Kind) -> Kind:
    return thing(
        needs=("index",),
        index=ref("textures"),
        texCoord=whole(high=7),
        extensions={"KHR_texture_transform": _transform},
        **more,
    )


_texture_info, _normal, _occlusion = _texture(), _texture(scale=_number), _texture(strength=_number)
_material = thing(
    name=_text,
    pbrMetallicRoughness=thing(
        baseColorFactor=numbers(4),
        baseColorTexture=_texture_info,
        metallicFactor=_number,
        roughnessFactor=_number,
        metallicRoughnessTexture=_texture_info,
    ),
    normalTexture=_normal,
    occlusionTexture=_occlusion,
    emissiveTexture=_texture_info,
    emissiveFactor=numbers(3),
    alphaMode=one_of("OPAQUE", "MASK", "BLEND"),
    alphaCutoff=_number,
    doubleSided=_flag,
    extensions={
        "KHR_materials_unlit": thing(),
        "KHR_materials_emissive_strength": thing(emissiveStrength=_number),
        "KHR_materials_ior": thing(ior=_number),
        "KHR_materials_clearcoat": thing(
            clearcoatFactor=_number,
            clearcoatTexture=_texture_info,
            clearcoatRoughnessFactor=_number,
            clearcoatRoughnessTexture=_texture_info,
            clearcoatNormalTexture=_normal,
        ),
        "KHR_materials_transmission": thing(transmissionFactor=_number, transmissionTexture=_texture_info),
        "KHR_materials_volume": thing(
            thicknessFactor=_number,
            thicknessTexture=_texture_info,
            attenuationDistance=_number,
            attenuationColor=numbers(3),
        ),
        "KHR_materials_specular": thing(
            specularFactor=_number,
            specularTexture=_texture_info,
            specularColorFactor=numbers(3),
            specularColorTexture=_texture_info,
        ),
        "KHR_materials_sheen": thing(
            sheenColorFactor=numbers(3),
            sheenColorTexture=_texture_info,
            sheenRoughnessFactor=_number,
            sheenRoughnessTexture=_texture_info,
        ),
        "KHR_materials_anisotropy": thing(
            anisotropyStrength=_number, anisotropyRotation=_number, anisotropyTexture=_texture_info
        ),
        "KHR_materials_pbrSpecularGlossiness": thing(
            diffuseFactor=numbers(4),
            diffuseTexture=_texture_info,
            specularFactor=numbers(3),
            glossinessFactor=_number,
            specularGlossinessTexture=_texture_info,
        ),
    },
)
_draco = thing(
    needs=("bufferView", "attributes"), bufferView=ref("bufferViews"), attributes=_by_attribute(whole(high=2**31))
)
_primitive = thing(
    needs=("attributes",),
    attributes=_attributes,
    indices=ref("accessors"),
    material=ref("materials"),
    mode=whole(high=6),
    targets=some(_attributes, 4096),
    extensions={"KHR_draco_mesh_compression": _draco},
)


def _animation(value: Any, walk: Walk) -> dict[str, Any]:
    """Of an animation, what moves nodes; each kept channel with its sampler. Spelled out, for there are thousands."""
    kept = _named(value, walk)
    given, samplers = value.get("channels"), value.get("samplers")
    if not isinstance(given, list) or not isinstance(samplers, list):
        raise Odd("has no lists of channels and samplers")
    channels, places, node_of = [], dict[int, int](), ref("nodes")
    for channel in given:
        target = channel.get("target") if type(channel) is dict else None
        if type(target) is not dict:
            raise Odd("a channel without a target")
        node, path, sampler = target.get("node"), target.get("path"), channel.get("sampler")
        if path == "pointer":
            node, path = _pointed(target)
        if type(path) is not str or path not in _PATHS:
            raise Odd(f"a channel moves {short(path)}")
        if node is None:
            continue
        if type(sampler) is not int or not 0 <= sampler < len(samplers):
            raise Odd(f"a channel names sampler {short(sampler)} of {len(samplers)}")
        channels.append(
            {"sampler": places.setdefault(sampler, len(places)), "target": {"node": node_of(node, walk), "path": path}}
        )
    return kept | {"channels": channels, "samplers": [_sampler(samplers[index], walk) for index in places]}


def _pointed(target: dict[str, Any]) -> tuple[int | None, str]:
    """Node and path of an animated pointer; no node where it points to something that is not kept."""
    found: Any = target
    for key in ("extensions", "KHR_animation_pointer", "pointer"):
        found = found.get(key) if isinstance(found, dict) else None
    match = _POINTER.fullmatch(found) if isinstance(found, str) else None
    return (int(match[1]), match[2]) if match else (None, "weights")


_PATHS = frozenset({"translation", "rotation", "scale", "weights"})
_named = thing(name=_text)
_sampler = thing(
    needs=("input", "output"),
    input=ref("accessors"),
    output=ref("accessors"),
    interpolation=must_be("LINEAR", "STEP", "CUBICSPLINE"),
)
_view = ref("bufferViews")
_instances = thing(TRANSLATION=ref("accessors"), ROTATION=ref("accessors"), SCALE=ref("accessors"))

# In this order: what is used in one list is known once the lists before it are read.
KINDS: dict[str, Kind] = {
    "scenes": thing(name=_text, nodes=some(ref("nodes"), 20_000)),
    "nodes": thing(
        name=_text,
        children=some(ref("nodes"), 20_000),
        mesh=ref("meshes"),
        skin=ref("skins"),
        matrix=numbers(16),
        translation=numbers(3),
        rotation=numbers(4),
        scale=numbers(3),
        weights=some(_number, 4096),
        extensions={"EXT_mesh_gpu_instancing": thing(needs=("attributes",), attributes=_instances)},
    ),
    "skins": thing(
        needs=("joints",),
        name=_text,
        joints=some(ref("nodes"), 20_000),
        inverseBindMatrices=ref("accessors"),
        skeleton=ref("nodes"),
    ),
    "animations": _animation,
    "meshes": thing(
        needs=("primitives",),
        name=_text,
        primitives=some(_primitive, 4096),
        weights=some(_number, 4096),
        extras=_extras,
    ),
    "materials": _material,
    "textures": thing(
        name=_text,
        sampler=ref("samplers"),
        source=ref("images"),
        extensions={"EXT_texture_webp": thing(source=ref("images"))},
    ),
    "samplers": thing(
        name=_text,
        magFilter=one_of(9728, 9729),
        minFilter=one_of(9728, 9729, 9984, 9985, 9986, 9987),
        wrapS=one_of(33071, 33648, 10497),
        wrapT=one_of(33071, 33648, 10497),
    ),
    "images": thing(name=_text, bufferView=_view, uri=lambda value, walk: value),
    "accessors": thing(
        needs=("componentType", "count", "type"),
        bufferView=_view,
        byteOffset=whole(),
        componentType=must_be(*COMPONENT_BYTES),
        normalized=_flag,
        count=whole(low=1, high=2**31 - 1),
        type=must_be(*ELEMENTS),
        min=_bounds,
        max=_bounds,
        name=_text,
        sparse=thing(
            needs=("count", "indices", "values"),
            count=whole(low=1, high=2**31 - 1),
            indices=thing(
                needs=("bufferView", "componentType"),
                bufferView=_view,
                byteOffset=whole(),
                componentType=must_be(5121, 5123, 5125),
            ),
            values=thing(needs=("bufferView",), bufferView=_view, byteOffset=whole()),
        ),
    ),
    "bufferViews": thing(
        needs=("buffer", "byteLength"),
        buffer=ref("buffers"),
        byteOffset=whole(),
        byteLength=whole(),
        byteStride=whole(high=252),
    ),
    "buffers": thing(needs=("byteLength",), byteLength=whole(), uri=lambda value, walk: value),
}
