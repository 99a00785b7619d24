"""Joint angles from 3D joints: the motion of the whole rig from the joints that were drawn and found (3.3)."""

from __future__ import annotations

import numpy as np

from rigmill import skeleton
from rigmill.posemap import drawn_parents
from rigmill.types import Bools, Floats, Motion, Rig


def drawn_rig(rig: Rig, drawn: Bools) -> Rig:
    """The rig of the drawn joints alone, each hanging from its nearest drawn ancestor."""
    kept = np.flatnonzero(drawn)
    place = np.full(rig.num_joints, -1, dtype=np.int32)
    place[kept] = np.arange(len(kept))
    above = drawn_parents(rig.parents, drawn)[kept]
    return Rig(
        names=tuple(rig.names[joint] for joint in kept),
        parents=np.where(above >= 0, place[np.maximum(above, 0)], -1).astype(np.int32),
        rest_joints=rig.rest_joints[kept],
    )


def solve(rig: Rig, drawn: Bools, joints: Floats, *, fps: float) -> tuple[Motion, Floats]:
    """The motion of the whole rig and its joints (T, J, 3), from positions (T, D, 3) of the drawn joints.

    Joints that are not drawn keep their local rest rotation, so a part that hangs between two drawn joints is
    rigid and the drawn joints alone can be solved as a smaller rig.
    """
    small = skeleton.inverse(drawn_rig(rig, drawn), joints, fps=fps)
    rotations = np.zeros((len(joints), rig.num_joints, 4))
    rotations[..., 0] = 1
    rotations[:, drawn] = small.rotations
    motion = Motion(rotations=rotations, root_translation=small.root_translation, fps=fps)
    return motion, skeleton.forward(rig, motion)[0]
