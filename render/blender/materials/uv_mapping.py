"""Texture coordinates: which UV layer a picture lies on, and how it is moved, turned and repeated there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from render.blender.materials.nodes import Input, NotReproduced, Origin, constant_of, origin
from render.raster.types import Wrap
from rigmill.types import Floats

_WRAPS: dict[str, Wrap] = {"REPEAT": "repeat", "MIRROR": "mirror", "EXTEND": "extend", "CLIP": "clip"}
Rows = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Where a picture lies. (u, v) in the picture = transform @ (u, v, 1) of the layer."""

    layer: str  # name; empty: the one that the mesh renders by default
    transform: Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    wraps: tuple[Wrap, Wrap] = ("repeat", "repeat")  # along u, along v
    nearest: bool = False

    def matrix(self) -> Floats:
        """(3, 3)."""
        return np.array([*self.transform, (0.0, 0.0, 1.0)])


def mapping_of(texture: Origin) -> Mapping:
    """The mapping of an Image Texture node."""
    node = texture.node
    if node.projection != "FLAT":
        raise NotReproduced("projects a picture onto its surface")
    inner = node.texture_mapping
    if tuple(inner.translation) != (0, 0, 0) or tuple(inner.rotation) != (0, 0, 0) or tuple(inner.scale) != (1, 1, 1):
        raise NotReproduced("moves a picture inside its node")
    wrap = _WRAPS[node.extension]
    vector = texture.input("Vector")
    (first, second), vector = _wraps(vector, wrap)
    matrix, layer = _trace(vector)
    rows = tuple(tuple(float(value) for value in row) for row in matrix[:2])
    return Mapping(layer, rows, (first, second), node.interpolation == "Closest")  # type: ignore[arg-type]


def _wraps(vector: Input, wrap: Wrap) -> tuple[tuple[Wrap, Wrap], Input]:
    """Wraps along u and v, and the coordinates before them: glTF's importer wraps each of them by a node of its own."""
    joined = origin(vector)
    if joined is None or joined.node.type != "COMBXYZ":
        return (wrap, wrap), vector
    wraps: list[Wrap] = []
    before: list[Origin] = []
    for axis in ("X", "Y"):
        found = origin(joined.input(axis))
        axis_wrap = wrap
        if found is not None and found.node.type == "MATH":
            axis_wrap = _axis_wrap(found)
            found = origin(found.input(0))
        if found is None or found.node.type != "SEPXYZ" or found.output != axis:
            raise NotReproduced("computes its texture coordinates")
        wraps.append(axis_wrap)
        before.append(found)
    if before[0].node != before[1].node or origin(before[0].input(0)) is None:
        raise NotReproduced("computes its texture coordinates")
    return (wraps[0], wraps[1]), before[0].input(0)


def _axis_wrap(found: Origin) -> Wrap:
    numbers = [constant_of(found.input(index)) for index in (1, 2)]
    if found.node.operation == "WRAP" and sorted(numbers) == [0, 1]:
        return "repeat"
    if found.node.operation == "PINGPONG" and numbers[0] == 1:
        return "mirror"
    raise NotReproduced("computes its texture coordinates")


def _trace(vector: Input) -> tuple[Floats, str]:
    """(3, 3) from a UV layer's coordinates to these, and that layer's name."""
    found = origin(vector)
    if found is None:
        return np.eye(3), ""
    node = found.node
    if node.type == "UVMAP" and not node.from_instancer:
        return np.eye(3), node.uv_map
    if node.type == "TEX_COORD" and found.output == "UV" and not node.from_instancer:
        return np.eye(3), ""
    if node.type == "MAPPING" and origin(found.input("Vector")) is not None:
        before, layer = _trace(found.input("Vector"))
        return _moved(found) @ before, layer
    if node.type in ("TEX_COORD", "NEW_GEOMETRY", "OBJECT_INFO", "CAMERA", "ATTRIBUTE"):
        raise NotReproduced("has texture coordinates that are not a UV layer's")
    raise NotReproduced("computes its texture coordinates")


def _moved(found: Origin) -> Floats:
    """A Mapping node's effect on (u, v), (3, 3)."""
    kind = found.node.vector_type
    if kind == "NORMAL":
        raise NotReproduced("computes its texture coordinates")
    location = (0.0, 0.0, 0.0) if kind == "VECTOR" else _numbers(found.input("Location"))
    turn, scale = _numbers(found.input("Rotation")), _numbers(found.input("Scale"))
    if turn[0] or turn[1]:
        raise NotReproduced("tilts a picture out of its plane")
    cosine, sine = math.cos(turn[2]), math.sin(turn[2])
    rotation = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    shift = np.array([[1, 0, location[0]], [0, 1, location[1]], [0, 0, 1]])
    if kind == "TEXTURE":
        if not scale[0] or not scale[1]:
            raise NotReproduced("scales a picture to nothing")
        result: Floats = np.diag([1 / scale[0], 1 / scale[1], 1]) @ rotation.T @ np.linalg.inv(shift)
        return result
    return shift @ rotation @ np.diag([scale[0], scale[1], 1])


def _numbers(given: Input) -> tuple[Any, ...]:
    if origin(given) is not None:
        raise NotReproduced("computes its texture coordinates")
    return tuple(constant_of(given))
