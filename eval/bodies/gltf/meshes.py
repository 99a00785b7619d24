"""The triangles of a scene: what does not move about them, and where their vertices are at every moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eval.bodies.gltf.document import Document
from eval.bodies.gltf.tree import Tree
from eval.bodies.kernels.carry import carry
from eval.bodies.unplayable import Unplayable
from rigmill.types import Floats, Ints

_TRIANGLES, _STRIP, _FAN = 4, 5, 6
MAX_NUMBERS = 150_000_000  # of all vertices in all frames
_MAX_SETS = 8  # of four joints a vertex


@dataclass(frozen=True, slots=True)
class Patch:
    """Vertices that one node shows, as its file stores them. N vertices."""

    node: int
    places: Floats  # (N, 3)
    shapes: tuple[Floats, ...]  # what each morph target adds, (N, 3)
    skin: int | None
    joints: Ints | None  # (N, K) into the skin's joints
    weights: Floats | None  # (N, K), of sum one or, for what hangs on no joint, zero

    @property
    def num_vertices(self) -> int:
        return len(self.places)


@dataclass(slots=True)
class Meshes:
    """All that a scene shows. F faces; materials are those of the file, -1 for none."""

    patches: list[Patch] = field(default_factory=list)
    faces: list[Ints] = field(default_factory=list)  # (f, 3) into the vertices of all patches
    materials: list[Ints] = field(default_factory=list)  # (f,)
    uvs: list[tuple[dict[int, Floats], Ints]] = field(default_factory=list)  # by set, and the corners in it
    colours: list[Floats | None] = field(default_factory=list)  # (f, 3, 4)
    ways: list[int] = field(default_factory=list)  # 1; -1 where a node mirrors its faces

    @property
    def way_round(self) -> Ints:
        """(F,): 1 where the corners go counter-clockwise seen from the front; -1 where a node mirrors the face."""
        return np.repeat(np.array(self.ways, np.int8), [len(faces) for faces in self.faces])

    def vertices(self, tree: Tree, times: Floats) -> Floats:
        """Where all vertices are, (T, N, 3), glTF axes."""
        num = sum(patch.num_vertices for patch in self.patches)
        if len(times) * num * 3 > MAX_NUMBERS:
            raise Unplayable(f"{num} vertices in {len(times)} frames are more than are read")
        matrices = tree.matrices(times)
        found = np.empty((len(times), num, 3))
        start = 0
        for patch in self.patches:
            end = start + patch.num_vertices
            found[:, start:end] = _posed(patch, tree, times, matrices)
            start = end
        return found


def read_meshes(tree: Tree) -> Meshes:
    """Every triangle of the scene, in the order of nodes and primitives; `Unplayable` if there is none."""
    document, meshes = tree.document, Meshes()
    known: dict[str, int] = {}
    num, at_rest = 0, tree.at_rest.matrices(np.zeros(1))
    for node in sorted(tree.shown):
        entry = document.entry("nodes", node)
        if "mesh" not in entry:
            continue
        if "EXT_mesh_gpu_instancing" in entry.get("extensions", {}):
            raise Unplayable("it repeats meshes by EXT_mesh_gpu_instancing, which is not read: save it without")
        for primitive in document.entry("meshes", entry["mesh"]).get("primitives", ()):
            if primitive.get("mode", _TRIANGLES) not in (_TRIANGLES, _STRIP, _FAN):
                continue  # points and lines
            packed = [name for name in primitive.get("extensions", {}) if name.endswith("_mesh_compression")]
            if packed:
                raise Unplayable(f"its meshes are packed by {packed[0]:.40}, which is not read: save it without")
            attributes = primitive["attributes"]
            if "POSITION" not in attributes:
                continue
            # Primitives may share their vertices; these are then there once.
            vertices = {name: place for name, place in attributes.items() if name[:3] in ("POS", "JOI", "WEI")}
            key = repr((node, sorted(vertices.items()), primitive.get("targets")))
            if key not in known:
                known[key] = num
                meshes.patches.append(_patch(document, node, entry, primitive))
                num += meshes.patches[-1].num_vertices
            _add_faces(meshes, document, primitive, known[key], len(document.array(attributes["POSITION"])))
            is_mirrored = np.linalg.det(at_rest[node][0, :3, :3]) < 0
            meshes.ways.append(-1 if is_mirrored and meshes.patches[-1].skin is None else 1)
    if not sum(len(faces) for faces in meshes.faces):
        raise Unplayable("it shows no triangles")
    return meshes


def _patch(document: Document, node: int, entry: dict[str, Any], primitive: dict[str, Any]) -> Patch:
    attributes = primitive["attributes"]
    places = document.floats(attributes["POSITION"], 3)
    shapes = tuple(
        document.floats(target["POSITION"], 3) if "POSITION" in target else np.zeros_like(places)
        for target in primitive.get("targets", ())
    )
    if any(len(shape) != len(places) for shape in shapes):
        raise Unplayable("it is malformed: a morph target has another number of vertices than its mesh")
    skin = entry.get("skin")
    joints, weights = _influences(document, attributes, len(places)) if skin is not None else (None, None)
    if skin is not None and joints is not None:
        num = len(document.entry("skins", skin)["joints"])
        if len(joints) and int(joints.max()) >= num:
            raise Unplayable(f"it is malformed: a vertex hangs on joint {int(joints.max())} of {num}")
    return Patch(node, places, shapes, skin if joints is not None else None, joints, weights)


def _influences(document: Document, attributes: dict[str, Any], num: int) -> tuple[Ints | None, Floats | None]:
    """Joints and weights (N, K) of all sets; nothing where the mesh has none."""
    sets = [index for index in range(_MAX_SETS) if f"JOINTS_{index}" in attributes and f"WEIGHTS_{index}" in attributes]
    if not sets:
        return None, None
    joints = np.concatenate([document.array(attributes[f"JOINTS_{index}"]) for index in sets], axis=1)
    weights = np.concatenate([document.array(attributes[f"WEIGHTS_{index}"]) for index in sets], axis=1)
    if joints.dtype.kind not in "iu" or joints.shape != weights.shape or len(joints) != num:
        raise Unplayable("it is malformed: joints and weights of a mesh are not four whole numbers and shares a vertex")
    # Exporters divide by a sum of zero where a vertex hangs on nothing.
    weights = np.maximum(np.nan_to_num(weights.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0), 0.0)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.where(total > 0, weights / np.where(total > 0, total, 1.0), 0.0)
    joints = np.where(weights > 0, joints.astype(np.int64), 0).astype(np.int32)
    return np.ascontiguousarray(joints), np.ascontiguousarray(weights)


def _add_faces(meshes: Meshes, document: Document, primitive: dict[str, Any], first: int, num: int) -> None:
    """The triangles of a primitive, whose vertices begin at `first` and are `num`."""
    attributes = primitive["attributes"]
    corners = np.arange(num)
    if "indices" in primitive:
        corners = document.array(primitive["indices"])[:, 0].astype(np.int64)
    if len(corners) and (corners.max() >= num or corners.min() < 0):
        raise Unplayable(f"it is malformed: a triangle uses vertex {int(corners.max())} of {num}")
    faces = _triangles(corners, primitive.get("mode", _TRIANGLES))
    meshes.faces.append((faces + first).astype(np.int32))
    meshes.materials.append(np.full(len(faces), primitive.get("material", -1), np.int32))
    uvs = {
        index: document.floats(attributes[f"TEXCOORD_{index}"], 2)
        for index in range(_MAX_SETS)
        if f"TEXCOORD_{index}" in attributes
    }
    if any(len(uv) < num for uv in uvs.values()):
        raise Unplayable("it is malformed: a mesh has fewer texture coordinates than vertices")
    meshes.uvs.append((uvs, faces))
    meshes.colours.append(_corner_colours(document, attributes.get("COLOR_0"), faces, num))


def _triangles(corners: Ints, mode: int) -> Ints:
    """Faces (f, 3) of a list, strip or fan of corners."""
    if mode == _TRIANGLES:
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)
    if len(corners) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == _FAN:
        return np.stack([np.full(len(corners) - 2, corners[0]), corners[1:-1], corners[2:]], axis=1)
    faces = np.stack([corners[:-2], corners[1:-1], corners[2:]], axis=1)
    faces[1::2] = faces[1::2, [1, 0, 2]]  # every second one runs the other way round
    return faces


def _corner_colours(document: Document, index: Any, faces: Ints, num: int) -> Floats | None:
    """Colours (f, 3, 4) of a primitive's corners, linear; None: it has none."""
    if index is None:
        return None
    values = document.array(index).astype(np.float64)
    if len(values) < num or values.shape[1] not in (3, 4):
        raise Unplayable("it is malformed: the colours of a mesh are not three or four numbers a vertex")
    rgba = np.ones((len(values), 4))
    rgba[:, : values.shape[1]] = np.nan_to_num(values)
    return np.clip(rgba, 0, 1)[faces]


def _posed(patch: Patch, tree: Tree, times: Floats, matrices: list[Floats]) -> Floats:
    """Where the vertices of a patch are, (T, N, 3) or (1, N, 3)."""
    places = patch.places[None]
    if patch.shapes:
        weights = tree.weights(patch.node, times)[:, : len(patch.shapes)]
        shapes = np.stack(patch.shapes).reshape(len(patch.shapes), -1)
        places = places + (weights @ shapes).reshape(len(weights), -1, 3)
    if patch.skin is None or patch.joints is None or patch.weights is None:
        matrix = matrices[patch.node]
        return places @ np.swapaxes(matrix[:, :3, :3], 1, 2) + matrix[:, None, :3, 3]
    joints = tree.document.entry("skins", patch.skin)["joints"]
    binds = bind_matrices(tree.document, patch.skin)
    posed = np.empty((len(times), len(joints), 12))
    for place, (joint, bind) in enumerate(zip(joints, binds)):
        posed[:, place] = (matrices[joint] @ bind)[:, :3].reshape(-1, 12)
    found = np.empty((len(times), patch.num_vertices, 3))
    carry(np.ascontiguousarray(places), patch.joints, patch.weights, posed, found)
    loose = patch.weights.sum(axis=1) == 0  # what hangs on nothing stays where its node shows it
    if loose.any():
        matrix = matrices[patch.node]
        found[:, loose] = places[:, loose] @ np.swapaxes(matrix[:, :3, :3], 1, 2) + matrix[:, None, :3, 3]
    return found


def bind_matrices(document: Document, skin: int) -> Floats:
    """From a skin's mesh to each of its joints where the mesh was bound to them, (J, 4, 4)."""
    entry = document.entry("skins", skin)
    for joint in entry["joints"]:
        document.entry("nodes", joint)
    if "inverseBindMatrices" not in entry:
        return np.tile(np.eye(4), (len(entry["joints"]), 1, 1))
    binds = document.floats(entry["inverseBindMatrices"], 16)
    if len(binds) < len(entry["joints"]):
        raise Unplayable(f"it is malformed: skins[{skin}] has {len(binds)} matrices for {len(entry['joints'])} joints")
    return binds.reshape(-1, 4, 4).transpose(0, 2, 1)
