"""Rig and motions of a world's GLB as numbers of the file alone: names as written, rest places, turns from rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from rigmill.formats.glb import TO_BLENDER, Glb, local_matrix
from rigmill.rigs import quaternions
from rigmill.types import Floats, Motion, Rig


def read_takes(data: bytes) -> tuple[Rig, list[tuple[str, Motion]]]:
    """The rig, its joints in the file's order, and every animation's name and motion."""
    glb = Glb.from_bytes(data)
    document = glb.document
    joints = _joints(document)
    parents = np.full(len(joints), -1, dtype=np.int32)
    for number, node in enumerate(joints):
        for child in document["nodes"][node].get("children", ()):
            parents[joints.index(child)] = number
    rest = np.stack([local_matrix(document["nodes"][node]) for node in joints])[None]
    world = _worlds(rest, parents)
    heads = world[0, :, :3, 3] @ TO_BLENDER.T
    rig = Rig(tuple(document["nodes"][node]["name"] for node in joints), parents, heads)
    takes = [
        (str(animation["name"]), _motion(glb, animation, joints, rig, rest, world[0]))
        for animation in document["animations"]
    ]
    return rig, takes


def _joints(document: dict[str, Any]) -> list[int]:
    if document.get("skins"):
        return list(document["skins"][0]["joints"])
    found = list(document["scenes"][0]["nodes"])
    for node in found:
        found.extend(document["nodes"][node].get("children", ()))
    return sorted(found)


def _worlds(local: Floats, parents: Any) -> Floats:
    """World matrices (T, J, 4, 4) of local ones, parents before children."""
    world = np.array(local)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            world[:, joint] = world[:, parent] @ local[:, joint]
    return world


def _motion(
    glb: Glb, animation: dict[str, Any], joints: list[int], rig: Rig, rest: Floats, rest_world: Floats
) -> Motion:
    times = _values(glb, animation["samplers"][0]["input"]).ravel()
    fps = (len(times) - 1) / float(times[-1] - times[0])
    local = np.tile(rest, (len(times), 1, 1, 1))
    for channel in animation["channels"]:
        joint = joints.index(channel["target"]["node"])
        values = _values(glb, animation["samplers"][channel["sampler"]]["output"])
        if channel["target"]["path"] == "rotation":
            local[:, joint, :3, :3] = quaternions.to_matrix(quaternions.normalise(np.roll(values, 1, axis=-1)))
        elif channel["target"]["path"] == "translation":
            local[:, joint, :3, 3] = values
    world = _worlds(local, rig.parents)
    turned = TO_BLENDER @ (world[..., :3, :3] @ np.swapaxes(rest_world[:, :3, :3], -1, -2)) @ TO_BLENDER.T
    heads = world[..., :3, 3] @ TO_BLENDER.T
    turns, shifts = np.array(turned), heads - rig.rest_joints
    for joint, parent in enumerate(rig.parents):
        if parent >= 0:
            back = np.swapaxes(turned[:, parent], -1, -2)
            turns[:, joint] = back @ turned[:, joint]
            away = np.einsum("tij,tj->ti", back, heads[:, joint] - heads[:, parent])
            shifts[:, joint] = away - (rig.rest_joints[joint] - rig.rest_joints[parent])
    return Motion(quaternions.from_matrix(turns), shifts, fps)


def _values(glb: Glb, number: int) -> Floats:
    """An accessor of 32-bit floats, one row an element."""
    accessor = glb.document["accessors"][number]
    view = glb.document["bufferViews"][accessor["bufferView"]]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor["type"]]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    flat = np.frombuffer(bytes(glb.binary), dtype="<f4", count=width * accessor["count"], offset=start)
    return np.asarray(flat.reshape(-1, width), dtype=np.float64)
