"""The looks of everything that a scene shows."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from render.blender.materials.bake import Baker
from render.blender.materials.look import Reading, diffuse, read_look
from render.blender.materials.pictures import Pictures
from render.blender.materials.sides import fronts_only
from render.raster.types import Look
from rigmill.types import Floats

_NO_MATERIAL = "no material"


@dataclass(frozen=True, slots=True)
class Appearance:
    """What the meshes look like; nothing of it moves."""

    looks: tuple[Look, ...]
    slots: tuple[tuple[int, ...], ...]  # per mesh: the look of each material slot, at least one
    uv_layers: tuple[str, ...]  # names, as Texture.uv counts them; empty: the one that a mesh renders by default
    colours: tuple[tuple[str | None, str | None], ...]  # per look: layers that give RGB and alpha (see Reading)
    reasons: tuple[str, ...]  # sorted sentences; with any, the rasteriser cannot show the meshes as they are


def read_appearance(meshes: list[Any], shell_names: Set[str] = frozenset()) -> Appearance:
    """The looks of the materials that the faces of `meshes` use. A look that cannot be reproduced stands in grey.

    `shell_names`: of those that `sides.shells` found.
    """
    pictures, layers = Pictures(), list[str]()
    readings: list[Reading] = []
    places: dict[str, int] = {}
    reasons: set[str] = set()
    users = _users(meshes)

    def place(material: Any) -> int:
        name = material.name if material is not None else ""
        if name not in places:
            reading: Reading | str = diffuse(_NO_MATERIAL)
            if material is not None:
                reading = read_look(material, _baker(pictures, layers, users.get(name, [])))
            if isinstance(reading, str):
                reasons.add(reading)
                reading = diffuse(name)
            if material is not None and fronts_only(material):
                one_sided = replace(reading.look, fronts_only=True, is_shell=name in shell_names)
                reading = replace(reading, look=one_sided)
            places[name] = len(readings)
            readings.append(reading)
        return places[name]

    slots = []
    for mesh in meshes:
        used = _used_slots(mesh)
        materials = [slot.material for slot in mesh.material_slots] or [None]
        # What no face shows is not read: its pictures would cost, and its reasons would not count.
        first = next(iter(used), 0)
        known = {slot: place(materials[slot]) for slot in used}
        slots.append(tuple(known.get(slot, known.get(first, 0)) for slot in range(len(materials))))
    return Appearance(
        looks=tuple(reading.look for reading in readings),
        slots=tuple(slots),
        uv_layers=tuple(layers),
        colours=tuple((reading.colours, reading.alpha) for reading in readings),
        reasons=tuple(sorted(reasons)),
    )


def face_slots(mesh: Any) -> Any:
    """The material slot of each face, as Cycles takes it: a number that is too large means the last one."""
    slots = np.zeros(len(mesh.data.polygons), dtype=np.int32)
    mesh.data.polygons.foreach_get("material_index", slots)
    return np.clip(slots, 0, max(len(mesh.material_slots) - 1, 0))


def _used_slots(mesh: Any) -> list[int]:
    return [int(slot) for slot in np.unique(face_slots(mesh))]


def _users(meshes: list[Any]) -> dict[str, list[tuple[Any, int]]]:
    """Meshes and slots that show a material, by its name."""
    users: dict[str, list[tuple[Any, int]]] = {}
    for mesh in meshes:
        for index, slot in enumerate(mesh.material_slots):
            if slot.material is not None:
                users.setdefault(slot.material.name, []).append((mesh, index))
    return users


def _baker(pictures: Pictures, layers: list[str], users: list[tuple[Any, int]]) -> Baker:
    defaults = {default_uv(mesh.data) for mesh, _ in users}
    return Baker(
        pictures=pictures,
        layers=layers,
        default_uv=defaults.pop() if len(defaults) == 1 else "",
        uv_bounds=lambda layer: _uv_bounds(users, layer),
    )


def default_uv(data: Any) -> str:
    """The name of the UV layer that a mesh renders where nothing names one; empty without any."""
    return next((layer.name for layer in data.uv_layers if layer.active_render), "")


def _uv_bounds(users: list[tuple[Any, int]], layer: str) -> Floats:
    """Least and largest u and v (2, 2) of the faces that show a material."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for mesh, slot in users:
        data = mesh.data
        found = data.uv_layers.get(layer or default_uv(data))
        if found is None or not len(data.loops):
            continue
        points = np.empty(len(data.loops) * 2, dtype=np.float32)
        found.uv.foreach_get("vector", points)
        lengths = np.empty(len(data.polygons), dtype=np.int32)
        data.polygons.foreach_get("loop_total", lengths)
        shown = points.reshape(-1, 2)[np.repeat(face_slots(mesh) == slot, lengths)]
        if len(shown):
            low, high = np.minimum(low, shown.min(axis=0)), np.maximum(high, shown.max(axis=0))
    return np.stack([low, high]) if np.isfinite(low).all() else np.zeros((2, 2))
