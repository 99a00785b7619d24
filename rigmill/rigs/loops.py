"""Motions that end as they begin: how to tell them, and going on with them for longer than they are.

A loop may travel: a walk ends a step ahead, in the pose it began with. The *way* of a loop is what carries its first
pose to its last, a turn about the vertical and a shift along the ground; each time round goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.rigs import turns as clip
from rigmill.rigs.skeleton import forward
from rigmill.types import Floats, Motion, Rig

# Of a loop: the largest difference of its last pose from its first, as an entry of a matrix whose axes are unit at rest
# (a turn in radians, while it is small) or in sizes of the rig. docs/filters.md says what files have.
MAX_GAP = 0.05
_NO_TURN, _NO_SHIFT = np.radians(2.0), 0.02  # of the rig's size: a loop that gets no further stays in its place


@dataclass(frozen=True, slots=True)
class Way:
    """x -> turn about the vertical by `yaw` (rad), then + `shift` (3,), whose height is 0."""

    yaw: float
    shift: Floats

    def matrix(self, times: float = 1.0) -> Floats:
        """(4, 4), gone so many whole times, backwards where `times` is negative."""
        once, whole = _rigid(self.yaw, self.shift), np.eye(4)
        for _ in range(abs(int(times))):
            whole = (once if times > 0 else np.linalg.inv(once)) @ whole
        return whole


HERE = Way(0.0, np.zeros(3))


def way_between(first: Floats, last: Floats, size: float) -> Way:
    """What carries the places of joints (J, 3) nearest to others along the ground; HERE if that is next to nothing."""
    start, end = (places[:, :2] - places[:, :2].mean(axis=0) for places in (first, last))
    cosine, sine = float((start * end).sum()), float((start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]).sum())
    yaw = float(np.arctan2(sine, cosine))
    if abs(yaw) < _NO_TURN:
        yaw = 0.0
    moved = last[:, :2].mean(axis=0) - (_rigid(yaw, np.zeros(3))[:2, :2] @ first[:, :2].mean(axis=0))
    if yaw == 0.0 and np.linalg.norm(moved) < _NO_SHIFT * size:
        return HERE
    return Way(yaw, np.array([*moved, 0.0]))


def gap_between(first: Floats, last: Floats, rest: Floats, size: float, *, travels: bool) -> float:
    """How far joint matrices (J, 4, 4) are from others, against those at rest; with `travels` after the way between."""
    if not (np.isfinite(first).all() and np.isfinite(last).all()):
        return float("inf")
    if travels:
        last = way_between(first[:, :3, 3], last[:, :3, 3], size).matrix(-1) @ last
    apart = np.abs(last - first)
    scale = np.maximum(np.linalg.norm(rest[:, :3, :3], axis=(1, 2)) / np.sqrt(3.0), 1e-300)
    return float(max((apart[:, :3, :3].max(axis=(1, 2)) / scale).max(), apart[:, :3, 3].max() / size))


def looped(motion: Motion, rig: Rig, *, num_frames: int, fps: float) -> Motion:
    """A loop, from its first frame on, for `num_frames` at another rate; its last frame is the next round's first."""
    steps = len(motion.rotations) - 1
    times = np.arange(num_frames) / fps * motion.fps
    rounds = np.floor(times / steps + 1e-9).astype(np.int64)
    into = np.clip(times - rounds * steps, 0.0, steps)
    before = np.minimum(into.astype(np.int64), steps - 1)
    share = into - before
    known = clip.from_rotations(motion.rotations)
    turned = clip.mix(known[..., before], known[..., before + 1], share)
    moved = motion.translations[before]
    moved = moved + share[:, None, None] * (motion.translations[before + 1] - moved)
    ends, _ = forward(rig, Motion(motion.rotations[[0, -1]], motion.translations[[0, -1]], motion.fps))
    way = way_between(ends[0], ends[1], float(np.ptp(rig.rest_joints, axis=0).max()))
    if way is not HERE:  # roots go on from where the round before got to, and all hangs from them
        roots = np.flatnonzero(np.asarray(rig.parents) < 0)
        gone = np.stack([way.matrix(count) for count in range(int(rounds.max()) + 1)])[rounds]
        rest = rig.rest_joints[roots]
        places = np.einsum("tij,trj->tri", gone[:, :3, :3], rest + moved[:, roots])
        moved[:, roots] = places + gone[:, None, :3, 3] - rest
        about = clip.about(np.array([[0.0], [0.0], [1.0]]), way.yaw * rounds)
        turned[:, roots] = clip.multiply(about[:, None], turned[:, roots])
    return Motion(clip.to_rotations(turned), moved, fps)


def _rigid(yaw: float, shift: Floats) -> Floats:
    matrix = np.eye(4)
    cosine, sine = np.cos(yaw), np.sin(yaw)
    matrix[:2, :2] = [[cosine, -sine], [sine, cosine]]
    matrix[:3, 3] = shift
    return matrix
