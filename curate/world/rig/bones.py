"""Bones at rest. World frame: +Z up, facing -Y, left at +X, metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from curate.world.rig.turns import vec
from rigmill.types import Floats


@dataclass(frozen=True, slots=True)
class Bone:
    """A bone at rest; `head` and `tail` are world points (3,).

    `name` is plain lower-case words, side first: 'left front thigh'. looks/naming.py writes it as files do.
    """

    name: str
    parent: str | None
    head: Floats
    tail: Floats

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.tail - self.head))


@dataclass(frozen=True)
class Skeleton:
    """Bones, parents before children. More than one root is allowed; the first is the main one."""

    bones: tuple[Bone, ...]
    _place: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for number, bone in enumerate(self.bones):
            if bone.name in self._place or (bone.parent is not None and bone.parent not in self._place):
                raise ValueError(f"bone '{bone.name}' is there twice, or comes before its parent")
            self._place[bone.name] = number

    def __getitem__(self, name: str) -> Bone:
        return self.bones[self._place[name]]

    def __contains__(self, name: str) -> bool:
        return name in self._place

    def number(self, name: str) -> int:
        """The bone's place among the bones."""
        return self._place[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(bone.name for bone in self.bones)

    @property
    def parents(self) -> list[int]:
        return [-1 if bone.parent is None else self._place[bone.parent] for bone in self.bones]

    @property
    def roots(self) -> tuple[str, ...]:
        return tuple(bone.name for bone in self.bones if bone.parent is None)


def chain(parent: str | None, names: Sequence[str], points: Sequence[Floats]) -> list[Bone]:
    """Bones laid head to tail along `points` (one more than names)."""
    if len(points) != len(names) + 1:
        raise ValueError("a chain needs one point more than bones")
    bones = []
    for name, head, tail in zip(names, points[:-1], points[1:]):
        bones.append(Bone(name, parent, np.asarray(head, float), np.asarray(tail, float)))
        parent = name
    return bones


def mirrored(bones: Sequence[Bone]) -> list[Bone]:
    """The right-hand copies of 'left ...' bones; parents without that word stay."""
    flip = vec(-1, 1, 1)
    return [Bone(right(b.name), b.parent and right(b.parent), b.head * flip, b.tail * flip) for b in bones]


def right(name: str) -> str:
    """The name of the same bone on the right."""
    return name.replace("left", "right", 1) if name.startswith("left") else name


def numbered(stem: str, count: int) -> list[str]:
    """'tail 1', 'tail 2', ..."""
    return [f"{stem} {number}" for number in range(1, count + 1)]
