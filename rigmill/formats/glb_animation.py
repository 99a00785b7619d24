"""The source file again, moving: a GLB whose one animation is a given motion. All else stays as it is.

glTF is +Y up, our world is Blender's: x = x, y = -z, z = y; and normalised = (imported - offset) * scale.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from rigmill.formats.glb import (
    MAGIC,
    TO_BLENDER,
    Glb,
    NotAnimatable,
    local_matrix,
    node_parents,
    rest_globals,
    split_matrix,
    top_down,
)
from rigmill.rigs import quaternions, skeleton
from rigmill.types import Floats, Motion, Rig

_LONGEST_NAME = 63  # bytes that Blender keeps of a name
_SAME_PLACE = 2e-3  # of the rig's size: farther off, a node is not the joint
VRM0_TO_BLENDER = TO_BLENDER * [[-1.0], [-1.0], [1.0]]  # and half a turn about the vertical
_ROUNDING = 1e-6  # of the coordinates: Blender counts in 32 bits
_STILL = 1e-6  # of a node's own offset: less is the rounding of 32-bit floats


def is_glb(data: bytes) -> bool:
    """Whether these bytes are a binary glTF file, VRM included."""
    return data[:4] == MAGIC


def is_vrm0(document: dict[str, Any]) -> bool:
    """Whether the file is a VRM 0.x, whose subject faces the other way: its canonical file is turned round."""
    extensions = document.get("extensions", {})
    return "VRM" in extensions and "VRMC_vrm" not in extensions


def match_nodes(document: dict[str, Any], rig: Rig, *, heads: Floats, rest: Floats) -> list[int]:
    """The node of every joint: same name (Blender numbers repeated ones), then the same place at rest."""
    by_name: dict[str, list[int]] = {}
    for index in range(len(document["nodes"])):
        name = _blender_name(document, index).encode()[:_LONGEST_NAME].decode(errors="ignore")
        by_name.setdefault(name, []).append(index)
    skinned = {node for skin in document.get("skins", []) for node in skin["joints"]}
    near = max(
        _SAME_PLACE * float(np.ptp(rest, axis=0).max(initial=0.0)),
        _ROUNDING * float(np.abs(heads).max(initial=0.0)),
        1e-12,
    )
    taken: set[int] = set()
    nodes = []
    for joint, name in enumerate(rig.names):
        # A bone name that several armatures have is written `armature:bone`.
        candidates = list(by_name.get(name) or by_name.get(name.partition(":")[2], []))
        numbered = re.fullmatch(r"(.+)\.\d{3}", name)
        if numbered:
            # Blender shortens a long name to make room for the number.
            stem = numbered.group(1)
            candidates += [
                node
                for full, found in by_name.items()
                for node in found
                if full == stem or (len(name.encode()) >= _LONGEST_NAME and full.startswith(stem))
            ]
        distance = {node: float(np.linalg.norm(heads[node] - rest[joint])) for node in candidates if node not in taken}
        free = [node for node, far in distance.items() if far <= near]
        if not free:
            raise NotAnimatable(f"joint '{name}' is not a node of the GLB at the same place at rest")
        # A bone and the mesh on it may share name and place.
        nodes.append(min(free, key=lambda node: (node not in skinned, distance[node])))
        taken.add(nodes[-1])
    return nodes


def _blender_name(document: dict[str, Any], index: int) -> str:
    """What Blender's importer calls a node: without a name of its own, after its mesh."""
    node = document["nodes"][index]
    if node.get("name"):
        return str(node["name"])
    if "mesh" in node:
        return str(document["meshes"][node["mesh"]].get("name") or f"Mesh_{node['mesh']}")
    return f"Node_{index}"


def animated_glb(
    source: bytes, rig: Rig, motion: Motion, *, scale: float, offset: Floats, name: str = "reconstructed"
) -> bytes | None:
    """The GLB `source` with `motion` as its one animation, called `name`; None when the source is not a GLB.

    `rig` and `motion` are normalised: normalised = (imported - offset) * scale. Everything in the source's
    buffer keeps its place; what is new is appended. Joints are where the motion has them; glTF knows no shear, so
    below uneven scales the nearest rotation has to do. Raises `NotAnimatable` when the rig is not the file's.
    """
    if not is_glb(source):
        return None
    glb = Glb.from_bytes(source)
    document = glb.document
    axes = VRM0_TO_BLENDER if is_vrm0(document) else TO_BLENDER
    joints, world_turns = skeleton.forward(rig, motion)
    turns = axes.T @ world_turns @ axes
    heads = (joints / scale + offset) @ axes
    parents = node_parents(document)
    rest = rest_globals(document, parents)
    rest_joints = (rig.rest_joints / scale + offset) @ axes
    nodes = match_nodes(document, rig, heads=rest[:, :3, 3], rest=rest_joints)
    joint_of = {node: joint for joint, node in enumerate(nodes)}

    times = glb.add_floats(np.arange(len(turns)) / motion.fps)
    channels: list[dict[str, Any]] = []
    samplers: list[dict[str, Any]] = []

    def add(node: int, path: str, values: Floats) -> None:
        samplers.append({"input": times, "output": glb.add_floats(values), "interpolation": "LINEAR"})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": path}})

    posed = np.tile(np.eye(4), (len(parents), len(turns), 1, 1))
    for node in top_down(parents):
        entry = document["nodes"][node]
        above = posed[parents[node]] if parents[node] >= 0 else np.eye(4)
        if node not in joint_of:
            posed[node] = above @ local_matrix(entry)
            continue
        joint = joint_of[node]
        translation, turn, node_scale = split_matrix(local_matrix(entry))
        try:
            to_local = np.linalg.inv(above)
        except np.linalg.LinAlgError:
            raise NotAnimatable(f"above joint '{rig.names[joint]}' something has no size") from None
        wanted = to_local[..., :3, :3] @ turns[:, joint] @ rest[node, :3, :3]
        rotation = quaternions.nearest_rotations(wanted / np.where(node_scale == 0, 1, node_scale))
        place = (to_local[..., :3, :3] @ heads[:, joint, :, None])[..., 0] + to_local[..., :3, 3]
        local = np.tile(np.eye(4), (len(turns), 1, 1))
        local[:, :3, :3], local[:, :3, 3] = rotation * node_scale, place
        posed[node] = above @ local
        if "matrix" in entry:  # a node with a matrix cannot be animated
            del entry["matrix"]
            entry.update(
                translation=translation.tolist(), rotation=np.roll(turn, -1).tolist(), scale=node_scale.tolist()
            )
        add(node, "rotation", np.roll(quaternions.steady(quaternions.from_matrix(rotation)), -1, axis=-1))
        if rig.parents[joint] < 0 or np.abs(place - translation).max() > _STILL * np.abs(translation).max():
            add(node, "translation", place)
    document["animations"] = [{"name": name, "channels": channels, "samplers": samplers}]
    return glb.to_bytes()
