"""A humanoid body: a rig at rest with the map of its parts and where it faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rigmill.errors import Refusal, Reject
from rigmill.types import Floats, Rig

_NO_LENGTH = 1e-9


@dataclass(frozen=True, slots=True)
class Body:
    """A rig whose map was checked. `joints` goes from canonical names (VRM 1.0's) to joint indices."""

    rig: Rig
    joints: Mapping[str, int]
    facing: Floats  # (3, 3): turns the world such that the body's front is at -Y
    hip_height: float  # of the hips above the lowest joint of the legs at rest, in the rig's unit

    @property
    def hips(self) -> int:
        return self.joints["hips"]


def as_body(rig: Rig, joints: Mapping[str, int]) -> Body:
    """The rig as a body; a Refusal where the map cannot be right."""
    return Body(rig, dict(joints), facing_turn(rig, joints), hip_height(rig, joints))


def facing_turn(rig: Rig, joints: Mapping[str, int]) -> Floats:
    """The quarter turn about Z that makes a rig face -Y, (3, 3); the side of its limbs tells where it faces."""
    for part in ("UpperLeg", "UpperArm", "Shoulder"):
        if f"left{part}" in joints and f"right{part}" in joints:
            x, y, _ = rig.rest_joints[joints[f"left{part}"]] - rig.rest_joints[joints[f"right{part}"]]
            quarters = int(np.round(np.arctan2(y, x) / (np.pi / 2))) % 4  # the left hand belongs at +X
            cosine, sine = ((1, 0), (0, -1), (-1, 0), (0, 1))[quarters]
            return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], dtype=np.float64)
    return np.eye(3)


def hip_height(rig: Rig, joints: Mapping[str, int]) -> float:
    """How far the hips are above the lowest joint of the legs at rest (above the lowest joint if there are none)."""
    legs = [
        joints[f"{side}{part}"] for side in ("left", "right") for part in ("UpperLeg", "LowerLeg", "Foot", "Toes")
        if f"{side}{part}" in joints
    ]
    heights = rig.rest_joints[legs or slice(None), 2]
    height = float(rig.rest_joints[joints["hips"], 2] - heights.min())
    if height <= _NO_LENGTH:
        raise Refusal(Reject.UNMAPPABLE_SKELETON, "the hips are not above the feet at rest", measured=height, limit=0.0)
    return height
