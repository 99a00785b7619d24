"""A motion played on a body: every bone over time, with its truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from curate.world.acting.truth import Truth
from curate.world.rig.bones import Skeleton
from curate.world.rig.turns import apply
from rigmill.types import Floats


@dataclass(frozen=True, slots=True)
class Take:
    """`turns[bone]` (T, 3, 3) relative to the parent in world axes at rest, `shifts[bone]` (T, 3) metres likewise."""

    name: str  # as the file has it
    motion: str  # of the registry
    fps: float
    turns: Mapping[str, Floats]
    shifts: Mapping[str, Floats]
    num_frames: int
    truth: Truth


def forward(skeleton: Skeleton, take: Take) -> tuple[Floats, Floats]:
    """World turns from rest (T, B, 3, 3) and heads (T, B, 3) of all bones."""
    count, length = len(skeleton.bones), take.num_frames
    turns, heads = np.tile(np.eye(3), (length, count, 1, 1)), np.zeros((length, count, 3))
    for number, (bone, parent) in enumerate(zip(skeleton.bones, skeleton.parents)):
        moved = np.broadcast_to(take.shifts.get(bone.name, np.zeros(3)), (length, 3))
        if parent < 0:
            heads[:, number] = bone.head + moved
            turns[:, number] = take.turns.get(bone.name, np.eye(3))
        else:
            above = skeleton.bones[parent]
            heads[:, number] = heads[:, parent] + apply(turns[:, parent], bone.head - above.head + moved)
            turns[:, number] = turns[:, parent] @ take.turns.get(bone.name, np.eye(3))
    return turns, heads
