"""The source file again, moving: a GLB whose one animation is a given motion. All else stays as it is.

glTF is +Y up, our world is Blender's: x = x, y = -z, z = y; and normalised = (imported - offset) * scale.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from rigmill import skeleton
from rigmill.glb import (
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
from rigmill.types import Floats, Motion, Rig

_LONGEST_NAME = 63  # bytes that Blender keeps of a name
_SAME_PLACE = 2e-3  # of the rig's size: farther off, a node is not the joint
_SHEAR = 1e-3
_STILL = 1e-6  # of a node's own offset: less is the rounding of 32-bit floats


def is_glb(data: bytes) -> bool:
    """Whether these bytes are a binary glTF file, VRM included."""
    return data[:4] == MAGIC


def _match_nodes(document: dict[str, Any], rig: Rig, *, heads: Floats, rest: Floats) -> list[int]:
    """The node of every joint: same name (Blender numbers repeated ones), then the same place at rest."""
    by_name: dict[str, list[int]] = {}
    for index in range(len(document["nodes"])):
        name = _blender_name(document, index).encode()[:_LONGEST_NAME].decode(errors="ignore")
        by_name.setdefault(name, []).append(index)
    size = max(float(np.ptp(rest, axis=0).max(initial=0.0)), 1e-9)
    taken: set[int] = set()
    nodes = []
    for joint, name in enumerate(rig.names):
        # A bone name that several armatures have is written `armature:bone`.
        candidates = list(by_name.get(name) or by_name.get(name.partition(":")[2], []))
        numbered = re.fullmatch(r"(.+)\.\d{3}", name)
        if numbered:
            # Blender shortens a long name to make room for the number.
            stem = numbered.group(1)
            candidates += [node for full, found in by_name.items() for node in found
                           if full == stem or (len(name.encode()) >= _LONGEST_NAME and full.startswith(stem))]
        free = [node for node in candidates if node not in taken]
        distance = [float(np.linalg.norm(heads[node] - rest[joint])) for node in free]
        if not free or min(distance) > _SAME_PLACE * size:
            raise NotAnimatable(f"joint '{name}' is not a node of the GLB at the same place at rest")
        nodes.append(free[int(np.argmin(distance))])
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


def _posed_globals(
    document: dict[str, Any], parents: list[int], *, rest: Floats, joint_of: dict[int, int], turns: Floats,
    heads: Floats,
) -> Floats:
    """Every node's transform (N, T, 4, 4) under world turns and heads (T, J, ...) in glTF axes."""
    posed = np.tile(np.eye(4), (len(parents), len(turns), 1, 1))
    for node in top_down(parents):
        if node in joint_of:
            posed[node, :, :3, :3] = turns[:, joint_of[node]] @ rest[node, :3, :3]
            posed[node, :, :3, 3] = heads[:, joint_of[node]]
        else:
            local = local_matrix(document["nodes"][node])
            posed[node] = posed[parents[node]] @ local if parents[node] >= 0 else local
    return posed


def _steady(quaternions: Floats) -> Floats:
    """The same turns (T, 4) without sign flips from frame to frame."""
    flips = np.sign(np.sum(quaternions[1:] * quaternions[:-1], axis=-1))
    signs = np.concatenate([[1.0], np.cumprod(np.where(flips == 0, 1, flips))])
    return quaternions * signs[:, None]


def animated_glb(
    source: bytes, rig: Rig, motion: Motion, *, scale: float, offset: Floats, name: str = "reconstructed"
) -> bytes | None:
    """The GLB `source` with `motion` as its one animation, called `name`; None when the source is not a GLB.

    `rig` and `motion` are normalised: normalised = (imported - offset) * scale. Everything in the source's
    buffer keeps its place; what is new is appended. Raises `NotAnimatable` when the rig is not the file's.
    """
    if not is_glb(source):
        return None
    glb = Glb.from_bytes(source)
    document = glb.document
    joints, world_turns = skeleton.forward(rig, motion)
    turns = TO_BLENDER.T @ world_turns @ TO_BLENDER
    heads = (joints / scale + offset) @ TO_BLENDER
    parents = node_parents(document)
    rest = rest_globals(document, parents)
    rest_joints = (rig.rest_joints / scale + offset) @ TO_BLENDER
    nodes = _match_nodes(document, rig, heads=rest[:, :3, 3], rest=rest_joints)
    joint_of = {node: joint for joint, node in enumerate(nodes)}
    posed = _posed_globals(document, parents, rest=rest, joint_of=joint_of, turns=turns, heads=heads)

    times = glb.add_floats(np.arange(len(turns)) / motion.fps)
    channels: list[dict[str, Any]] = []
    samplers: list[dict[str, Any]] = []

    def add(node: int, path: str, values: Floats) -> None:
        samplers.append({"input": times, "output": glb.add_floats(values), "interpolation": "LINEAR"})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": path}})

    for joint, node in enumerate(nodes):
        entry, parent = document["nodes"][node], parents[node]
        translation, turn, node_scale = split_matrix(local_matrix(entry))
        local = np.linalg.inv(posed[parent]) @ posed[node] if parent >= 0 else posed[node]
        rotation = local[:, :3, :3] / np.where(node_scale == 0, 1, node_scale)
        if np.abs(np.swapaxes(rotation, -1, -2) @ rotation - np.eye(3)).max() > _SHEAR:
            raise NotAnimatable(f"joint '{rig.names[joint]}' is sheared by uneven scales above it")
        if "matrix" in entry:  # a node with a matrix cannot be animated
            del entry["matrix"]
            entry.update(translation=translation.tolist(), rotation=np.roll(turn, -1).tolist(),
                         scale=node_scale.tolist())
        add(node, "rotation", np.roll(_steady(skeleton.from_matrix(rotation)), -1, axis=-1))
        if rig.parents[joint] < 0 or np.abs(local[:, :3, 3] - translation).max() > _STILL * np.abs(translation).max():
            add(node, "translation", local[:, :3, 3])
    document["animations"] = [{"name": name, "channels": channels, "samplers": samplers}]
    return glb.to_bytes()
