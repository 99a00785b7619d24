"""Where the nodes of a scene are at every moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eval.bodies.gltf.animation import ROTATION, SCALE, TRANSLATION, WEIGHTS, Curve, key_times, read_curves
from eval.bodies.gltf.document import Document
from eval.bodies.unplayable import Unplayable
from rigmill.formats.glb import NotAnimatable, local_matrix, node_parents, split_matrix, top_down
from rigmill.rigs import quaternions
from rigmill.types import Floats

_MAX_NUMBERS = 100_000_000


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of a file and what its first animation does to them. T moments, N nodes."""

    document: Document
    parents: list[int]
    order: list[int]  # parents first
    shown: frozenset[int]  # nodes of the scene
    curves: dict[int, dict[str, Curve]]

    @classmethod
    def of(cls, document: Document) -> Tree:
        """The tree of the default scene, or of all nodes where the file names no scene."""
        for index in range(document.count("nodes")):
            for child in document.entry("nodes", index).get("children", ()):
                document.entry("nodes", child)
        parents = node_parents(document.json)
        try:
            order = top_down(parents)
        except NotAnimatable as error:
            raise Unplayable(f"it is malformed: {error}") from None
        shown = set(_roots(document, parents))
        for node in order:
            if parents[node] in shown:
                shown.add(node)
        animations = document.json.get("animations") or [{}]
        num_weights = {node: num_targets(document, node) for node in range(len(parents))}
        curves = read_curves(document, animations[0], num_weights)
        return cls(document, parents, order, frozenset(shown), curves)

    @property
    def key_times(self) -> Floats:
        """The moments at which anything has a key, in seconds."""
        return key_times(self.curves)

    @property
    def at_rest(self) -> Tree:
        """The same without its animation."""
        return replace(self, curves={})

    def matrices(self, times: Floats) -> list[Floats]:
        """Every node's transform in the scene at every moment: (T, 4, 4), or (1, 4, 4) where it never moves."""
        if len(self.parents) * len(times) * 16 > _MAX_NUMBERS:
            raise Unplayable(f"{len(self.parents)} nodes in {len(times)} frames are more than are read")
        found: list[Floats] = [np.eye(4)[None]] * len(self.parents)
        for node in self.order:
            local = self._local(node, times)
            above = self.parents[node]
            found[node] = found[above] @ local if above >= 0 else local
        return found

    def _local(self, node: int, times: Floats) -> Floats:
        entry = self.document.entry("nodes", node)
        rest = local_matrix(entry)
        if not np.isfinite(rest).all():
            raise Unplayable(f"it holds numbers that are not finite (nodes[{node}])")
        curves = self.curves.get(node, {})
        if not curves.keys() & {TRANSLATION, ROTATION, SCALE}:
            return rest[None]
        place, turn, size = split_matrix(rest)
        if "matrix" not in entry:
            size = np.array(entry.get("scale", (1.0, 1.0, 1.0)), dtype=np.float64)
            turn = np.roll(np.array(entry.get("rotation", (0.0, 0.0, 0.0, 1.0)), dtype=np.float64), 1)
        matrices = np.tile(np.eye(4), (len(times), 1, 1))
        turns = np.roll(curves[ROTATION].at(times), 1, axis=-1) if ROTATION in curves else turn[None]
        sizes = curves[SCALE].at(times) if SCALE in curves else size[None]
        matrices[:, :3, :3] = quaternions.to_matrix(quaternions.normalise(turns)) * sizes[:, None, :]
        matrices[:, :3, 3] = curves[TRANSLATION].at(times) if TRANSLATION in curves else place
        return matrices

    def weights(self, node: int, times: Floats) -> Floats:
        """The weights of a node's morph targets, (T, M) or (1, M)."""
        curve = self.curves.get(node, {}).get(WEIGHTS)
        if curve is not None:
            return curve.at(times)
        entry = self.document.entry("nodes", node)
        num = num_targets(self.document, node)
        given = entry.get("weights") or self.document.entry("meshes", entry["mesh"]).get("weights") or [0.0] * num
        weights = np.array(given, dtype=np.float64)[None]
        if weights.shape != (1, num) or not np.isfinite(weights).all():
            raise Unplayable(f"it is malformed: nodes[{node}] does not say one weight for each of {num} shapes")
        return weights

    def animated(self) -> set[int]:
        """Nodes that are turned, moved or scaled."""
        return {node for node, paths in self.curves.items() if paths.keys() & {TRANSLATION, ROTATION, SCALE}}


def _roots(document: Document, parents: list[int]) -> list[int]:
    if not document.count("scenes"):
        return [node for node, above in enumerate(parents) if above < 0]
    roots: list[Any] = document.entry("scenes", document.json.get("scene", 0)).get("nodes", [])
    for node in roots:
        document.entry("nodes", node)
    return roots


def num_targets(document: Document, node: int) -> int:
    """How many morph targets the mesh of a node has."""
    mesh = document.entry("nodes", node).get("mesh")
    if mesh is None:
        return 0
    primitives = document.entry("meshes", mesh).get("primitives", [])
    return max((len(primitive.get("targets", ())) for primitive in primitives), default=0)
