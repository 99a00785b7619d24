"""A few frames of every motion: which joints move, how large the subject gets, and which motions are the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.blender.subject.action import Take, playing, show_time
from render.blender.subject.subject import Subject
from render.blender.subject.surface import visible_bounds
from rigmill.rigs.loops import gap_between
from rigmill.types import Floats, Ints

SAMPLES = 7
MOST_SAMPLES = 1000  # what stands still in that many frames, spread over the whole take, counts as still
STILL_TURN = 1e-3  # of a matrix whose axes are unit at rest: about a twentieth of a degree
STILL_PLACE = 1e-4  # of the rig's size
_WHOLE = 1e-3  # of a frame
ALIKE = 1e-4  # likewise: two motions whose samples differ by less are one


@dataclass(frozen=True, slots=True)
class Sample:
    """What a take shows in a few of its frames."""

    frames: Floats  # (S, J, 4, 4) world, as imported
    bounds: Floats  # (S, 2, 3)
    moving: Ints  # joints that move relative to their parent
    loop_gap: float  # between the take's first pose and its last (rigmill.rigs.loops)

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.frames).all() and np.isfinite(self.bounds).all())

    @property
    def extents(self) -> Floats:
        """The largest side in each sampled frame, (S,)."""
        sides: Floats = (self.bounds[:, 1] - self.bounds[:, 0]).max(axis=-1)
        return sides


def sample_take(subject: Subject, take: Take, rest: Floats, size: float) -> Sample:
    """Frames of a take, evenly spread; many more of them where a few show nothing that moves.

    `rest` are the joints' matrices at rest, as the subject is now, and `size` is the rig's.
    """
    with playing(subject, take):
        few = _spread(take.num_frames, SAMPLES)
        sample = _sample(subject, take, few, rest, size)
        if not len(sample.moving) and len(few) < take.num_frames:
            sample = _sample(subject, take, _spread(take.num_frames, MOST_SAMPLES), rest, size)
    return sample


def _spread(num_frames: int, most: int) -> list[int]:
    """At most so many of the frames, evenly spread, the first and the last among them."""
    return sorted({int(frame) for frame in np.rint(np.linspace(0, num_frames - 1, most))})


def _sample(subject: Subject, take: Take, indices: list[int], rest: Floats, size: float) -> Sample:
    frames, bounds = [], []
    for index in indices:
        show_time(subject, take.start_frame + index, take.fps)
        frames.append(subject.joint_frames())
        bounds.append(visible_bounds(subject.meshes) if subject.meshes else np.zeros((2, 3)))
    joined = np.array(frames)
    last = frames[-1]
    if take.length - indices[-1] > _WHOLE:  # it ends between two frames of this rate
        show_time(subject, take.start_frame + take.length, take.fps)
        last = subject.joint_frames()
    gap = gap_between(frames[0], last, rest, size, travels=not subject.carries_meshes)
    return Sample(joined, np.array(bounds), moving_joints(joined, rest, subject.parents, size), gap)


def moving_joints(frames: Floats, rest: Floats, parents: Ints, size: float) -> Ints:
    """Joints whose transform relative to the parent's changes over frames (S, J, 4, 4)."""
    if not np.isfinite(frames).all():
        return np.arange(0)
    scales = np.linalg.norm(rest[:, :3, :3], axis=1)
    scales = np.where(scales > 0, scales, 1.0)
    turns = frames[:, :, :3, :3] / scales[:, None, :]
    above = np.maximum(parents, 0)
    has_parent = (parents >= 0)[None, :, None, None]
    to_parent = np.where(has_parent, np.linalg.pinv(turns[:, above]), np.eye(3))
    places = frames[..., :3, 3]
    reach = np.where(has_parent[..., 0], places - places[:, above], places)
    local_turns = to_parent @ turns
    local_places = np.einsum("tjxy,tjy->tjx", to_parent, reach)
    moved = np.ptp(local_turns, axis=0).max(axis=(-2, -1)) > STILL_TURN
    moved |= np.ptp(local_places, axis=0).max(axis=-1) > STILL_PLACE * size
    return np.flatnonzero(moved)


def alike(first: Sample, second: Sample, rest: Floats, size: float) -> bool:
    """Whether two takes show the same joints in all sampled frames."""
    if first.frames.shape != second.frames.shape:
        return False
    scale = np.maximum(np.linalg.norm(rest[:, :3, :3], axis=(1, 2)), 1e-300)[None, :, None, None]
    apart = np.abs(first.frames - second.frames)
    return bool((apart[..., :3, :3] / scale).max() < ALIKE and apart[..., :3, 3].max() < ALIKE * size)
