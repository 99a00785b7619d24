"""A GLB without what nothing in it uses, and without its motion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rigmill.formats.glb import Glb

_DRACO, _INSTANCES = "KHR_draco_mesh_compression", "EXT_mesh_gpu_instancing"


def at_rest(data: bytes) -> bytes:
    """The GLB without animations. No byte of their keys is left in it: nothing of a motion can be read from it."""
    glb = Glb.from_bytes(data)
    glb.document.pop("animations", None)
    return trimmed(glb.to_bytes())


def trimmed(data: bytes) -> bytes:
    """The GLB without accessors, buffer views and bytes that nothing refers to; all else as it was, in its order."""
    glb = Glb.from_bytes(data)
    document = glb.document
    users = list(_accessor_users(document))
    _renumber(document, "accessors", users)
    _renumber(document, "bufferViews", list(_view_users(document)))
    binary = bytearray()
    for view in document.get("bufferViews", []):
        if view.get("buffer", 0) != 0:
            continue
        start = view.get("byteOffset", 0)
        binary.extend(b"\0" * (-len(binary) % 8))
        part = glb.binary[start : start + view["byteLength"]]
        view["byteOffset"] = len(binary)
        binary.extend(part)
    document["buffers"][0]["byteLength"] = len(binary)
    if not binary and len(document["buffers"]) == 1:
        del document["buffers"]
    return Glb(document, binary).to_bytes()


def _renumber(document: dict[str, Any], kind: str, users: list[tuple[Any, Any]]) -> None:
    """Keep those of a kind of object that somebody names; users are (container, key)."""
    used = sorted({holder[key] for holder, key in users})
    place = {old: new for new, old in enumerate(used)}
    for holder, key in users:
        holder[key] = place[holder[key]]
    kept = [document[kind][old] for old in used]
    document.pop(kind, None)
    if kept:
        document[kind] = kept


def _accessor_users(document: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    for mesh in document.get("meshes", []):
        for primitive in mesh["primitives"]:
            yield from ((primitive["attributes"], name) for name in primitive["attributes"])
            yield from ((target, name) for target in primitive.get("targets", []) for name in target)
            if "indices" in primitive:
                yield primitive, "indices"
    for skin in document.get("skins", []):
        if "inverseBindMatrices" in skin:
            yield skin, "inverseBindMatrices"
    for node in document.get("nodes", []):
        attributes = node.get("extensions", {}).get(_INSTANCES, {}).get("attributes", {})
        yield from ((attributes, name) for name in attributes)
    for animation in document.get("animations", []):
        for sampler in animation["samplers"]:
            yield sampler, "input"
            yield sampler, "output"


def _view_users(document: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    holders = [*document.get("images", [])]
    for accessor in document.get("accessors", []):
        holders += [accessor, *(accessor.get("sparse", {}).get(part, {}) for part in ("indices", "values"))]
    for mesh in document.get("meshes", []):
        holders += [primitive.get("extensions", {}).get(_DRACO, {}) for primitive in mesh["primitives"]]
    yield from ((holder, "bufferView") for holder in holders if "bufferView" in holder)
