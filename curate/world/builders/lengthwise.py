"""Bodies that are one long chain: snakes, fish. The main root is somewhere along it, bones lead to both ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curate.world.rig.bones import Bone, Skeleton
from curate.world.rig.turns import vec
from rigmill.types import Floats


def along_back(names: Sequence[str], joints: Floats, root: int) -> tuple[list[Bone], Skeleton]:
    """Bones between joints (N + 1, 3), head first; number `root` is the root.

    The second is the same bones laid head to tail, for tubes: a skin along them bends wherever the first bend.
    """
    bones = [Bone(names[root], None, (joints[root] + joints[root + 1]) / 2, joints[root])]
    for number in range(root - 1, -1, -1):
        bones.append(Bone(names[number], names[number + 1], joints[number + 1], joints[number]))
    for number in range(root + 1, len(names)):
        bones.append(Bone(names[number], names[number - 1], joints[number], joints[number + 1]))
    return bones, Skeleton(tuple(Bone(name, None, joints[n], joints[n + 1]) for n, name in enumerate(names)))


def spaced(length: float, shares: Floats, height: float) -> Floats:
    """Joints (N, 3) from the front to the back of a straight body of this length, its middle at y = 0."""
    at = np.concatenate([[0.0], np.cumsum(shares / np.sum(shares))])
    return np.array([vec(0, (share - 0.5) * length, height) for share in at])
