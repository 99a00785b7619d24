"""The gate for glTF: a stranger's document becomes one of known keys and proven ranges, with the bytes it uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from curate.gate.gltf_data import Accessors
from curate.gate.gltf_json import list_of, malformed, objects_of, over_budget, parse, short
from curate.gate.gltf_pack import decode_data_uri, external
from curate.gate.gltf_schema import KINDS, MAX_ENTRIES, READABLE_EXTENSIONS, Odd, Walk
from curate.gate.image_header import image_header
from rigmill.outcomes import Refusal, Reject

MAX_DEPTH = 256
MAX_JOINTS = 4096
MAX_VERTICES = 5_000_000  # that Blender would build, each copy of a mesh counted
MAX_INDICES = 30_000_000
MAX_INSTANCES = 20_000
MAX_TOTAL_PIXELS = 512 * 1024 * 1024
MAX_ANIMATION_S = 3600.0
_EMPTY: dict[str, dict[str, Any]] = {"meshes": {"primitives": []}}


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """An image that a material shows: its MIME type, its file, and what two images with the same bytes share."""

    mime: str
    data: memoryview
    place: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A document without uris, extras or unknown keys, and the content of what it uses."""

    document: dict[str, Any]
    accessors: Accessors
    images: dict[int, CheckedImage]
    vrm0: bool  # made for VRM 0.x, whose characters face the other way


def check_gltf(text: bytes, binary: memoryview | None) -> Checked:
    """What of a glTF document Blender may see; a Refusal says why there is nothing. Nothing else is raised."""
    given = parse(text)
    extensions = given.get("extensions")
    is_vrm0 = isinstance(extensions, dict) and "VRM" in extensions and "VRMC_vrm" not in extensions
    required = _required(given)
    _no_references(given)
    document, walk = _clean(given)
    names = {name for name in list_of(given, "extensionsUsed") if name == "KHR_mesh_quantization"}
    walk.extensions |= names | (required & {"KHR_mesh_quantization"})
    if walk.extensions:
        document["extensionsUsed"] = sorted(walk.extensions)
    if walk.extensions & required:
        document["extensionsRequired"] = sorted(walk.extensions & required)
    _check_tree(document)
    accessors = Accessors(document, sorted(walk.used["accessors"]), binary)
    _check_meshes(document, accessors)
    _check_skins(document, accessors)
    _check_animations(document, accessors)
    _check_instances(document, accessors)
    return Checked(document, accessors, _images(document, sorted(walk.used["images"]), accessors), is_vrm0)


def _required(given: dict[str, Any]) -> set[str]:
    """The extensions that a reader must know. VRM's say nothing about what is drawn, so that they are left out."""
    for extension in (required := list_of(given, "extensionsRequired")):
        if not isinstance(extension, str):
            malformed("extensionsRequired is not a list of names")
        if extension not in READABLE_EXTENSIONS and not extension.startswith("VRM"):
            raise Refusal(Reject.UNREADABLE, f"requires the extension {short(extension)}, which Blender lacks")
    return set(required) & READABLE_EXTENSIONS


def _no_references(given: dict[str, Any]) -> None:
    for kind in ("buffers", "images"):
        for index, entry in enumerate(objects_of(given, kind)):
            uri, where = entry.get("uri"), f"{kind}[{index}]"
            if uri is None:
                continue
            if not isinstance(uri, str):
                malformed(f"{where}.uri is not a text")
            # Blender opens a data: URI without ';base64,' as a file path, so the prefix alone is not enough.
            if not (uri.startswith("data:") and ";base64," in uri[:300]):
                raise external(uri, where, "is not inside the file; export it as .glb, which embeds all")


def _clean(given: dict[str, Any]) -> tuple[dict[str, Any], Walk]:
    """The document with known keys alone. What nothing refers to is emptied, so that indices and names stay."""
    lists = {kind: objects_of(given, kind) for kind in KINDS}
    for kind, limit in MAX_ENTRIES.items():
        if len(lists[kind]) > limit:
            over_budget(kind, measured=len(lists[kind]), limit=limit)
    walk = Walk({kind: len(entries) for kind, entries in lists.items()})
    document: dict[str, Any] = {"asset": {"version": "2.0"}}
    scene = given.get("scene")
    for kind, read in KINDS.items():
        entries = lists[kind]
        if not entries:
            continue
        everything = kind in ("scenes", "nodes", "skins", "animations")
        used = range(len(entries)) if everything else walk.used[kind]
        document[kind], index = [], 0
        try:
            for index, entry in enumerate(entries):
                document[kind].append(read(entry, walk) if index in used else dict(_EMPTY.get(kind, {})))
        except Odd as odd:
            malformed(odd.render(f"{kind}[{index}]"))
    if scene is not None:
        if not isinstance(scene, int) or isinstance(scene, bool) or not 0 <= scene < len(lists["scenes"]):
            malformed(f"scene {short(scene)} does not exist")
        document["scene"] = scene
    return document, walk


def _check_tree(document: dict[str, Any]) -> None:
    """One parent per node, no cycles, bounded depth; scenes name roots, each once."""
    nodes = document.get("nodes", [])
    parents = [-1] * len(nodes)
    for index, node in enumerate(nodes):
        for child in node.get("children", ()):
            if parents[child] >= 0:
                malformed(f"nodes[{child}] has two parents")
            parents[child] = index
    level, seen, depth = [index for index, parent in enumerate(parents) if parent < 0], 0, 0
    while level:
        seen, depth = seen + len(level), depth + 1
        if depth > MAX_DEPTH:
            over_budget("levels of nodes", measured=depth, limit=MAX_DEPTH)
        level = [child for index in level for child in nodes[index].get("children", ())]
    if seen < len(nodes):
        malformed("a node is its own ancestor")
    for index, scene in enumerate(document.get("scenes", [])):
        roots = scene.get("nodes", [])
        if len(set(roots)) < len(roots) or any(parents[root] >= 0 for root in roots):
            malformed(f"scenes[{index}] names a node that is no root, or one twice")


def _check_meshes(document: dict[str, Any], accessors: Accessors) -> None:
    vertices, indices = [], 0
    for number, mesh in enumerate(document.get("meshes", [])):
        where, count = f"meshes[{number}]", 0
        names = list(mesh.get("extras", {}).get("targetNames", []))
        targets = max((len(primitive.get("targets", ())) for primitive in mesh["primitives"]), default=0)
        for primitive in mesh["primitives"]:
            if len(primitive.get("targets", ())) not in (0, targets):
                malformed(f"{where}: primitives with different numbers of morph targets")
            found = _check_primitive(primitive, where, accessors)
            count, indices = count + found[0], indices + found[1]
        vertices.append(count * (1 + targets))
        if targets:
            first = mesh["primitives"][0].get("targets") or [{}] * targets
            names = [_target_name(names, first, index, accessors) for index in range(targets)]
            mesh["extras"] = {"targetNames": names}
        else:
            mesh.pop("extras", None)
    if indices > MAX_INDICES:
        over_budget("indices of faces", measured=indices, limit=MAX_INDICES)
    # Blender builds a mesh once per skin; one with morph targets may be built again for every node.
    copies = {
        (node["mesh"], node.get("skin"), index if document["meshes"][node["mesh"]].get("extras") else -1)
        for index, node in enumerate(document.get("nodes", []))
        if "mesh" in node
    }
    built = sum(vertices[mesh] for mesh, _, _ in copies)
    if built > MAX_VERTICES:
        over_budget("vertices", measured=built, limit=MAX_VERTICES)


def _target_name(names: list[str], first: list[dict[str, int]], index: int, accessors: Accessors) -> str:
    """The name Blender gives a morph target: the list's, else the accessor's, which is not kept, else a number."""
    if index < len(names) and names[index]:
        return names[index]
    return accessors.entries.get(first[index].get("POSITION", -1), {}).get("name") or f"target_{index}"


def _check_primitive(primitive: dict[str, Any], where: str, accessors: Accessors) -> tuple[int, int]:
    """Numbers of its vertices and indices, once its attributes agree in type and number."""
    attributes = primitive["attributes"]
    if "POSITION" not in attributes:
        return 0, 0
    count = accessors.count(attributes["POSITION"])
    draco = primitive.get("extensions", {}).get("KHR_draco_mesh_compression")
    for key, index in attributes.items():
        kind = key.split("_")[0]
        accessors.expect(index, f"{where}.{key}", _TYPES[kind], at_least=count, finite=kind in _FINITE)
        accessors.vertex_data.add(index)
        if key == "WEIGHTS_0":
            accessors.weights.add(index)
    for target in primitive.get("targets", ()):
        for key, index in target.items():
            shape = _TYPES[key.split("_")[0]]
            accessors.expect(index, f"{where}.targets.{key}", shape, at_least=count, finite=key in _FINITE)
            accessors.vertex_data.add(index)
    if draco is not None:
        if "indices" not in primitive:
            malformed(f"{where}: compressed faces without indices")
        draco["attributes"] = {key: value for key, value in draco["attributes"].items() if key in attributes}
        faces = accessors.check_draco(draco["bufferView"], where, set(attributes.values()) | {primitive["indices"]})
        return max(count, faces), 3 * faces
    if "indices" not in primitive:
        return count, count
    indices = primitive["indices"]
    accessors.expect(indices, f"{where}.indices", ("SCALAR",), components=(5121, 5123, 5125))
    highest = accessors.highest(indices)
    if highest >= count:
        malformed(f"{where}: index {highest} of {count} vertices")
    return count, accessors.count(indices)


# Blender puts a vertex whose place is no number to the origin and says nothing: a spike in every picture.
_FINITE = ("POSITION",)
_TYPES = {
    "POSITION": ("VEC3",),
    "NORMAL": ("VEC3",),
    "TANGENT": ("VEC4", "VEC3"),
    "TEXCOORD": ("VEC2",),
    "COLOR": ("VEC3", "VEC4"),
    "JOINTS": ("VEC4",),
    "WEIGHTS": ("VEC4",),
}


def _check_skins(document: dict[str, Any], accessors: Accessors) -> None:
    joints: set[int] = set()
    for index, skin in enumerate(document.get("skins", [])):
        if not skin["joints"]:
            malformed(f"skins[{index}] has no joints")
        joints |= set(skin["joints"])
        if "inverseBindMatrices" in skin:
            accessors.expect(
                skin["inverseBindMatrices"],
                f"skins[{index}].inverseBindMatrices",
                ("MAT4",),
                at_least=len(skin["joints"]),
                components=(5126,),
                finite=True,
            )
    if len(joints) > MAX_JOINTS:
        over_budget("joints", measured=len(joints), limit=MAX_JOINTS)


def _check_animations(document: dict[str, Any], accessors: Accessors) -> None:
    """Every channel has as many values as its keys need, within an hour."""
    nodes, meshes = document.get("nodes", []), document.get("meshes", [])
    for number, animation in enumerate(document.get("animations", [])):
        for channel in animation["channels"]:
            where, sampler = f"animations[{number}]", animation["samplers"][channel["sampler"]]
            path, node = channel["target"]["path"], nodes[channel["target"]["node"]]
            keys = accessors.count(sampler["input"])
            each = 3 if sampler.get("interpolation") == "CUBICSPLINE" else 1
            if path == "weights":
                mesh = meshes[node["mesh"]] if "mesh" in node else {}
                each *= len(mesh.get("extras", {}).get("targetNames", ()))
                shape: tuple[str, ...] = ("SCALAR",)
            else:
                shape = ("VEC4",) if path == "rotation" else ("VEC3",)
            accessors.expect(sampler["output"], f"{where}.output", shape, at_least=keys * each)
    for index in {
        sampler["input"] for animation in document.get("animations", []) for sampler in animation["samplers"]
    }:
        accessors.expect(index, "animation times", ("SCALAR",), components=(5126,))
        times = accessors.values(index)
        if not np.isfinite(times).all():
            malformed("animation times are not finite")
        if np.abs(times).max(initial=0) > MAX_ANIMATION_S:
            over_budget("seconds of animation", measured=float(np.abs(times).max()), limit=MAX_ANIMATION_S)


def _check_instances(document: dict[str, Any], accessors: Accessors) -> None:
    total = 0
    for index, node in enumerate(document.get("nodes", [])):
        instances = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
        if instances is None:
            continue
        counts = set()
        for key, accessor in instances["attributes"].items():
            shape = ("VEC4",) if key == "ROTATION" else ("VEC3",)
            accessors.expect(accessor, f"nodes[{index}].{key}", shape)
            counts.add(accessors.count(accessor))
        if len(counts) > 1:
            malformed(f"nodes[{index}]: instances that disagree in number")
        total += sum(counts)
    if total > MAX_INSTANCES:
        over_budget("instances of meshes", measured=total, limit=MAX_INSTANCES)


def _images(document: dict[str, Any], used: list[int], accessors: Accessors) -> dict[int, CheckedImage]:
    """The files of the images that materials show; their formats and sizes are what their own headers say."""
    found, pixels = {}, 0
    for index in used:
        image, where = document["images"][index], f"images[{index}]"
        uri = image.pop("uri", None)
        if uri is not None and "bufferView" in image:
            malformed(f"{where} has two sources")
        if uri is not None:
            data, place = memoryview(decode_data_uri(uri, where) or b""), -1 - index
        elif "bufferView" in image:
            place = image.pop("bufferView")
            data = accessors.view(place, where)[0]
        else:
            malformed(f"{where} has no source")
        header = image_header(data, where)
        if header.mime == "image/ktx2":
            raise Refusal(Reject.BAD_IMAGE, f"{where} is a KTX2 image, which Blender cannot read")
        pixels += header.pixels
        image.setdefault("name", f"Image_{index}")  # Blender's own default, kept when indices change
        found[index] = CheckedImage(header.mime, data, place)
    if pixels > MAX_TOTAL_PIXELS:
        over_budget("pixels of all images", measured=pixels, limit=MAX_TOTAL_PIXELS)
    return found
