"""Which way a rig faces at rest, what says so, and how sure that is: where the first camera stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rigmill.facts.facts import SubjectKind
from rigmill.facts.fronts import SIDED, SURE, front_score
from rigmill.facts.kinds_by_shape import kind_of, look
from rigmill.humanoid.body import facing_turn
from rigmill.humanoid.checks import check_lengths, check_rig, check_sides
from rigmill.humanoid.maps import VRM, Skeletons
from rigmill.humanoid.names import REQUIRED
from rigmill.outcomes import Refusal
from rigmill.types import Floats, Rig

_SNAP_DEG = 15.0  # files have their subject along an axis
_UP = np.array([0.0, 0.0, 1.0])


class FacingSource(StrEnum):
    """What says where the front is."""

    HUMANOID = "humanoid"  # left and right of a body whose joints go by known names
    VRM = "vrm"  # of a body that a VRM block names
    ESTIMATED = "estimated"  # symmetry, feet, knees, head and tail
    ASSUMED = "assumed"  # nothing: -Y, where most files have it


@dataclass(frozen=True, slots=True)
class Facing:
    """The azimuth of the front at rest: 0 is -Y, 90 is +X. Confidence goes from 0 (assumed) to 1 (named)."""

    azimuth_deg: float
    source: FacingSource
    confidence: float


ASSUMED = Facing(0.0, FacingSource.ASSUMED, 0.0)


def find_facing(rig: Rig, humanoid: Mapping[str, str], skeletons: Skeletons) -> Facing:
    """The front of a rig; `humanoid` is its declared map, canonical VRM 1.0 bone -> joint name, or empty."""
    places = np.asarray(rig.rest_joints, dtype=np.float64)
    if not rig.num_joints or not np.isfinite(places).all():
        return ASSUMED
    known = skeletons.find(rig.names, humanoid)
    if known is not None and known.joints.keys() >= set(REQUIRED):
        try:
            check_rig(rig)
            check_lengths(rig, known.joints)
            turn = facing_turn(rig, known.joints)
            check_sides(rig, known.joints, turn)
            source = FacingSource.VRM if humanoid or known.source == VRM else FacingSource.HUMANOID
            return Facing(_azimuth_deg(turn.T @ [0.0, -1.0, 0.0]), source, 1.0)
        except Refusal:
            pass  # names that cannot be right: the shape decides
    seen = look(rig)
    kind = kind_of(seen)
    if seen.mirror is None or kind is SubjectKind.ARTICULATED:
        return ASSUMED
    score = front_score(seen, kind)
    # Names of left and right alone are as often the viewer's, or those of a mirrored file: the shape has to agree.
    of_shape = score - (SIDED if seen.mirror.signed else 0.0)
    if abs(of_shape) < SURE or of_shape * score <= 0:
        return ASSUMED
    confidence = abs(score) / (1.0 + abs(score))
    front = np.cross(np.sign(score) * seen.mirror.across, _UP)
    return Facing(_azimuth_deg(front), FacingSource.ESTIMATED, float(confidence))


def _azimuth_deg(front: Floats) -> float:
    """Of a level direction; that of the quarter turn which is near, exactly."""
    azimuth = float(np.degrees(np.arctan2(front[0], -front[1]))) % 360.0
    quarter = 90.0 * round(azimuth / 90.0)
    return (quarter if abs(azimuth - quarter) <= _SNAP_DEG else azimuth) % 360.0
