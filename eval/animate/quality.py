"""How good a motion looks that was read from generated pose maps, without a truth to hold it against."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rigmill.clips.numbers import ClipGeometry
from rigmill.facts.measure import measure
from rigmill.facts.words import in_words
from rigmill.reconstruct.metrics import Scores, height, score
from rigmill.reconstruct.reconstruct import Reconstruction
from rigmill.types import Rig

# What a reading is called. Recorded maps of the demo reach 0.9 and more; an untrained model's stay below 0.1.
_READABLE, _HARDLY = 0.8, 0.4  # shares of the drawn joints and frames that two views agree on
_LOOSE_BONES_PCT = 20.0  # of their lengths at rest: limbs that stretch so were not seen where they are
_STILL_PCT = 1.0  # of the height


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of readable, partly, hardly; and a sentence for a person."""

    word: str
    sentence: str


def movement_pct(found: Reconstruction, rig: Rig) -> float:
    """How far joints are from their place in the first frame, on average, per cent of the height."""
    moved = np.linalg.norm(found.joints - found.joints[:1], axis=-1)
    return float(100 * moved.mean() / max(height(rig), 1e-9))


def verdict(scores: Scores, *, moved_pct: float, does: str, best_share: float = 1.0) -> Verdict:
    """What the numbers of a generated clip say about its motion.

    `does` is what the subject does in it, in words that follow 'the subject'. `best_share` of the joints can be found
    in maps that are without fault, once the model's codec has had them.
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
        f"the pose maps were readable ({share}), and the subject {does} in them; whether the prompt asks for that, "
        "the preview tells",
    )


def quality(read: Reconstruction, geometry: ClipGeometry, radius_px: float, *, best_share: float) -> dict[str, Any]:
    """Numbers and a verdict; there is no truth to compare with."""
    scores = score(
        read,
        rig=geometry.rig,
        drawn=geometry.drawn,
        radius_px=radius_px,
        motion=None,
        joints=None,
        joints_px=None,
        visible=None,
    )
    moved_pct = movement_pct(read, geometry.rig)
    facts = measure(geometry.rig, read.motion, joints=read.joints, num_markers=geometry.num_markers)
    said = verdict(scores, moved_pct=moved_pct, does=in_words(facts), best_share=best_share)
    known = {key: asdict(scores)[key] for key in ("usable_share", "reprojection_px", "bone_drift_pct")}
    return {"verdict": said.word, "sentence": said.sentence} | {
        key: None if value is None or not math.isfinite(value) else round(value, 6)
        for key, value in (known | {"movement_pct": moved_pct, "best_share": best_share}).items()
    }


def evidence(read: Reconstruction, geometry: ClipGeometry) -> dict[str, Any]:
    """What joints.npz has beside the motion: which joints were drawn (J,), and where they were seen (T, J)."""
    seen = np.zeros((len(read.joints), geometry.rig.num_joints), dtype=np.bool_)
    seen[:, geometry.drawn] = read.usable
    num = geometry.rig.num_joints - geometry.num_markers
    return {"drawn": geometry.drawn[:num], "seen": seen[:, :num]}
