"""The VRM block of a GLB's JSON, 0.x and 1.0: which node is which part of the body, what swings, where it faces.

Everything in it was written by a stranger. A container of the wrong type is a Refusal; an entry that makes no sense
(exporters write node -1 for a bone that is missing) is left out; nothing else is ever raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from curate.gltf_json import malformed, objects_of
from curate.humanoid import CANONICAL

# Canonical names are those of VRM 1.0; `jaw` has no partner in a Mixamo rig.
BONES: tuple[str, ...] = (*CANONICAL, "jaw")
# VRM 0.x calls the three joints of a thumb what 1.0 calls them one further out.
_THUMB = {"Proximal": "Metacarpal", "Intermediate": "Proximal", "Distal": "Distal"}
_RENAMED = {
    f"{side}Thumb{old}": f"{side}Thumb{new}" for side in ("left", "right") for old, new in _THUMB.items()
}


@dataclass(frozen=True, slots=True)
class Vrm:
    """A VRM block. Nodes are indices into the document's `nodes`."""

    version: str  # "0.x" or "1.0"
    humanoid: dict[str, int]  # canonical name -> node, in the order of BONES
    springs: tuple[int, ...]  # nodes that physics would move, ascending
    meta: dict[str, Any]  # as written; curate.vrm_licence reads it

    @property
    def facing(self) -> str:
        """Where the model looks once Blender has imported the file as it is."""
        return "+y" if self.version == "0.x" else "-y"


def read_vrm(document: dict[str, Any]) -> Vrm | None:
    """The block of a parsed glTF document; None where there is none. 1.0 counts where a file carries both."""
    extensions = document.get("extensions")
    if extensions is None:
        return None
    if not isinstance(extensions, dict):
        malformed("extensions is not an object")
    num_nodes = len(objects_of(document, "nodes"))
    if extensions.get("VRMC_vrm") is not None:
        block = _object(extensions, "VRMC_vrm")
        named = _object(_object(block, "humanoid"), "humanBones")
        pairs = [(bone, entry.get("node")) for bone, entry in named.items() if isinstance(entry, dict)]
        springs = _objects(_object(extensions, "VRMC_springBone"), "springs")
        swinging = _nodes((joint.get("node") for spring in springs for joint in _objects(spring, "joints")), num_nodes)
        return Vrm("1.0", _humanoid(pairs, num_nodes), tuple(sorted(set(swinging))), _object(block, "meta"))
    if extensions.get("VRM") is not None:
        block = _object(extensions, "VRM")
        pairs = [
            (_RENAMED.get(bone, bone), entry.get("node"))
            for entry in _objects(_object(block, "humanoid"), "humanBones")
            if isinstance(bone := entry.get("bone"), str)
        ]
        groups = _objects(_object(block, "secondaryAnimation"), "boneGroups")
        roots = _nodes((root for group in groups for root in _list(group, "bones")), num_nodes)
        return Vrm("0.x", _humanoid(pairs, num_nodes), _with_descendants(document, roots), _object(block, "meta"))
    return None


def _humanoid(pairs: Iterable[tuple[Any, Any]], num_nodes: int) -> dict[str, int]:
    """Known bones with a node that exists; the first of equals counts, and no node is two bones."""
    found: dict[str, int] = {}
    for bone, node in pairs:
        if bone in BONES and bone not in found and _is_node(node, num_nodes) and node not in found.values():
            found[bone] = node
    return {bone: found[bone] for bone in BONES if bone in found}


def _with_descendants(document: dict[str, Any], roots: Sequence[int]) -> tuple[int, ...]:
    """The nodes and everything below them: 0.x names the first joint of a chain and means the whole chain."""
    nodes = objects_of(document, "nodes")
    found: set[int] = set()
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += _nodes(_list(nodes[node], "children"), len(nodes))
    return tuple(sorted(found))


def _nodes(values: Iterable[Any], num_nodes: int) -> list[int]:
    return [value for value in values if _is_node(value, num_nodes)]


def _is_node(value: Any, num_nodes: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < num_nodes


def _object(parent: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under a key; empty where there is none."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        malformed(f"the VRM block's {key} is not an object")
    return value


def _list(parent: dict[str, Any], key: str) -> list[Any]:
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        malformed(f"the VRM block's {key} is not a list")
    return value


def _objects(parent: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [entry for entry in _list(parent, key) if isinstance(entry, dict)]
