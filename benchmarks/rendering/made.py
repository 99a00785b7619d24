"""Files made for this benchmark: people of our world, and about them what few files of a corpus have.

- outlined: a black shell round the person whose faces look inwards, shown from their fronts alone.
- in a room: walls, floor and ceiling that are seen from inside alone; cameras outside look through the near ones.
- behind a board: a board before the person that is seen from the front alone.
- under glass: a dome of clear glass, a pane of frosted glass, and glossy metal balls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.corpus import Asset, asset_of, blender
from curate.world.make import make
from rigmill.formats.glb import Glb
from rigmill.types import Floats, Ints

MADE = "made/"  # how the names of these files begin
_UNSIGNED, _FLOATS = 5125, 5126
_WIDE, _DEEP, _HIGH = 1.2, 0.9, 1.3  # of a room and so on, in heights of the person


def made_assets(folder: Path, kinds: Sequence[str]) -> list[Asset]:
    """The files of these kinds, probed."""
    folder.mkdir(parents=True, exist_ok=True)
    client = blender()
    try:
        found = []
        for kind in kinds:
            asset = asset_of(made(kind), "glb", name=f"{MADE}{kind}", folder=folder, client=client)
            assert asset is not None, kind
            found.append(asset)
        return found
    finally:
        client.close()


def made(kind: str) -> bytes:
    """The GLB of a kind; the same bytes every time."""
    glb = Glb.from_bytes(make("adult", 3, 11, takes=1, only=["walk"]).to_glb())
    KINDS[kind](glb)
    return glb.to_bytes()


def _outlined(glb: Glb) -> None:
    """The same skin, a hundredth of its height out, its corners the other way round."""
    primitive = glb.document["meshes"][0]["primitives"][0]
    given = primitive["attributes"]
    places, normals = _array(glb, given["POSITION"]), _array(glb, given["NORMAL"])
    out = places + 0.01 * np.ptp(places, axis=0).max() * normals
    shell = {
        "attributes": {name: given[name] for name in ("JOINTS_0", "WEIGHTS_0")}
        | {"POSITION": glb.add_floats(out), "NORMAL": glb.add_floats(-normals)},
        "indices": _add_indices(glb, _array(glb, primitive["indices"]).reshape(-1, 3)[:, ::-1]),
        "material": _add_material(glb, "outline", (0, 0, 0), roughness=1.0),
    }
    glb.document["meshes"][0]["primitives"].append(shell)


def _in_a_room(glb: Glb) -> None:
    high = _height(glb)
    low, top = np.array([-_WIDE, 0.0, -_DEEP]) * high, np.array([_WIDE, _HIGH, _DEEP]) * high
    walls = _add_material(glb, "walls", (0.75, 0.62, 0.4), roughness=0.9)
    floor = _add_material(glb, "floor", (0.25, 0.35, 0.6), roughness=0.9)
    for axis in range(3):
        for end in (0, 1):
            _add_part(glb, f"side {axis} {end}", *_side(low, top, axis, end), floor if (axis, end) == (1, 0) else walls)


def _behind_a_board(glb: Glb) -> None:
    high = _height(glb)
    low, top = np.array([-0.4, 0.15, 0.3]) * high, np.array([0.4, 0.7, 0.3]) * high
    points, triangles = _side(low, top, 2, 0)
    _add_part(glb, "board", points, triangles, _add_material(glb, "board", (0.8, 0.3, 0.1), roughness=0.8))


def _under_glass(glb: Glb) -> None:
    high = _height(glb)
    points, triangles = ball(48, 24)
    middle = np.array([0.0, 0.5 * high, 0.0])
    clear = _add_material(glb, "clear glass", (1, 1, 1), roughness=0.0, transmission=1.0, double_sided=True)
    _add_part(glb, "dome", points * 0.75 * high + middle, triangles, clear)
    frosted = _add_material(glb, "frosted glass", (0.8, 0.95, 0.9), roughness=0.35, transmission=1.0, double_sided=True)
    pane = _side(np.array([0.2, 0.1, 0.9]) * high, np.array([0.8, 0.8, 0.9]) * high, 2, 0)
    _add_part(glb, "pane", *pane, frosted)
    for place, (name, colour, metallic, roughness) in enumerate(
        (
            ("polished", (0.9, 0.9, 0.9), 1.0, 0.03),
            ("brushed", (0.9, 0.6, 0.2), 1.0, 0.25),
            ("lacquer", (0.7, 0.05, 0.05), 0.0, 0.05),
        )
    ):
        material = _add_material(glb, name, colour, roughness=roughness, metallic=metallic)
        at = np.array([-0.9, 0.2 + 0.35 * place, 0.3]) * high
        _add_part(glb, name, points * 0.17 * high + at, triangles, material)


KINDS: dict[str, Callable[[Glb], None]] = {
    "outlined": _outlined,
    "in a room": _in_a_room,
    "behind a board": _behind_a_board,
    "under glass": _under_glass,
}
SINGLE_SIDED = ("outlined", "in a room", "behind a board")


def ball(across: int, down: int) -> tuple[Floats, Ints]:
    """Vertices and triangles of a ball of radius 1 about the origin, seen from outside counter-clockwise."""
    round_it, below = np.meshgrid(np.arange(across) * 2 * np.pi / across, np.linspace(0, np.pi, down + 1))
    points = np.stack([np.sin(below) * np.cos(round_it), np.cos(below), np.sin(below) * np.sin(round_it)], axis=-1)
    at = np.arange((down + 1) * across).reshape(down + 1, across)
    upper, lower = at[:-1], at[1:]
    after = np.roll(upper, -1, axis=1), np.roll(lower, -1, axis=1)
    first, second = np.stack([upper, after[0], lower], -1), np.stack([after[0], after[1], lower], -1)
    return points.reshape(-1, 3), np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])


def _side(low: Floats, top: Floats, axis: int, end: int) -> tuple[Floats, Ints]:
    """The side of a box at an end of an axis; its front looks into the box."""
    across, up = (axis + 1) % 3, (axis + 2) % 3
    points = np.tile(top if end else low, (4, 1)).astype(np.float64)
    points[:, across] = np.array([low, top, top, low])[:, across]
    points[:, up] = np.array([low, low, top, top])[:, up]
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    return points, triangles[:, ::-1] if end else triangles


def _height(glb: Glb) -> float:
    return float(max(np.ptp(_array(glb, each["attributes"]["POSITION"])[:, 1]) for each in _primitives(glb)))


def _primitives(glb: Glb) -> list[dict[str, Any]]:
    return [each for mesh in glb.document["meshes"] for each in mesh["primitives"]]


def _array(glb: Glb, accessor: int) -> Any:
    """The values of an accessor that stand one behind the other."""
    row = glb.document["accessors"][accessor]
    view = glb.document["bufferViews"][row["bufferView"]]
    kind = {5123: "<u2", _UNSIGNED: "<u4", _FLOATS: "<f4"}[row["componentType"]]
    columns = {"SCALAR": 1, "VEC3": 3}[row["type"]]
    start = view["byteOffset"] + row.get("byteOffset", 0)
    return np.frombuffer(bytes(glb.binary), kind, row["count"] * columns, start).reshape(-1, columns)


def _add_indices(glb: Glb, triangles: Ints) -> int:
    data = np.ascontiguousarray(triangles, "<u4").tobytes()
    glb.binary.extend(b"\0" * (-len(glb.binary) % 4))
    glb.document["bufferViews"].append({"buffer": 0, "byteOffset": len(glb.binary), "byteLength": len(data)})
    glb.binary.extend(data)
    glb.document["buffers"][0]["byteLength"] = len(glb.binary)
    glb.document["accessors"].append(
        {
            "bufferView": len(glb.document["bufferViews"]) - 1,
            "componentType": _UNSIGNED,
            "count": triangles.size,
            "type": "SCALAR",
        }
    )
    return len(glb.document["accessors"]) - 1


def _add_part(glb: Glb, name: str, points: Floats, triangles: Ints, material: int) -> None:
    """A mesh that stands still beside the person."""
    primitive = {
        "attributes": {"POSITION": glb.add_floats(points)},
        "indices": _add_indices(glb, triangles),
        "material": material,
    }
    glb.document["meshes"].append({"name": name, "primitives": [primitive]})
    glb.document["nodes"].append({"name": name, "mesh": len(glb.document["meshes"]) - 1})
    glb.document["scenes"][0]["nodes"].append(len(glb.document["nodes"]) - 1)


def _add_material(
    glb: Glb,
    name: str,
    colour: Sequence[float],
    *,
    roughness: float,
    metallic: float = 0.0,
    transmission: float = 0.0,
    double_sided: bool = False,
) -> int:
    material: dict[str, Any] = {
        "name": name,
        "doubleSided": double_sided,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*map(float, colour), 1.0],
            "metallicFactor": metallic,
            "roughnessFactor": roughness,
        },
    }
    if transmission:
        material["extensions"] = {"KHR_materials_transmission": {"transmissionFactor": transmission}}
        used = glb.document.setdefault("extensionsUsed", [])
        if "KHR_materials_transmission" not in used:
            used.append("KHR_materials_transmission")
    glb.document["materials"].append(material)
    return len(glb.document["materials"]) - 1
