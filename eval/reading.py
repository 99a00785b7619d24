"""Pose maps of a clip read back into a motion, and how good that looks without a truth to hold it against."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rigmill.clips.numbers import ClipGeometry
from rigmill.posemaps.posemap import radius_for
from rigmill.reconstruct.metrics import Scores, height
from rigmill.reconstruct.reconstruct import Reconstruction, reconstruct
from rigmill.types import Bytes, Rig

# What a reading is called. Recorded maps of the demo reach 0.9 and more; an untrained model's stay below 0.1.
_READABLE, _HARDLY = 0.8, 0.4  # shares of the drawn joints and frames that two views agree on
_LOOSE_BONES_PCT = 20.0  # of their lengths at rest: limbs that stretch so were not seen where they are
_STILL_PCT = 1.0  # of the height


def read_maps(
    maps: Bytes, geometry: ClipGeometry, *, joint_radius_px: float, fps: float
) -> tuple[Reconstruction, float]:
    """The motion that maps (V, T, H, W, 3) show of a clip's rig, and the discs' radius in them.

    `joint_radius_px` is the profile's, for pictures of 480 lines; the maps may be of another size and squeezed.
    """
    camera, (height_px, width_px) = geometry.cameras[0], maps.shape[2:4]
    # A squeezed disc is an ellipse: its area counts.
    squeeze = math.sqrt(width_px / camera.width_px * height_px / camera.height_px)
    radius_px = radius_for(joint_radius_px, camera.height_px) * squeeze
    found = reconstruct(
        maps,
        cameras=geometry.cameras,
        rig=geometry.rig,
        drawn=geometry.drawn,
        colours=geometry.colours,
        radius_px=radius_px,
        fps=fps,
    )
    return found, radius_px


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of readable, partly, hardly; and a sentence for a person."""

    word: str
    sentence: str


def movement_pct(found: Reconstruction, rig: Rig) -> float:
    """How far joints are from their place in the first frame, on average, per cent of the height."""
    moved = np.linalg.norm(found.joints - found.joints[:1], axis=-1)
    return float(100 * moved.mean() / max(height(rig), 1e-9))


def verdict(scores: Scores, *, moved_pct: float, best_share: float = 1.0) -> Verdict:
    """What the numbers of a generated clip say about its motion.

    `best_share` of the joints can be found in maps that are without fault, once the model's codec has had them.
    """
    share = f"{scores.usable_share:.0%} of the joints could be found in the generated pose maps"
    if scores.usable_share < _HARDLY:
        what = "most of this motion is a guess" if scores.usable_share else "the mesh stays at rest"
        why = ""
        if best_share < _HARDLY:
            why = (
                f"; at this checkpoint's size and through its codec even faultless maps of this rig would show "
                f"{best_share:.0%}"
            )
        return Verdict("hardly", f"the pose maps were hardly readable ({share}{why}): {what}")
    drift = scores.bone_drift_pct or 0.0
    if scores.usable_share < _READABLE or drift > _LOOSE_BONES_PCT:
        loose = f", bones seen {drift:.0f}% longer or shorter than they are" if drift > _LOOSE_BONES_PCT else ""
        return Verdict("partly", f"the pose maps were partly readable ({share}{loose}): expect wrong limbs")
    if moved_pct < _STILL_PCT:
        return Verdict("readable", f"the pose maps were readable ({share}), and the subject hardly moves in them")
    return Verdict(
        "readable",
        f"the pose maps were readable ({share}); whether they show what the prompt asks for, the preview tells",
    )
