"""A body with its takes as a binary glTF file, written without Blender. The same input gives the same bytes.

glTF is +Y up: x = x, y = z, z = -y of our world.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from curate.world.body import Body
from curate.world.looks.naming import Style, written
from curate.world.mesh import MOST, Mesh, mesh_of
from curate.world.rig.turns import apply, frames, transposed, unit, vec
from curate.world.take import Take
from rigmill.formats.glb import TO_BLENDER, join_glb
from rigmill.rigs import quaternions
from rigmill.types import Floats, Ints

LICENCE = "CC0-1.0"
GENERATOR = "Rigmill world"
_DECIMALS = 6
_FLOAT, _BYTE, _SHORT, _INT = 5126, 5121, 5123, 5125
_STILL = 1e-7


class _File:
    """A document and its buffer in the making."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": GENERATOR, "copyright": LICENCE},
            "scene": 0,
            "bufferViews": [],
            "accessors": [],
        }

    def view(self, data: bytes, **more: int) -> int:
        self.buffer.extend(b"\0" * (-len(self.buffer) % 4))
        place = {"buffer": 0, "byteOffset": len(self.buffer), "byteLength": len(data)}
        self.document["bufferViews"].append(place | more)
        self.buffer.extend(data)
        return len(self.document["bufferViews"]) - 1

    def array(self, values: Any, kind: str, *, component: int = _FLOAT, bounds: bool = False, **more: int) -> int:
        """An accessor of an array, one row an element."""
        types = {_FLOAT: "<f4", _BYTE: "u1", _SHORT: "<u2", _INT: "<u4"}
        array = np.ascontiguousarray(values, dtype=types[component])
        accessor: dict[str, Any] = {
            "bufferView": self.view(array.tobytes(), **more),
            "componentType": component,
            "count": len(array),
            "type": kind,
        }
        if bounds:
            columns = array.reshape(len(array), -1)
            accessor |= {"min": columns.min(axis=0).tolist(), "max": columns.max(axis=0).tolist()}
        self.document["accessors"].append(accessor)
        return len(self.document["accessors"]) - 1


def glb_of(body: Body, takes: Sequence[Take], title: str) -> bytes:
    """The file: one textured mesh, its skin or its nodes, one animation a take."""
    file = _File()
    names = written(body.skeleton.names, body.style, is_person=body.is_person)
    axes = bone_axes(body)
    nodes, roots = _bone_nodes(body, names, axes)
    mesh = mesh_of(body) if body.patches else None
    if mesh is not None:
        _add_material(file, mesh)
    file.document["nodes"] = nodes
    if body.skinned or mesh is None:
        _add_skin(file, body, mesh, axes, roots, title)
    else:
        _add_node_meshes(file, body, mesh, axes)
        file.document["scenes"] = [{"name": title, "nodes": roots}]
    file.document["animations"] = [_animation(file, body, take, axes) for take in takes]
    file.document["buffers"] = [{"byteLength": len(file.buffer)}]
    return join_glb(file.document, bytes(file.buffer))


def bone_axes(body: Body) -> Floats:
    """The axes (B, 3, 3) of every bone at rest, in our world; styles differ in them, as files do."""
    if body.style is Style.VRM or not body.skinned:
        return np.tile(TO_BLENDER, (len(body.skeleton.bones), 1, 1))  # a node that is not turned in glTF's world
    found = []
    for bone in body.skeleton.bones:
        frame = frames(
            unit(bone.tail - bone.head), vec(0, -1, 0) if abs(unit(bone.tail - bone.head)[1]) < 0.9 else vec(0, 0, 1)
        )
        found.append(np.stack([frame[:, 2], frame[:, 0], frame[:, 1]], axis=1))  # y along the bone
    return np.array(found)


def _bone_nodes(body: Body, names: Sequence[str], axes: Floats) -> tuple[list[dict[str, Any]], list[int]]:
    nodes: list[dict[str, Any]] = []
    parents = body.skeleton.parents
    for number, (bone, parent) in enumerate(zip(body.skeleton.bones, parents)):
        above = TO_BLENDER if parent < 0 else axes[parent]
        offset = bone.head - (body.skeleton.bones[parent].head if parent >= 0 else 0.0)
        node: dict[str, Any] = {
            "name": names[number],
            "translation": np.round(above.T @ offset, _DECIMALS).tolist(),
            "rotation": _xyzw((above.T @ axes[number])[None])[0].tolist(),
        }
        children = [child for child, up in enumerate(parents) if up == number]
        if children:
            node["children"] = children
        nodes.append(node)
    return nodes, [number for number, parent in enumerate(parents) if parent < 0]


def _xyzw(matrices: Floats) -> Floats:
    found = quaternions.steady(quaternions.from_matrix(matrices))
    return np.round(np.roll(found, -1, axis=-1), _DECIMALS)


def _add_material(file: _File, mesh: Mesh) -> None:
    done, data = cv2.imencode(".png", mesh.picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 4])
    if not done:
        raise RuntimeError("the texture cannot be written as PNG")
    file.document |= {
        "images": [{"name": "Paint", "mimeType": "image/png", "bufferView": file.view(data.tobytes())}],
        "samplers": [{"magFilter": 9729, "minFilter": 9729, "wrapS": 33071, "wrapT": 33071}],
        "textures": [{"sampler": 0, "source": 0}],
        "materials": [
            {
                "name": "Paint",
                "pbrMetallicRoughness": {
                    "baseColorTexture": {"index": 0},
                    "metallicFactor": 0.0,
                    "roughnessFactor": 0.75,
                },
            }
        ],
    }


def _primitive(
    file: _File, mesh: Mesh, chosen: Ints, triangles: Any, to_local: Floats, origin: Floats
) -> dict[str, Any]:
    """A primitive of some of the mesh's vertices in the axes (3, 3) and about the origin (3,) of a node."""
    few = len(chosen) < 65536
    return {
        "attributes": {
            "POSITION": file.array(
                np.round((mesh.vertices[chosen] - origin) @ to_local, 5), "VEC3", bounds=True, target=34962
            ),
            "NORMAL": file.array(np.round(mesh.normals[chosen] @ to_local, 4), "VEC3", target=34962),
            "TEXCOORD_0": file.array(np.round(mesh.uvs[chosen], 6), "VEC2", target=34962),
        },
        "indices": file.array(triangles.ravel(), "SCALAR", component=_SHORT if few else _INT, target=34963),
        "material": 0,
    }


def _add_skin(file: _File, body: Body, mesh: Mesh | None, axes: Floats, roots: list[int], title: str) -> None:
    nodes = file.document["nodes"]
    count = len(nodes)
    bind = np.tile(np.eye(4), (count, 1, 1))
    world = TO_BLENDER.T @ axes
    heads = np.array([bone.head for bone in body.skeleton.bones]) @ TO_BLENDER
    bind[:, :3, :3] = transposed(world)
    bind[:, :3, 3] = -apply(transposed(world), heads)
    skin = {"joints": list(range(count)), "inverseBindMatrices": file.array(transposed(bind).reshape(-1, 16), "MAT4")}
    nodes.append({"name": "Armature", "children": list(roots)})
    file.document["skins"] = [skin | {"skeleton": count}]
    if mesh is None:
        file.document["scenes"] = [{"name": title, "nodes": [count]}]
        return
    every = np.arange(len(mesh.vertices))
    primitive = _primitive(file, mesh, every, mesh.triangles, TO_BLENDER, np.zeros(3))
    order = np.argsort(-mesh.weights, axis=1, kind="stable")[:, :MOST]
    if order.shape[1] < MOST:
        order = np.pad(order, ((0, 0), (0, MOST - order.shape[1])))
    share = np.take_along_axis(mesh.weights, order, axis=1)
    share[:, mesh.weights.shape[1] :] = 0.0
    share = np.round(share, 4)
    share[:, 0] += 1.0 - share.sum(axis=1)
    primitive["attributes"] |= {
        "JOINTS_0": file.array(np.where(share > 0, order, 0), "VEC4", component=_BYTE, target=34962),
        "WEIGHTS_0": file.array(share, "VEC4", target=34962),
    }
    file.document["meshes"] = [{"name": title, "primitives": [primitive]}]
    nodes.append({"name": title, "mesh": 0, "skin": 0})
    file.document["scenes"] = [{"name": title, "nodes": [count, count + 1]}]


def _add_node_meshes(file: _File, body: Body, mesh: Mesh, axes: Floats) -> None:
    """Every bone's own part of the mesh hangs from its node."""
    owner = mesh.weights.argmax(axis=1)
    file.document["meshes"] = []
    for number, bone in enumerate(body.skeleton.bones):
        chosen = np.flatnonzero(owner == number)
        if not len(chosen):
            continue
        place = np.full(len(owner), -1)
        place[chosen] = np.arange(len(chosen))
        triangles = place[mesh.triangles[(owner[mesh.triangles] == number).all(axis=1)]]
        primitive = _primitive(file, mesh, chosen, triangles, axes[number], bone.head)
        file.document["meshes"].append({"name": file.document["nodes"][number]["name"], "primitives": [primitive]})
        file.document["nodes"][number]["mesh"] = len(file.document["meshes"]) - 1


def _animation(file: _File, body: Body, take: Take, axes: Floats) -> dict[str, Any]:
    times = file.array(np.arange(take.num_frames) / take.fps, "SCALAR", bounds=True)
    channels: list[dict[str, Any]] = []
    samplers: list[dict[str, Any]] = []

    def add(node: int, path: str, values: Floats, kind: str) -> None:
        samplers.append({"input": times, "output": file.array(values, kind), "interpolation": "LINEAR"})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": path}})

    for number, (bone, parent) in enumerate(zip(body.skeleton.bones, body.skeleton.parents)):
        above = TO_BLENDER if parent < 0 else axes[parent]
        # The main root has keys in every take: readers join actions of one length that share no joint.
        if bone.name in take.turns or number == 0:
            turns = np.broadcast_to(take.turns.get(bone.name, np.eye(3)), (take.num_frames, 3, 3))
            add(number, "rotation", _xyzw(above.T @ turns @ axes[number]), "VEC4")
        shifts = take.shifts.get(bone.name)
        if shifts is not None and np.abs(shifts).max() > _STILL:
            offset = bone.head - (body.skeleton.bones[parent].head if parent >= 0 else 0.0)
            add(
                number,
                "translation",
                np.round((offset + np.broadcast_to(shifts, (take.num_frames, 3))) @ above, _DECIMALS),
                "VEC3",
            )
    return {"name": take.name, "channels": channels, "samplers": samplers}
