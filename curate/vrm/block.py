"""The VRM block of a GLB's JSON, 0.x and 1.0: which node is which part of the body, what swings, where it faces.

Everything in it was written by a stranger. A container of the wrong type is a Refusal; an entry that makes no sense
(exporters write node -1 for a bone that is missing) is left out; nothing else is ever raised.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from curate.gate.gltf_json import is_index, list_under, malformed, objects_under
from rigmill.humanoid.names import CANONICAL

# Canonical names are those of VRM 1.0; `jaw` has no partner in a Mixamo rig.
BONES: tuple[str, ...] = (*CANONICAL, "jaw")
# VRM 0.x calls the three joints of a thumb what 1.0 calls them one further out.
_THUMB = {"Proximal": "Metacarpal", "Intermediate": "Proximal", "Distal": "Distal"}
_RENAMED = {f"{side}Thumb{old}": f"{side}Thumb{new}" for side in ("left", "right") for old, new in _THUMB.items()}

_WHERE = "the VRM block's "
_STRONGEST = 1e3  # of a spring's forces; beyond, they mean the same


@dataclass(frozen=True, slots=True)
class SpringNode:
    """A node that physics would turn, and how. Forces as the format has them: metres per second and step of 1/60 s."""

    node: int
    end: int | None  # the node that it swings; None: nothing hangs on it, and it swings a point beyond itself
    stiffness: float
    drag: float  # 0 to 1
    gravity: tuple[float, float, float]  # force and direction in the file's own axes


@dataclass(frozen=True, slots=True)
class Vrm:
    """A VRM block. Nodes are indices into the document's `nodes`."""

    version: str  # "0.x" or "1.0"
    humanoid: dict[str, int]  # canonical name -> node, in the order of BONES
    springs: tuple[SpringNode, ...]  # in the order of their nodes, each of which is there once
    meta: dict[str, Any]  # as written; curate.vrm.licence reads it

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
    num_nodes = len(objects_under(document, "nodes"))
    if extensions.get("VRMC_vrm") is not None:
        block = _object(extensions, "VRMC_vrm")
        named = _object(_object(block, "humanoid"), "humanBones")
        pairs = [(bone, entry.get("node")) for bone, entry in named.items() if isinstance(entry, dict)]
        springs = _first_of_each(_springs(_object(extensions, "VRMC_springBone"), num_nodes))
        return Vrm("1.0", _humanoid(pairs, num_nodes), springs, _object(block, "meta"))
    if extensions.get("VRM") is not None:
        block = _object(extensions, "VRM")
        pairs = [
            (_RENAMED.get(bone, bone), entry.get("node"))
            for entry in _objects(_object(block, "humanoid"), "humanBones")
            if isinstance(bone := entry.get("bone"), str)
        ]
        springs = _first_of_each(_old_springs(_object(block, "secondaryAnimation"), objects_under(document, "nodes")))
        return Vrm("0.x", _humanoid(pairs, num_nodes), springs, _object(block, "meta"))
    return None


def _humanoid(pairs: Iterable[tuple[Any, Any]], num_nodes: int) -> dict[str, int]:
    """Known bones with a node that exists; the first of equals counts, and no node is two bones."""
    found: dict[str, int] = {}
    for bone, node in pairs:
        if bone in BONES and bone not in found and is_index(node, num_nodes) and node not in found.values():
            found[bone] = node
    return {bone: found[bone] for bone in BONES if bone in found}


def _springs(block: dict[str, Any], num_nodes: int) -> Iterator[SpringNode]:
    """1.0 lists the joints of a chain in order. Each swings the next one; the last is an end and no more."""
    for spring in _objects(block, "springs"):
        chain = [joint for joint in _objects(spring, "joints") if is_index(joint.get("node"), num_nodes)]
        for joint, following in zip(chain, chain[1:]):
            direction = joint.get("gravityDir")
            yield SpringNode(
                joint["node"],
                following["node"],
                stiffness=_number(joint.get("stiffness"), 1.0, least=0.0),
                drag=_number(joint.get("dragForce"), 0.5, least=0.0, most=1.0),
                gravity=_force(joint, direction if isinstance(direction, list) else []),
            )


def _old_springs(block: dict[str, Any], nodes: list[dict[str, Any]]) -> Iterator[SpringNode]:
    """0.x names the first joints of chains and means all below them. Each swings its first child.

    A node counts once, for the first group that reaches it, and so does all below it: the walk is linear in the file.
    """
    found: set[int] = set()
    for group in _objects(block, "boneGroups"):
        direction = group.get("gravityDir")
        gravity = _force(group, [direction.get(axis) for axis in "xyz"] if isinstance(direction, dict) else [])
        stiffness = _number(group.get("stiffiness"), 1.0, least=0.0)  # so spelled
        drag = _number(group.get("dragForce"), 0.5, least=0.0, most=1.0)
        pending = _nodes(list_under(group, "bones", _WHERE), len(nodes))
        while pending:
            node = pending.pop()
            if node not in found:
                found.add(node)
                below = _nodes(list_under(nodes[node], "children", _WHERE), len(nodes))
                pending += below
                yield SpringNode(node, below[0] if below else None, stiffness, drag, gravity)


def _first_of_each(springs: Iterable[SpringNode]) -> tuple[SpringNode, ...]:
    found: dict[int, SpringNode] = {}
    for spring in springs:
        found.setdefault(spring.node, spring)
    return tuple(found[node] for node in sorted(found))


def _force(entry: dict[str, Any], direction: list[Any]) -> tuple[float, float, float]:
    """The entry's gravity: downwards where it gives no direction, and none where that has no length."""
    x, y, z = (_number(value, 0.0) for value in direction) if len(direction) == 3 else (0.0, -1.0, 0.0)
    length = math.hypot(x, y, z)
    power = _number(entry.get("gravityPower"), 0.0) / length if length > 1e-6 else 0.0
    return power * x, power * y, power * z


def _number(value: Any, default: float, *, least: float = -_STRONGEST, most: float = _STRONGEST) -> float:
    """A stranger's number within limits; the default where it is none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return default
    return float(min(max(value, least), most))


def _nodes(values: Iterable[Any], num_nodes: int) -> list[int]:
    return [value for value in values if is_index(value, num_nodes)]


def _object(parent: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under a key; empty where there is none."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        malformed(f"{_WHERE}{key} is not an object")
    return value


def _objects(parent: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [entry for entry in list_under(parent, key, _WHERE) if isinstance(entry, dict)]
