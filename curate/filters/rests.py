"""Whether a body's rest pose fits its motion: it stands, and left is left. Of rigs that are bodies by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from rigmill.humanoid.body import facing_turn
from rigmill.humanoid.checks import UPRIGHT, from_part_to_part, toes_ahead, uprightness
from rigmill.humanoid.maps import Skeletons
from rigmill.humanoid.names import missing_required
from rigmill.outcomes import Refusal
from rigmill.rigs.skeleton import forward
from rigmill.types import Floats, Motion, Rig

_PAIRS = ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot")
_OPPOSITE = -0.5  # cosine between a pair's way from right to left at rest and in a frame
_SIDEWAYS = 0.7  # cosine: arms 45 degrees down
_APART = 0.02  # of the rig's size: a pair that is nearer to each other has no sides


@dataclass(frozen=True, slots=True)
class BodyRest:
    """Cosines as in `uprightness`, of the straighter of both ways: a body that bows has its hips above its feet."""

    rest_upright: float
    first_upright: float  # the same of the clip's first frame
    toes_ahead: float | None  # cosine between the front that names of left and right give and the toes, at rest
    swapped_share: float | None  # of frames, in which most pairs of limbs have changed sides, seen from the hips


def body_joints(rig: Rig) -> Mapping[str, int] | None:
    """Part -> joint of a rig whose joints' names say that it is a body, with all that a motion needs; else None."""
    found = _skeletons().find(rig.names, {})
    return None if found is None or missing_required(found.joints) else found.joints


def body_rest(rig: Rig, motion: Motion, joints: Mapping[str, int]) -> BodyRest:
    """What a clip shows of its rig's rest pose; `joints` as `body_joints` gives them."""
    places, turns = forward(rig, motion)
    upright = max(uprightness(rig.rest_joints, joints))
    return BodyRest(
        rest_upright=upright,
        first_upright=max(uprightness(places[0], joints)),
        toes_ahead=_toes_ahead(rig, joints) if upright >= UPRIGHT else None,  # who lies has no front
        swapped_share=_swapped_share(rig, places, turns[:, joints["hips"]], joints),
    )


def _toes_ahead(rig: Rig, joints: Mapping[str, int]) -> float | None:
    """None where arms and legs disagree about left and right, or no toes stand out."""
    try:
        return toes_ahead(rig, joints, facing_turn(rig, joints).T @ [0.0, -1.0, 0.0])
    except Refusal:
        return None


def _swapped_share(rig: Rig, places: Floats, hips: Floats, joints: Mapping[str, int]) -> float | None:
    """Of frames with joints at `places` (T, J, 3) and hips turned by `hips` (T, 3, 3); None with fewer than two pairs.

    Crossed arms and legs change sides, too: three of the six pairs at most.
    """
    pairs = [part for part in _PAIRS if f"left{part}" in joints and f"right{part}" in joints]
    left, right = ([joints[side + part] for part in pairs] for side in ("left", "right"))
    size = float(np.ptp(rig.rest_joints, axis=0).max())
    at_rest = rig.rest_joints[left] - rig.rest_joints[right]  # (P, 3)
    wide = np.linalg.norm(at_rest, axis=-1) >= _APART * size
    if wide.sum() < 2:
        return None
    shown = np.einsum("tji,tpj->tpi", hips, places[:, left] - places[:, right])  # seen from the hips
    lengths = np.linalg.norm(shown, axis=-1)
    products = np.maximum(lengths * np.linalg.norm(at_rest, axis=-1), 1e-300)
    changed = ((shown * at_rest).sum(axis=-1) < _OPPOSITE * products) & (lengths >= _APART * size) & wide
    return float(np.mean(changed.sum(axis=1) > wide.sum() / 2))


def stretches_arms(rig: Rig, joints: Mapping[str, int]) -> bool:
    """Whether both upper arms stand out sideways at rest, in a T or an A: a pose to bind a skin in, of no motion."""
    ways = [from_part_to_part(rig, joints, f"{side}UpperArm", f"{side}LowerArm") for side in ("left", "right")]
    lengths = [float(np.linalg.norm(way)) for way in ways]
    return all(np.linalg.norm(way[:2]) >= _SIDEWAYS * length > 0 for way, length in zip(ways, lengths))


@cache
def _skeletons() -> Skeletons:
    return Skeletons()
