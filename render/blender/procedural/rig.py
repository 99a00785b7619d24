"""Skeletons and takes of generated assets, in plain numpy. World frame: +Z up, facing -Y, left at +X, metres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rigmill.types import Floats


@dataclass(frozen=True, slots=True)
class Bone:
    """A bone at rest. `head` and `tail` are (3,) world points; `roll_rad` turns its axes about its length."""

    name: str
    parent: str | None
    head: Floats
    tail: Floats
    roll_rad: float = 0.0


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Bones, parents before children; the first one is the root."""

    bones: tuple[Bone, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(bone.name for bone in self.bones)

    @property
    def parents(self) -> list[int]:
        index = {bone.name: number for number, bone in enumerate(self.bones)}
        return [-1 if bone.parent is None else index[bone.parent] for bone in self.bones]

    def __getitem__(self, name: str) -> Bone:
        return next(bone for bone in self.bones if bone.name == name)


@dataclass(frozen=True, slots=True)
class Take:
    """A motion: `turns[bone]` (T, 3, 3) relative to the parent in world axes at rest, `shifts[bone]` (T, 3) metres."""

    name: str
    fps: int
    turns: Mapping[str, Floats]
    shifts: Mapping[str, Floats]
    num_frames: int


def point(*values: float) -> Floats:
    """The values as float64, for one point (3,)."""
    return np.array(values, dtype=np.float64)


def chain(parent: str | None, names: Sequence[str], points: Sequence[Floats]) -> list[Bone]:
    """Bones laid head to tail along `points` (one more than names)."""
    bones = []
    for name, head, tail in zip(names, points[:-1], points[1:]):
        bones.append(Bone(name, parent, head, tail))
        parent = name
    return bones


def mirrored(bones: Sequence[Bone]) -> list[Bone]:
    """The right-hand copies of `Left...` bones; parents without that prefix stay."""
    flip = point(-1, 1, 1)
    return [
        Bone(
            bone.name.replace("Left", "Right"),
            bone.parent and bone.parent.replace("Left", "Right"),
            bone.head * flip,
            bone.tail * flip,
            -bone.roll_rad,
        )
        for bone in bones
    ]


def about(axis: str, angles_deg: Floats | float) -> Floats:
    """Rotation matrices (..., 3, 3) about the world axis 'x', 'y' or 'z'."""
    angle = np.deg2rad(np.asarray(angles_deg, dtype=np.float64))
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., 0, 0] = matrix[..., 1, 1] = matrix[..., 2, 2] = 1.0
    matrix[..., first, first] = matrix[..., second, second] = np.cos(angle)
    matrix[..., first, second], matrix[..., second, first] = -np.sin(angle), np.sin(angle)
    return matrix


def forward(skeleton: Skeleton, take: Take) -> tuple[Floats, Floats, Floats]:
    """World turns (T, J, 3, 3), heads and tails (T, J, 3) of every bone over the take."""
    count, length = len(skeleton.bones), take.num_frames
    turns = np.tile(np.eye(3), (length, count, 1, 1))
    heads, tails = np.zeros((length, count, 3)), np.zeros((length, count, 3))
    for number, (bone, parent) in enumerate(zip(skeleton.bones, skeleton.parents)):
        above = turns[:, parent] if parent >= 0 else np.tile(np.eye(3), (length, 1, 1))
        offset = bone.head - skeleton.bones[parent].head if parent >= 0 else bone.head
        offset = offset + take.shifts.get(bone.name, np.zeros((length, 3)))
        base = heads[:, parent] if parent >= 0 else 0.0
        heads[:, number] = base + np.einsum("tij,tj->ti", above, np.broadcast_to(offset, (length, 3)))
        turns[:, number] = above @ take.turns[bone.name] if bone.name in take.turns else above
        tails[:, number] = heads[:, number] + turns[:, number] @ (bone.tail - bone.head)
    return turns, heads, tails


def band_limited(values: Floats, harmonics: int) -> Floats:
    """A periodic curve (T,) whose last value repeats the first, cut to its lowest harmonics."""
    spectrum = np.fft.rfft(values[:-1])
    spectrum[harmonics + 1 :] = 0
    smooth = np.fft.irfft(spectrum, len(values) - 1)
    return np.append(smooth, smooth[0])


def grounded(skeleton: Skeleton, take: Take, feet: Sequence[str], *, harmonics: int = 6) -> Take:
    """The take with its root lifted or lowered so that the lowest foot stays on the floor that it stands on at rest.

    A shift that the take's root already has comes on top: a hop stays a hop.
    """
    root = skeleton.bones[0].name
    still = {bone: shift for bone, shift in take.shifts.items() if bone != root}
    _, heads, tails = forward(skeleton, replace(take, shifts=still))
    rises = []
    for number, bone in enumerate(skeleton.bones):
        if bone.name in feet:
            rises += [heads[:, number, 2] - bone.head[2], tails[:, number, 2] - bone.tail[2]]
    lift = band_limited(-np.min(rises, axis=0), harmonics)
    shift = np.array(take.shifts.get(root, np.zeros((take.num_frames, 3))))
    shift[:, 2] += lift
    return replace(take, shifts={**take.shifts, root: shift})


def with_rest_turned(take: Take, skeleton: Skeleton, turned: Mapping[str, Floats]) -> Take:
    """The same poses for a skeleton whose limbs from each bone of `turned` on rest turned by that (3, 3) matrix.

    A limb turned by Q at rest needs the world turn D Q^-1 where it needed D before.
    """
    turns = dict(take.turns)
    for bone in skeleton.bones:
        top = _limb_of(skeleton, bone.name, turned)
        if top is None:
            continue
        quarter = turned[top]
        before = take.turns.get(bone.name, np.tile(np.eye(3), (take.num_frames, 1, 1)))
        turns[bone.name] = before @ quarter.T if bone.name == top else quarter @ before @ quarter.T
    return replace(take, turns=turns)


def _limb_of(skeleton: Skeleton, name: str | None, tops: Mapping[str, Floats]) -> str | None:
    while name is not None and name not in tops:
        name = skeleton[name].parent
    return name
