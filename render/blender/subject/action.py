"""Motions in a loaded scene: which there are, and playing one.

A *take* is what a viewer would play as one: all that one action moves. Exporters also write one action per bone or
object; such actions are one take when they have keys for different nodes and share a range, and when no two actions
that share that range have keys for the same node, moved by them or held (those would be alternatives, the opening and
the closing of a door).
"""

from __future__ import annotations

import math
import os.path
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bpy

from render.blender.subject.bindings import Binding
from render.blender.subject.joints import Node
from render.blender.subject.subject import OWN_TRACK, Subject
from rigmill.outcomes import Refusal, Reject

_MOST_FPS = 60.0  # keys that are nearer to each other are steps, or of a capture whose frames nobody saw


@dataclass(frozen=True, slots=True)
class Take:
    """Actions of the file that play together, counted in frames of the profile's rate."""

    name: str
    action: str  # the first of them, which stands for all
    slot: str  # the first slot that moves a joint
    start_frame: float  # seconds * fps
    num_frames: int
    fps: float
    bindings: tuple[Binding, ...]
    length: float  # frames from the first key to the last, whole or not
    own_fps: float  # at which it was keyed; not less than `fps`

    @property
    def num_own_frames(self) -> int:
        """How many frames it has at its own rate."""
        return math.floor(self.length / self.fps * self.own_fps + 1e-3) + 1

    @property
    def is_finite(self) -> bool:
        return all(binding.is_finite for binding in self.bindings)


def list_takes(subject: Subject, fps: float) -> list[Take]:
    """Every take with keys for joints, sorted by name. Takes in which nothing moves are listed like all others."""
    takes = []
    to_profile = fps / subject.file_fps
    for (first, last), actions in _groups(subject):
        bindings = tuple(binding for binding in subject.bindings if binding.action in actions)
        moving = next(binding for binding in bindings if _driven(binding, set(subject.nodes)))
        # Key times are float32: a whole number of frames may come as a little less.
        num_frames = math.floor((last - first) * to_profile + 1e-4) + 1
        takes.append(
            Take(
                name=_name(actions),
                action=actions[0],
                slot=moving.slot,
                start_frame=first * to_profile,
                num_frames=num_frames,
                fps=fps,
                bindings=bindings,
                length=(last - first) * to_profile,
                own_fps=_own_fps(subject, bindings, seconds=(last - first) / subject.file_fps, fps=fps),
            )
        )
    return sorted(takes, key=lambda take: take.name)


def _own_fps(subject: Subject, bindings: tuple[Binding, ...], *, seconds: float, fps: float) -> float:
    """The rate of an FBX file, or that of the channel with most keys; glTF states none, and sparse keys are none."""
    keyed = (max(binding.num_keys for binding in bindings) - 1) / seconds if seconds > 0 else 0.0
    return max(fps, subject.file_fps, min(keyed, _MOST_FPS))


def _groups(subject: Subject) -> list[tuple[tuple[float, float], list[str]]]:
    """The actions of each take, with the first and last key that a joint has in them."""
    joints = set(subject.nodes)
    keyed: dict[str, set[Node]] = {}
    ranges: dict[str, tuple[float, float]] = {}
    for binding in subject.bindings:
        for first, last in _driven(binding, joints).values():
            known = ranges.get(binding.action, (math.inf, -math.inf))
            ranges[binding.action] = (min(known[0], first), max(known[1], last))
        keyed.setdefault(binding.action, set()).update(_keyed(binding))
    by_range: dict[tuple[int, int], list[str]] = {}
    for action, (first, last) in ranges.items():
        by_range.setdefault((round(first), round(last)), []).append(action)
    groups = []
    for actions in by_range.values():
        together = len(set().union(*(keyed[action] for action in actions))) == sum(len(keyed[a]) for a in actions)
        for members in [actions] if together else [[action] for action in actions]:
            first = min(ranges[action][0] for action in members)
            last = max(ranges[action][1] for action in members)
            groups.append(((first, last), members))
    return groups


def _keyed(binding: Binding) -> set[Node]:
    """What a binding has keys for, whether they change or not, and whether it is a joint or not."""
    name = binding.owner.name
    return {(name, bone) for bone in binding.bones} | ({(name, "")} if binding.place is not None else set())


def _driven(binding: Binding, joints: set[Node]) -> dict[Node, tuple[float, float]]:
    """The joints that a binding has keys for, with the first and last of them."""
    name = binding.owner.name
    found = {(name, bone): span for bone, span in binding.bones.items() if (name, bone) in joints}
    if binding.place is not None and binding.moves_object and (name, "") in joints:
        found[name, ""] = binding.place
    return found


def _name(actions: list[str]) -> str:
    """What the names have in common, or the first one."""
    shared = os.path.commonprefix(actions).rstrip(" _-.|:0123456789") if len(actions) > 1 else ""
    return shared or actions[0]


def start_action(subject: Subject, action: str, slot: str) -> None:
    """Make everything that the take with this action moves follow it."""
    subject.reset()
    take = next((take for take in list_takes(subject, 1.0) if (take.action, take.slot) == (action, slot)), None)
    if take is None:
        raise Refusal(Reject.NO_MOTION, f"the file has no action '{action}' with slot '{slot}' that moves the rig")
    start_take(take)


def start_take(take: Take) -> None:
    """Make all owners follow their slots of the take. Call `Subject.reset` before."""
    of_owner: dict[Any, list[Binding]] = {}
    for binding in take.bindings:
        of_owner.setdefault(binding.owner, []).append(binding)
    for owner, bindings in of_owner.items():
        data = owner.animation_data_create()
        if len(bindings) == 1:
            data.action = bpy.data.actions[bindings[0].action]
            # Without a slot nothing moves, and Blender says nothing.
            data.action_slot = data.action.slots[bindings[0].slot]
            continue
        for binding in bindings:  # several actions on one armature: a track each
            action = bpy.data.actions[binding.action]
            first, last = action.frame_range
            track = data.nla_tracks.new()
            track.name = OWN_TRACK
            strip = track.strips.new(binding.action, math.floor(first), action)
            strip.action_slot = action.slots[binding.slot]
            strip.action_frame_start, strip.action_frame_end = first, last
            strip.frame_start, strip.frame_end = first, last
            strip.extrapolation, strip.blend_type = "HOLD", "REPLACE"


@contextmanager
def playing(subject: Subject, take: Take) -> Iterator[None]:
    """The take on a subject that is at rest before and afterwards; `show_time` shows its frames."""
    start_take(take)
    try:
        yield
    finally:
        subject.reset()


def show_time(subject: Subject, frame: float, fps: float) -> None:
    """Evaluate the scene at `frame` of the profile's rate (whole or not)."""
    in_file = frame / fps * subject.file_fps
    whole = math.floor(in_file)
    bpy.context.scene.frame_set(whole, subframe=min(in_file - whole, 0.999999))
