"""What the parts of a cleaned glTF document ask of their numbers: enough of them, of the right type, within limits."""

from __future__ import annotations

from typing import Any

import numpy as np

from curate.gate.gltf_data import Accessors
from curate.gate.gltf_json import malformed, over_budget

MAX_JOINTS = 4096
MAX_VERTICES = 5_000_000  # that Blender would build, each copy of a mesh counted
MAX_INDICES = 30_000_000
MAX_INSTANCES = 20_000
MAX_ANIMATION_S = 3600.0
MAX_TAKE_NODES = 100_000  # every take is played with every node: 76 of 50 in the largest that we know


def check_meshes(document: dict[str, Any], accessors: Accessors) -> None:
    """Refuse meshes that disagree with themselves or are too large; leaves of their extras the morph targets' names."""
    vertices, indices = [], 0
    for number, mesh in enumerate(document.get("meshes", [])):
        where, count = f"meshes[{number}]", 0
        names = list(mesh.get("extras", {}).get("targetNames", []))
        targets = max((len(primitive.get("targets", ())) for primitive in mesh["primitives"]), default=0)
        for primitive in mesh["primitives"]:
            if len(primitive.get("targets", ())) not in (0, targets):
                malformed(f"{where}: primitives with different numbers of morph targets")
            found = _check_primitive(primitive, where, accessors)
            count, indices = count + found[0], indices + found[1]
        vertices.append(count * (1 + targets))
        if targets:
            first = mesh["primitives"][0].get("targets") or [{}] * targets
            names = [_target_name(names, first, index, accessors) for index in range(targets)]
            mesh["extras"] = {"targetNames": names}
        else:
            mesh.pop("extras", None)
    if indices > MAX_INDICES:
        over_budget("indices of faces", measured=indices, limit=MAX_INDICES)
    # Blender builds a mesh once per skin; one with morph targets may be built again for every node.
    copies = {
        (node["mesh"], node.get("skin"), index if document["meshes"][node["mesh"]].get("extras") else -1)
        for index, node in enumerate(document.get("nodes", []))
        if "mesh" in node
    }
    built = sum(vertices[mesh] for mesh, _, _ in copies)
    if built > MAX_VERTICES:
        over_budget("vertices", measured=built, limit=MAX_VERTICES)


def _target_name(names: list[str], first: list[dict[str, int]], index: int, accessors: Accessors) -> str:
    """The name Blender gives a morph target: the list's, else the accessor's, which is not kept, else a number."""
    if index < len(names) and names[index]:
        return names[index]
    return accessors.entries.get(first[index].get("POSITION", -1), {}).get("name") or f"target_{index}"


def _check_primitive(primitive: dict[str, Any], where: str, accessors: Accessors) -> tuple[int, int]:
    """Numbers of its vertices and indices, once its attributes agree in type and number."""
    attributes = primitive["attributes"]
    if "POSITION" not in attributes:
        return 0, 0
    count = accessors.count(attributes["POSITION"])
    draco = primitive.get("extensions", {}).get("KHR_draco_mesh_compression")
    for key, index in attributes.items():
        kind = key.split("_")[0]
        accessors.expect(index, f"{where}.{key}", _TYPES[kind], at_least=count, finite=kind in _FINITE)
        accessors.vertex_data.add(index)
        if key == "WEIGHTS_0":
            accessors.weights.add(index)
    for target in primitive.get("targets", ()):
        for key, index in target.items():
            shape = _TYPES[key.split("_")[0]]
            accessors.expect(index, f"{where}.targets.{key}", shape, at_least=count, finite=key in _FINITE)
            accessors.vertex_data.add(index)
    if draco is not None:
        if "indices" not in primitive:
            malformed(f"{where}: compressed faces without indices")
        draco["attributes"] = {key: value for key, value in draco["attributes"].items() if key in attributes}
        faces = accessors.check_draco(draco["bufferView"], where, set(attributes.values()) | {primitive["indices"]})
        return max(count, faces), 3 * faces
    if "indices" not in primitive:
        return count, count
    indices = primitive["indices"]
    accessors.expect(indices, f"{where}.indices", ("SCALAR",), components=(5121, 5123, 5125))
    highest = accessors.highest(indices)
    if highest >= count:
        malformed(f"{where}: index {highest} of {count} vertices")
    return count, accessors.count(indices)


# Blender puts a vertex whose place is no number to the origin and says nothing: a spike in every picture.
_FINITE = ("POSITION",)
_TYPES = {
    "POSITION": ("VEC3",),
    "NORMAL": ("VEC3",),
    "TANGENT": ("VEC4", "VEC3"),
    "TEXCOORD": ("VEC2",),
    "COLOR": ("VEC3", "VEC4"),
    "JOINTS": ("VEC4",),
    "WEIGHTS": ("VEC4",),
}


def check_skins(document: dict[str, Any], accessors: Accessors) -> None:
    """Refuse skins without joints or with fewer finite inverse bind matrices than joints, and too many joints."""
    joints: set[int] = set()
    for index, skin in enumerate(document.get("skins", [])):
        if not skin["joints"]:
            malformed(f"skins[{index}] has no joints")
        joints |= set(skin["joints"])
        if "inverseBindMatrices" in skin:
            accessors.expect(
                skin["inverseBindMatrices"],
                f"skins[{index}].inverseBindMatrices",
                ("MAT4",),
                at_least=len(skin["joints"]),
                components=(5126,),
                finite=True,
            )
    if len(joints) > MAX_JOINTS:
        over_budget("joints", measured=len(joints), limit=MAX_JOINTS)


def check_animations(document: dict[str, Any], accessors: Accessors) -> None:
    """Every channel has as many values as its keys need, within an hour."""
    nodes, meshes = document.get("nodes", []), document.get("meshes", [])
    played = len(nodes) * len(document.get("animations", []))
    if played > MAX_TAKE_NODES:
        over_budget("nodes times animations", measured=played, limit=MAX_TAKE_NODES)
    for number, animation in enumerate(document.get("animations", [])):
        for channel in animation["channels"]:
            where, sampler = f"animations[{number}]", animation["samplers"][channel["sampler"]]
            path, node = channel["target"]["path"], nodes[channel["target"]["node"]]
            keys = accessors.count(sampler["input"])
            each = 3 if sampler.get("interpolation") == "CUBICSPLINE" else 1
            if path == "weights":
                mesh = meshes[node["mesh"]] if "mesh" in node else {}
                each *= len(mesh.get("extras", {}).get("targetNames", ()))
                shape: tuple[str, ...] = ("SCALAR",)
            else:
                shape = ("VEC4",) if path == "rotation" else ("VEC3",)
            accessors.expect(sampler["output"], f"{where}.output", shape, at_least=keys * each)
    for index in {
        sampler["input"] for animation in document.get("animations", []) for sampler in animation["samplers"]
    }:
        accessors.expect(index, "animation times", ("SCALAR",), components=(5126,))
        times = accessors.values(index)
        if not np.isfinite(times).all():
            malformed("animation times are not finite")
        if np.abs(times).max(initial=0) > MAX_ANIMATION_S:
            over_budget("seconds of animation", measured=float(np.abs(times).max()), limit=MAX_ANIMATION_S)


def check_instances(document: dict[str, Any], accessors: Accessors) -> None:
    """Refuse instances of one node that disagree in number, and more than `MAX_INSTANCES` in the whole file."""
    total = 0
    for index, node in enumerate(document.get("nodes", [])):
        instances = node.get("extensions", {}).get("EXT_mesh_gpu_instancing")
        if instances is None:
            continue
        counts = set()
        for key, accessor in instances["attributes"].items():
            shape = ("VEC4",) if key == "ROTATION" else ("VEC3",)
            accessors.expect(accessor, f"nodes[{index}].{key}", shape)
            counts.add(accessors.count(accessor))
        if len(counts) > 1:
            malformed(f"nodes[{index}]: instances that disagree in number")
        total += sum(counts)
    if total > MAX_INSTANCES:
        over_budget("instances of meshes", measured=total, limit=MAX_INSTANCES)
