"""The joints of a file: where they are and how they are turned at every moment."""

from __future__ import annotations

import numpy as np

from eval.bodies.body import Bones
from eval.bodies.gltf.tree import Tree
from rigmill.rigs import quaternions
from rigmill.types import Floats

_NOTHING = 1e-12  # of a transform's size: what is smaller has no orientation


def find_joints(tree: Tree) -> list[int]:
    """Nodes that are joints, parents first: those of every skin that is shown, and moving nodes that carry a mesh."""
    document = tree.document
    joints: set[int] = set()
    carriers: set[int] = set()
    for node in tree.order:
        entry = document.entry("nodes", node)
        if node in tree.shown and "mesh" in entry:
            if "skin" in entry:
                joints |= set(document.entry("skins", entry["skin"])["joints"])
            else:
                carriers |= set(_line(tree, node))
    joints |= tree.animated() & carriers & tree.shown
    return [node for node in tree.order if node in joints]


def _line(tree: Tree, node: int) -> list[int]:
    """The node and all above it."""
    found = []
    while node >= 0:
        found.append(node)
        node = tree.parents[node]
    return found


def read_bones(tree: Tree, joints: list[int], times: Floats, axes: Floats) -> Bones | None:
    """The bones in the world whose axes are `axes` @ glTF's; None: nothing is a joint."""
    if not joints:
        return None
    place = {node: index for index, node in enumerate(joints)}
    parents = [next((place[above] for above in _line(tree, node)[1:] if above in place), -1) for node in joints]
    rest = np.stack([tree.at_rest.matrices(np.zeros(1))[node][0] for node in joints])
    moving = tree.matrices(times)
    posed = np.stack([np.broadcast_to(moving[node], (len(times), 4, 4)) for node in joints], axis=1)
    return Bones(
        names=_names(tree, joints),
        parents=np.array(parents, dtype=np.int32),
        rest=rest[:, :3, 3] @ axes.T,
        joints=posed[..., :3, 3] @ axes.T,
        turns=axes @ _turns(rest[:, :3, :3], posed[..., :3, :3]) @ axes.T,
    )


def _turns(rest: Floats, posed: Floats) -> Floats:
    """The rotations (T, J, 3, 3) from rest (J, 3, 3) to posed transforms; none for what has no size at rest."""
    size = np.abs(rest).max(axis=(1, 2))
    flat = np.abs(np.linalg.det(rest)) <= _NOTHING * size**3
    inverse = np.linalg.inv(np.where(flat[:, None, None], np.eye(3), rest))
    turns = quaternions.nearest_rotations(posed @ inverse)
    return np.where(flat[:, None, None], np.eye(3), turns)


def _names(tree: Tree, joints: list[int]) -> tuple[str, ...]:
    """One name each: a name that several nodes have is numbered from the second on, as Blender does."""
    taken: dict[str, int] = {}
    named: dict[int, str] = {}
    for node in sorted(joints):
        name = str(tree.document.entry("nodes", node).get("name") or f"Node_{node}")
        number = taken.get(name, 0)
        taken[name] = number + 1
        named[node] = f"{name}.{number:03d}" if number else name
    return tuple(named[node] for node in joints)
