"""Motions in a loaded scene: which there are, and playing one."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from render.blender.rig import Subject, animated_owners
from rigmill.errors import Refusal, Reject

DISTINCT = 1e-6  # two key values closer than this are one value
BONE_PATH = re.compile(r'pose\.bones\["(.+)"\]\.(?:location|rotation_\w+|scale)$')


@dataclass(frozen=True, slots=True)
class Take:
    """One action of the file, counted in frames of the profile's rate."""

    name: str
    action: str
    slot: str
    start_frame: float  # seconds * fps
    num_frames: int
    fps: float
    num_moving_joints: int


def list_takes(subject: Subject, fps: float) -> list[Take]:
    """Every (action, slot) with keys for the armature's bones, sorted by name; still ones have no moving joints."""
    takes = []
    for action in sorted(bpy.data.actions, key=lambda item: item.name):
        for slot in suitable_slots(action, subject.armature):
            first, last, moving = _measure(action, slot, subject)
            if last < first:
                continue
            to_profile = fps / subject.file_fps
            # Key times are float32: a whole number of frames may come as a little less.
            num_frames = math.floor((last - first) * to_profile + 1e-4) + 1
            takes.append(
                Take(
                    name=action.name, action=action.name, slot=slot.identifier, start_frame=first * to_profile,
                    num_frames=num_frames, fps=fps, num_moving_joints=moving,
                )
            )
    return takes


def suitable_slots(action: Any, armature: Any) -> list[Any]:
    """The slots of `action` that move bones of `armature`: its own where there is one, else all that fit."""
    names = set(armature.data.bones.keys())
    fitting = [
        slot for slot in action.slots if any(_bone_of(curve) in names for curve in curves_of(action, slot))
    ]
    own = [slot for slot in fitting if slot.identifier == "OB" + armature.name]
    return own or sorted(fitting, key=lambda slot: slot.identifier)


def curves_of(action: Any, slot: Any) -> Iterator[Any]:
    """The curves of one slot."""
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot)
            if bag is not None:
                yield from bag.fcurves


def _bone_of(curve: Any) -> str | None:
    match = BONE_PATH.match(curve.data_path)
    return match.group(1).replace('\\"', '"').replace("\\\\", "\\") if match else None


def _measure(action: Any, slot: Any, subject: Subject) -> tuple[float, float, int]:
    """First and last key, and how many bones have a channel with more than one distinct value."""
    first, last, moving = math.inf, -math.inf, set()
    for curve in curves_of(action, slot):
        keys = np.empty(len(curve.keyframe_points) * 2, dtype=np.float32)
        if not len(keys):
            continue
        curve.keyframe_points.foreach_get("co", keys)
        times, values = keys[0::2], keys[1::2]
        first, last = min(first, float(times.min())), max(last, float(times.max()))
        bone = _bone_of(curve)
        if bone and bone in subject.armature.data.bones and float(values.max()) - float(values.min()) > DISTINCT:
            moving.add(bone)
    return first, last, len(moving)


def start_action(subject: Subject, action_name: str, slot_identifier: str) -> None:
    """Make the armature, and whatever else the same action moves, follow the action."""
    subject.reset()
    action = bpy.data.actions.get(action_name)
    if action is None:
        raise Refusal(Reject.NO_MOTION, f"the file has no action '{action_name}'")
    slots = {slot.identifier: slot for slot in action.slots}
    if slot_identifier not in slots:
        raise Refusal(Reject.NO_MOTION, f"action '{action_name}' has no slot '{slot_identifier}'")
    subject.armature.animation_data_create()
    _assign(subject.armature, action, slots[slot_identifier])
    for owner in animated_owners():
        kind = "KE" if isinstance(owner, bpy.types.Key) else "OB"
        if owner != subject.armature and kind + owner.name in slots:
            _assign(owner, action, slots[kind + owner.name])


def _assign(owner: Any, action: Any, slot: Any) -> None:
    owner.animation_data.action = action
    # Without a slot nothing moves, and Blender says nothing.
    owner.animation_data.action_slot = slot


def show_time(subject: Subject, frame: float, fps: float) -> None:
    """Evaluate the scene at `frame` of the profile's rate (whole or not)."""
    in_file = frame / fps * subject.file_fps
    whole = math.floor(in_file)
    bpy.context.scene.frame_set(whole, subframe=min(in_file - whole, 0.999999))
