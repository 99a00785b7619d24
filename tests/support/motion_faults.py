"""What breaks motions in the files of others, done to a sound one; and what the checks say of a rig's motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from curate.filters.checks import checks
from rigmill.posemaps.markers import with_markers
from rigmill.rigs.skeleton import forward, local_from_places, local_from_world
from rigmill.types import Floats, Motion, Rig, Row


def told(rig: Rig, motion: Motion) -> Row:
    """The columns of the checks, brought to size 1 as clips are, for a subject as large as its skeleton mostly is."""
    joints = forward(rig, motion)[0]
    scale = 1 / (float(np.ptp(joints, axis=(0, 1)).max()) or 1.0)
    rig = replace(rig, rest_joints=rig.rest_joints * scale)
    motion, joints = replace(motion, translations=motion.translations * scale), joints * scale
    more, marked = with_markers(rig, motion)
    places = np.concatenate([joints, forward(more, marked)[0][:, rig.num_joints :]], axis=1)
    return checks(places, rig, motion, size=float(np.median(np.ptp(places, axis=1).max(axis=1))))


def cut(motion: Motion, start: int, end: int) -> Motion:
    """Frames start .. end - 1."""
    return replace(motion, rotations=motion.rotations[start:end], translations=motion.translations[start:end])


def joined(*motions: Motion) -> Motion:
    """One after the other, as if they were one take."""
    return replace(
        motions[0],
        rotations=np.concatenate([motion.rotations for motion in motions]),
        translations=np.concatenate([motion.translations for motion in motions]),
    )


def held(motion: Motion, *, before: int = 0, after: int = 0) -> Motion:
    """The first and the last frame again and again."""
    return joined(*[cut(motion, 0, 1)] * before, motion, *[cut(motion, -1, len(motion.rotations))] * after)


def moved_away(rig: Rig, motion: Motion, frames: slice, sizes: float) -> Motion:
    """In some frames the whole subject is elsewhere, by a multiple of its skeleton's size."""
    translations = motion.translations.copy()
    roots = np.flatnonzero(rig.parents < 0)
    for root in roots:
        translations[frames, root, 0] += sizes * float(np.ptp(rig.rest_joints, axis=0).max())
    return replace(motion, translations=translations)


def rested(rig: Rig, motion: Motion, frames: slice) -> Motion:
    """In some frames everything but the roots is at rest, as where keys are missing."""
    rotations, translations = motion.rotations.copy(), motion.translations.copy()
    hanging = np.flatnonzero(rig.parents >= 0)
    for joint in hanging:
        rotations[frames, joint], translations[frames, joint] = [1.0, 0.0, 0.0, 0.0], 0.0
    return replace(motion, rotations=rotations, translations=translations)


def at_another_rest(rig: Rig, motion: Motion, turn: Rotation) -> tuple[Rig, Motion]:
    """The same frames on a rig whose rest pose is turned."""
    joints, turns = forward(rig, motion)
    turned = replace(rig, rest_joints=turn.apply(rig.rest_joints))
    return turned, _played(turned, joints, turns @ turn.inv().as_matrix(), motion)


def with_swapped_limbs(rig: Rig, motion: Motion) -> Motion:
    """Every left joint goes where the right one should be, and the other way round; the trunk stays as it is."""
    joints, turns = forward(rig, motion)
    other = [rig.names.index(_swapped(name)) for name in rig.names]
    return _played(rig, joints[:, other], turns, motion)


def with_arms_down(rig: Rig, motion: Motion, degrees: float = 70.0) -> Motion:
    """Of a body that faces -Y and rests in a T: its arms hang."""
    rotations = motion.rotations.copy()
    for side, sign in (("Left", 1), ("Right", -1)):
        joint = [name.split(":")[-1] for name in rig.names].index(f"{side}Arm")
        half = sign * np.radians(degrees) / 2
        rotations[:, joint] = [np.cos(half), 0, np.sin(half), 0]
    return replace(motion, rotations=rotations)


def renamed_sides(rig: Rig) -> Rig:
    """The rig with the names of left and right swapped."""
    return replace(rig, names=tuple(_swapped(name) for name in rig.names))


def _swapped(name: str) -> str:
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if side in name:
            return name.replace(side, other)
    return name


def _played(rig: Rig, joints: Floats, turns: Floats, motion: Motion) -> Motion:
    return Motion(local_from_world(rig.parents, turns), local_from_places(rig, joints, turns), motion.fps)
