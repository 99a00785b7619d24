"""Which bone of Blender's import is which node of a glTF file.

Blender keeps 63 bytes of a name and numbers repeats, within one armature, in the order in which its importer meets
the nodes. So the importer's walk is repeated here: which nodes become bones, of which armature, in which order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from curate.gate.gltf_json import MAX_NAME_BYTES, is_index, list_under, malformed, objects_under

_ROOT = -1


def joint_of_node(document: dict[str, Any], joints: Sequence[str]) -> dict[int, str]:
    """Node -> joint, for the joints of a rig that Blender read from this document.

    The armature is the one that holds most of the joints. Joints that are no bones (animated nodes without a skin)
    are known by a name that only one node has.
    """
    known = set(joints)
    best: dict[int, str] = {}
    for names in bones_of_armatures(document):
        found = {node: name for node, name in names.items() if name in known}
        if len(found) > len(best):
            best = found
    if best:
        return best
    own = [_shortened(_name(node, index)) for index, node in enumerate(objects_under(document, "nodes"))]
    count = Counter(own)
    return {index: name for index, name in enumerate(own) if name in known and count[name] == 1}


def bones_of_armatures(document: dict[str, Any]) -> list[dict[int, str]]:
    """For every armature that the importer makes: node -> name of its bone, in the importer's order."""
    nodes = objects_under(document, "nodes")
    children, parents = _tree(nodes)
    bones: set[int] = set()
    armatures: dict[int, bool] = {}  # an ordered set; a node that turns out to be a bone leaves it
    for skin in objects_under(document, "skins"):
        joints = [joint for joint in list_under(skin, "joints") if is_index(joint, len(nodes))]
        skeleton = skin.get("skeleton")
        if not joints:
            continue
        wanted = [*joints, skeleton] if is_index(skeleton, len(nodes)) else joints
        above = _common_ancestor(wanted, parents)
        if above in joints:
            above = parents[above]
        if above not in bones:
            armatures[above] = True
        for joint in joints:
            while joint != above:
                bones.add(joint)
                armatures.pop(joint, None)
                joint = parents[joint]
    return [_named(armature, children, bones, nodes) for armature in armatures]


def _named(
    armature: int, children: dict[int, list[int]], bones: set[int], nodes: list[dict[str, Any]]
) -> dict[int, str]:
    names: dict[int, str] = {}
    taken: set[str] = set()
    pending = [node for node in reversed(children[armature]) if node in bones]
    while pending:
        node = pending.pop()
        names[node] = _unused(_shortened(_name(nodes[node], node)), taken)
        taken.add(names[node])
        pending += [child for child in reversed(children[node]) if child in bones]
    return names


def _tree(nodes: list[dict[str, Any]]) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Children and parents of every node; -1 is above all. A Refusal where it is no tree."""
    children = {
        index: [child for child in list_under(node, "children") if is_index(child, len(nodes))]
        for index, node in enumerate(nodes)
    }
    parents: dict[int, int] = {}
    for index, below in children.items():
        for child in below:
            if parents.setdefault(child, index) != index:
                malformed(f"nodes[{child}] has two parents")
    children[_ROOT] = [index for index in range(len(nodes)) if index not in parents]
    reached, pending = 0, list(children[_ROOT])
    while pending:
        reached += 1
        pending += children[pending.pop()]
    if reached != len(nodes):
        malformed("nodes form a circle")
    return children, {index: parents.get(index, _ROOT) for index in range(len(nodes))}


def _common_ancestor(wanted: list[int], parents: dict[int, int]) -> int:
    """The deepest node that is each of the wanted ones or above it."""
    common: list[int] | None = None
    for node in wanted:
        path = [node]
        while path[-1] != _ROOT:
            path.append(parents[path[-1]])
        path.reverse()
        if common is None:
            common = path
        else:
            same = next((i for i, (a, b) in enumerate(zip(common, path)) if a != b), min(len(common), len(path)))
            common = common[:same]
    return (common or [_ROOT])[-1]


def _name(node: dict[str, Any], index: int) -> str:
    name = node.get("name")
    return name if isinstance(name, str) and name else f"Node_{index}"


def _shortened(name: str) -> str:
    """What fits into Blender's bytes, whole characters only."""
    return name.encode("utf-8", "replace")[:MAX_NAME_BYTES].decode("utf-8", "ignore")


def _unused(name: str, taken: set[str]) -> str:
    """The name, or the first free number after it: `a` and `a` are a and a.001."""
    if name not in taken:
        return name
    stem, dot, digits = name.rpartition(".")
    number = int(digits) if dot and digits.isascii() and digits.isdigit() and len(digits) < 9 else 0
    stem = stem if number or (dot and digits.isdigit()) else name
    while True:
        number += 1
        ending = f".{number:03d}"
        room = MAX_NAME_BYTES - len(ending)
        numbered = stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + ending
        if numbered not in taken:
            return numbered
