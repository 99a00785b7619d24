"""How evenly a clip's motion goes on: jumps, frames at rest in its midst, still ends. Calibrated in docs/filters.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.types import Bools, Floats, Motion, Rig

ALONE = 4.0  # times both steps around it, and the motion's median one: a step that is no part of a fast move
_BACK = 2.5  # times the same, and how far the frames around it are apart: a frame that is elsewhere for once
_STILL = 1e-5  # of the clip's size: a key that is held, up to rounding
_AT_REST_DEG, _AT_REST = 1.0, 0.01  # turns, and displacements as a share of the rig's size
_INTERRUPTS, _STARTS = 2.0, ALONE  # times the steps around: into and out of the rest pose; away from it at an end
_LEAST_STEP = 0.02  # of the body: less is no jump to the rest pose


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Of one clip of T frames. A step is how far joints and markers get between two frames, on average."""

    jump: float  # largest step, in the body's size, that stands alone (ALONE); 0 where none does
    rest_frames: int  # that the motion jumps into and out of
    still_start: int  # frames before the first in which anything moves
    still_end: int


def steadiness(joints: Floats, rig: Rig, motion: Motion, *, size: float, binds: bool) -> Steadiness:
    """`joints` (T, J + M, 3): those of the rig, then markers; `size`: of the subject in most frames, in their unit.

    `binds`: the rig's rest pose is known to be one to bind a skin in, a T or an A, and so no start or end of a motion.
    """
    paths = np.linalg.norm(np.diff(joints, axis=0), axis=-1)  # (T - 1, J + M)
    steps = paths.mean(axis=1) / size if size > 0 else np.zeros(len(paths))
    moving = np.flatnonzero(paths.max(axis=1, initial=0.0) > _STILL)
    ends = (int(moving[0]), len(paths) - 1 - int(moving[-1])) if len(moving) else (len(paths), 0)
    usual = float(np.median(steps[steps > _STILL])) if (steps > _STILL).any() else 0.0
    return Steadiness(
        jump=max(_alone(steps, usual), _elsewhere(joints, steps, usual, size)),
        rest_frames=_rest_frames(_at_rest(rig, motion), steps, usual, binds=binds),
        still_start=ends[0],
        still_end=ends[1],
    )


def _alone(steps: Floats, usual: float) -> float:
    """The largest step that is ALONE times the ones before and after it, and the usual one."""
    around = np.pad(steps, 1)
    alone = (steps >= ALONE * np.maximum(around[:-2], around[2:])) & (steps >= ALONE * usual)
    return float(steps[alone].max(initial=0.0))


def _elsewhere(joints: Floats, steps: Floats, usual: float, size: float) -> float:
    """The largest step to a frame that is far from both its neighbours, which are near each other."""
    if len(steps) < 2 or size <= 0:
        return 0.0
    out = np.minimum(steps[:-1], steps[1:])
    apart = np.linalg.norm(joints[2:] - joints[:-2], axis=-1).mean(axis=1) / size
    around = np.pad(steps, 1)
    near = np.maximum(apart, np.maximum(around[:-3], around[3:]))
    there_and_back = (out >= _BACK * near) & (out >= ALONE * usual)
    return float(out[there_and_back].max(initial=0.0))


def _at_rest(rig: Rig, motion: Motion) -> Bools:
    """The frames (T,) in which every joint but the roots is at rest; none of a rig that has roots alone."""
    hanging = rig.parents >= 0
    if not hanging.any():
        return np.zeros(len(motion.rotations), dtype=bool)
    turns = 2 * np.arccos(np.clip(np.abs(motion.rotations[:, hanging, 0]), 0, 1))
    moved = np.linalg.norm(motion.translations[:, hanging], axis=-1)
    size = float(np.ptp(rig.rest_joints, axis=0).max())
    at_rest = (np.degrees(turns).max(axis=1) < _AT_REST_DEG) & (moved.max(axis=1) <= _AT_REST * size)
    return np.asarray(at_rest)


def _rest_frames(at_rest: Bools, steps: Floats, usual: float, *, binds: bool) -> int:
    """How many frames are in runs at rest whose every border is a jump; at the clip's ends if the pose `binds`."""
    changes = np.flatnonzero(np.diff(at_rest.astype(int), prepend=0, append=0))
    around = np.pad(steps, 1)
    found = 0
    for start, end in zip(changes[::2], changes[1::2]):  # frames start .. end - 1
        inside = start > 0 and end < len(at_rest)
        borders = [int(step) for step in (start - 1, end - 1) if 0 <= step < len(steps)]
        if not borders or not (inside or binds):
            continue
        times = _INTERRUPTS if inside else _STARTS
        beyond = [around[start - 1] if start > 0 else 0.0, around[end + 1] if end < len(at_rest) else 0.0]
        within = float(steps[start : end - 1].max(initial=0.0))
        least = max(times * max(*beyond, within), times * usual, _LEAST_STEP)
        if all(steps[border] >= least for border in borders):
            found += int(end - start)
    return found
