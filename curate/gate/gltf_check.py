"""The gate for glTF: a stranger's document becomes one of known keys and proven ranges, with the bytes it uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curate.gate.gltf_content import check_animations, check_instances, check_meshes, check_skins
from curate.gate.gltf_credits import credits_in
from curate.gate.gltf_data import Accessors
from curate.gate.gltf_json import list_under, malformed, objects_under, over_budget, parse, short
from curate.gate.gltf_pack import decode_data_uri, external
from curate.gate.gltf_schema import MAX_ENTRIES, READABLE_EXTENSIONS, READERS
from curate.gate.gltf_values import Cleanup, InvalidValue
from curate.gate.image_header import image_header
from rigmill.outcomes import Refusal, Reject

MAX_DEPTH = 256
MAX_TOTAL_PIXELS = 512 * 1024 * 1024
_EMPTY: dict[str, dict[str, Any]] = {"meshes": {"primitives": []}}


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """An image that a material shows: its MIME type, its file, and what two images with the same bytes share."""

    mime: str
    data: memoryview
    place: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A document without uris or unknown keys, of extras the credits alone, and the content of what it uses."""

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
    document, cleanup = _clean(given)
    names = {name for name in list_under(given, "extensionsUsed") if name == "KHR_mesh_quantization"}
    cleanup.extensions |= names | (required & {"KHR_mesh_quantization"})
    if cleanup.extensions:
        document["extensionsUsed"] = sorted(cleanup.extensions)
    if cleanup.extensions & required:
        document["extensionsRequired"] = sorted(cleanup.extensions & required)
    _check_tree(document)
    accessors = Accessors(document, sorted(cleanup.used["accessors"]), binary)
    check_meshes(document, accessors)
    check_skins(document, accessors)
    check_animations(document, accessors)
    check_instances(document, accessors)
    return Checked(document, accessors, _images(document, sorted(cleanup.used["images"]), accessors), is_vrm0)


def _required(given: dict[str, Any]) -> set[str]:
    """The extensions that a reader must know. VRM's say nothing about what is drawn, so that they are left out."""
    for extension in (required := list_under(given, "extensionsRequired")):
        if not isinstance(extension, str):
            malformed("extensionsRequired is not a list of names")
        if extension not in READABLE_EXTENSIONS and not extension.startswith("VRM"):
            raise Refusal(Reject.UNREADABLE, f"requires the extension {short(extension)}, which Blender lacks")
    return set(required) & READABLE_EXTENSIONS


def _no_references(given: dict[str, Any]) -> None:
    for kind in ("buffers", "images"):
        for index, entry in enumerate(objects_under(given, kind)):
            uri, where = entry.get("uri"), f"{kind}[{index}]"
            if uri is None:
                continue
            if not isinstance(uri, str):
                malformed(f"{where}.uri is not a text")
            # Blender opens a data: URI without ';base64,' as a file path, so the prefix alone is not enough.
            if not (uri.startswith("data:") and ";base64," in uri[:300]):
                raise external(uri, where, "is not inside the file; export it as .glb, which embeds all")


def _clean(given: dict[str, Any]) -> tuple[dict[str, Any], Cleanup]:
    """The document with known keys alone. What nothing refers to is emptied, so that indices and names stay."""
    lists = {kind: objects_under(given, kind) for kind in READERS}
    for kind, limit in MAX_ENTRIES.items():
        if len(lists[kind]) > limit:
            over_budget(kind, measured=len(lists[kind]), limit=limit)
    cleanup = Cleanup({kind: len(entries) for kind, entries in lists.items()})
    document: dict[str, Any] = {"asset": {"version": "2.0", **credits_in(given.get("asset"))}}
    scene = given.get("scene")
    for kind, read in READERS.items():
        entries = lists[kind]
        if not entries:
            continue
        everything = kind in ("scenes", "nodes", "skins", "animations")
        used = range(len(entries)) if everything else cleanup.used[kind]
        document[kind], index = [], 0
        try:
            for index, entry in enumerate(entries):
                document[kind].append(read(entry, cleanup) if index in used else dict(_EMPTY.get(kind, {})))
        except InvalidValue as invalid:
            malformed(invalid.render(f"{kind}[{index}]"))
    if scene is not None:
        if not isinstance(scene, int) or isinstance(scene, bool) or not 0 <= scene < len(lists["scenes"]):
            malformed(f"scene {short(scene)} does not exist")
        document["scene"] = scene
    return document, cleanup


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
