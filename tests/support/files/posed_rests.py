"""Generated files that are exported in a pose: nodes rest in it, and the skin says how the mesh was bound."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from curate.world.make import make
from rigmill.formats.glb import TO_BLENDER, Glb, local_matrix, node_parents, rest_globals
from rigmill.types import Floats, Rig


def adult() -> Glb:
    return Glb.from_bytes(make("adult", 0, 7, takes=1).to_glb())


def pose(glb: Glb, name: str, turn: Rotation) -> Glb:
    """The node of a name, turned about its own place by a turn of our world. What the skin says stays."""
    document = glb.document
    parents = node_parents(document)
    index = next(number for number, node in enumerate(document["nodes"]) if node.get("name") == name)
    above = rest_globals(document, parents)[parents[index]][:3, :3]
    above = above / np.linalg.norm(above, axis=0)
    own = local_matrix(document["nodes"][index])
    turned: Floats = above.T @ TO_BLENDER.T @ turn.as_matrix() @ TO_BLENDER @ above @ own[:3, :3]
    document["nodes"][index]["rotation"] = Rotation.from_matrix(turned).as_quat().tolist()
    return glb


def rig_of(glb: Glb) -> Rig:
    """The skin's joints as the probe reads them: in our world, parents first."""
    document: dict[str, Any] = glb.document
    parents, joints = node_parents(document), document["skins"][0]["joints"]
    rest = rest_globals(document, parents)
    return Rig(
        tuple(document["nodes"][node]["name"] for node in joints),
        np.array([joints.index(parents[node]) if parents[node] in joints else -1 for node in joints], dtype=np.int32),
        np.array([TO_BLENDER @ rest[node][:3, 3] for node in joints]),
    )
