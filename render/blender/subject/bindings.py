"""What the actions of a loaded scene move: each slot of an action belongs to one object or one set of shape keys."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from rigmill.types import Floats

STILL = 1e-6  # key values that differ by less, relative to their size, are one value
LEAST_PLACE = 1e-3  # sizes under this count as this, so that float noise around zero is no motion
BONE_PATH = 'pose.bones["'
TRANSFORMS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")


@dataclass(slots=True)
class Binding:
    """One slot of one action on its owner. Times are in frames of the file."""

    action: str
    slot: str
    owner: Any
    bones: dict[str, tuple[float, float]] = field(default_factory=dict)  # first and last key of each bone
    place: tuple[float, float] | None = None  # first and last key of the object's own transform
    moves_object: bool = False  # the transform has a channel with more than one distinct value
    num_keys: int = 0  # of the most densely keyed channel
    num_shape_curves: int = 0  # with more than one distinct value
    is_finite: bool = True  # every key is a number


def find_bindings() -> list[Binding]:
    """Every slot that has an owner in the scene, by action name, then in the action's order."""
    owner_of = _recorded_owners()
    found = []
    for action in sorted(bpy.data.actions, key=lambda item: item.name):
        slots = list(action.slots)
        owned = {
            slot.identifier: owner_of.get((action.name, slot.identifier)) or _owner_by_name(slot) for slot in slots
        }
        taken = {owner.name for owner in owned.values() if owner is not None}
        for slot in slots:
            binding = Binding(action.name, slot.identifier, owned[slot.identifier])
            _read_curves(binding, action, slot)
            if binding.owner is None and binding.bones:
                binding.owner = _armature_with(binding.bones, taken)
            if binding.owner is not None:
                taken.add(binding.owner.name)
                found.append(binding)
    return found


def moved_objects(bindings: list[Binding]) -> set[str]:
    """Names of the objects whose own transform some action changes."""
    return {binding.owner.name for binding in bindings if binding.moves_object}


def _recorded_owners() -> dict[tuple[str, str], Any]:
    """The owner of (action, slot) as the importer assigned it: active, or on a track."""
    found: dict[tuple[str, str], Any] = {}
    for owner in [*bpy.data.objects, *bpy.data.shape_keys]:
        data = owner.animation_data
        if data is None:
            continue
        users = [data, *(strip for track in data.nla_tracks for strip in track.strips)]
        for user in users:
            if user.action is not None and user.action_slot is not None:
                found.setdefault((user.action.name, user.action_slot.identifier), owner)
    return found


def _owner_by_name(slot: Any) -> Any:
    """FBX assigns one action alone; in the others the slot's name says whose it is."""
    kind, name = slot.identifier[:2], slot.identifier[2:]
    if kind == "OB":
        return bpy.data.objects.get(name)
    return bpy.data.shape_keys.get(name) if kind == "KE" else None


def _armature_with(bones: dict[str, Any], taken: set[str]) -> Any:
    """The armature that has most of these bones and no slot of the same action yet; the first name if several."""
    best, most = None, 0
    for item in sorted(bpy.data.objects, key=lambda item: item.name):
        if item.type == "ARMATURE" and item.name not in taken:
            num = sum(name in item.data.bones for name in bones)
            if num > most:
                best, most = item, num
    return best


def _read_curves(binding: Binding, action: Any, slot: Any) -> None:
    for curve in curves_of(action, slot):
        path = curve.data_path
        keys = np.empty(len(curve.keyframe_points) * 2, dtype=np.float32)
        if not len(keys):
            continue
        curve.keyframe_points.foreach_get("co", keys)
        if not np.isfinite(keys).all():
            binding.is_finite = False
            continue
        first, last = float(keys[0]), float(keys[-2])
        if path.startswith(BONE_PATH):
            name = bpy.utils.unescape_identifier(path[len(BONE_PATH) : path.rindex('"]')])
            known = binding.bones.get(name, (math.inf, -math.inf))
            binding.num_keys = max(binding.num_keys, len(curve.keyframe_points))
            binding.bones[name] = (min(known[0], first), max(known[1], last))
        elif path in TRANSFORMS:
            known = binding.place or (math.inf, -math.inf)
            binding.num_keys = max(binding.num_keys, len(curve.keyframe_points))
            binding.place = (min(known[0], first), max(known[1], last))
            binding.moves_object = binding.moves_object or _varies(path, keys[1::2])
        elif path.startswith("key_blocks"):
            binding.num_shape_curves += _varies(path, keys[1::2])


def curves_of(action: Any, slot: Any) -> Iterator[Any]:
    """The curves of one slot."""
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot)
            if bag is not None:
                yield from bag.fcurves


def _varies(path: str, values: Floats) -> bool:
    values = values.astype(np.float64)
    floor = LEAST_PLACE if path == "location" else 1.0
    return bool(np.ptp(values) > STILL * max(float(np.abs(values).max()), floor))
