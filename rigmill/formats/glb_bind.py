"""The pose in which a GLB's mesh was bound to its joints, where that is another than the one its nodes rest in."""

from __future__ import annotations

from typing import Any

import numpy as np

from rigmill.formats.glb import TO_BLENDER, Glb, NotAnimatable, node_parents, rest_globals
from rigmill.formats.glb_animation import match_nodes
from rigmill.rigs.quaternions import from_matrix, nearest_rotations
from rigmill.types import Floats, Rig

_SAME = np.cos(np.radians(1.0) / 2)  # half a quaternion's angle: less is rounding
_FLOAT, _FLAT = 5126, 1e-9


def posed_joints(data: bytes, rig: Rig) -> dict[str, Floats]:
    """Joint -> the turn (4,) from how the skin binds it to how it rests, against the skin's first joint.

    In world axes of ours, of joints that are turned by more than a degree; of the skin with most joints. Empty where
    the rest pose is the bind pose, and where nothing can be read: a mesh moves all the same.
    """
    try:
        glb = Glb.from_bytes(data)
        document = glb.document
        skin: dict[str, Any] = max(document.get("skins", []), key=lambda one: len(one["joints"]), default={})
        bound = _matrices(glb, skin.get("inverseBindMatrices"))
        if bound is None or len(bound) != len(skin["joints"]):
            return {}
        rest = rest_globals(document, node_parents(document))
        nodes = match_nodes(document, rig, heads=rest[:, :3, 3] @ TO_BLENDER.T, rest=rig.rest_joints)
    except (NotAnimatable, KeyError, IndexError, ValueError):
        return {}
    moved = (rest[skin["joints"]] @ bound)[:, :3, :3]  # of the mesh, from its bind pose to the rest of each joint
    size = np.abs(moved).max(axis=(1, 2))
    if not np.isfinite(moved).all() or (np.linalg.det(moved) <= _FLAT * size**3).any():
        return {}  # flat, or in a mirror
    turns = nearest_rotations(moved)
    turns = from_matrix(TO_BLENDER @ turns @ turns[0].T @ TO_BLENDER.T)
    of_node = dict(zip(skin["joints"], turns))
    found = {name: of_node[node] for name, node in zip(rig.names, nodes) if node in of_node}
    return {name: turn for name, turn in found.items() if abs(float(turn[0])) < _SAME}


def _matrices(glb: Glb, accessor: Any) -> Floats | None:
    """The matrices (N, 4, 4) of an accessor; None of one that is not plain floats in the file's own buffer."""
    if accessor is None:
        return None
    stored = glb.document["accessors"][accessor]
    view = glb.document["bufferViews"][stored["bufferView"]]
    if (stored["componentType"], stored["type"], view.get("buffer", 0)) != (_FLOAT, "MAT4", 0) or "sparse" in stored:
        return None
    if view.get("byteStride", 64) != 64 or "extensions" in view:
        return None
    start = view.get("byteOffset", 0) + stored.get("byteOffset", 0)
    values = np.frombuffer(bytes(glb.binary[start : start + 64 * stored["count"]]), dtype="<f4")
    return values.astype(np.float64).reshape(-1, 4, 4).transpose(0, 2, 1)
