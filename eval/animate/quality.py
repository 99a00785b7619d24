"""How good a motion looks that was read from generated pose maps, without a truth to hold it against."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rigmill.clips.numbers import ClipGeometry
from rigmill.facts.measure import measure
from rigmill.facts.verbs import fits
from rigmill.facts.words import in_words
from rigmill.reconstruct.metrics import Scores, height, score
from rigmill.reconstruct.reconstruct import Reconstruction
from rigmill.types import Floats, Ints, Rig

# What a reading is called. Recorded maps of the demo reach 0.9 and more; an untrained model's stay below 0.1.
READABLE, _HARDLY = 0.8, 0.4  # shares of the drawn joints and frames that two views agree on
_LOOSE_BONES_PCT = 20.0  # of their lengths at rest: limbs that stretch so were not seen where they are
_STILL_PCT = 1.0  # of the height


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of readable, partly, hardly; and a sentence for a person."""

    word: str
    sentence: str


def movement_pct(joints: Floats, rig: Rig) -> float:
    """How far joints are from their place in the first frame, on average, per cent of the height."""
    moved = np.linalg.norm(joints - joints[:1], axis=-1)
    return float(100 * moved.mean() / max(height(rig), 1e-9))


@dataclass(frozen=True, slots=True)
class Quality:
    """Numbers of a motion that was read, and a verdict; there is no truth to compare with. None: not measurable."""

    verdict: str
    sentence: str
    usable_share: float  # of drawn joints and frames that two views agree on
    reprojection_px: float | None
    bone_drift_pct: float | None
    movement_pct: float
    best_share: float
    does: str  # in words that follow 'the subject'
    fits_prompt: bool | None  # whether its facts are what the prompt's verb asks for; None: facts cannot tell

    def to_row(self) -> dict[str, Any]:
        """As info.json holds it."""
        return {
            key: (round(value, 6) if math.isfinite(value) else None) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }


def verdict(
    scores: Scores, *, moved_pct: float, does: str, best_share: float = 1.0, fits_prompt: bool | None = None
) -> Verdict:
    """What the numbers of a generated clip say about its motion.

    `does` is what the subject does in it, in words that follow 'the subject'. `best_share` of the joints can be found
    in maps that are without fault, once the model's codec has had them. `fits_prompt`: whether that is what was asked.
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
    if scores.usable_share < READABLE or drift > _LOOSE_BONES_PCT:
        loose = f", bones seen {drift:.0f}% longer or shorter than they are" if drift > _LOOSE_BONES_PCT else ""
        return Verdict("partly", f"the pose maps were partly readable ({share}{loose}): expect wrong limbs")
    if moved_pct < _STILL_PCT:
        return Verdict("readable", f"the pose maps were readable ({share}), and the subject hardly moves in them")
    asked = {
        None: "; whether the prompt asks for that, the preview tells",
        True: ", as the prompt asks",
        False: ", which is not what the prompt asks for",
    }
    return Verdict(
        "readable", f"the pose maps were readable ({share}), and the subject {does} in them{asked[fits_prompt]}"
    )


def quality(
    read: Reconstruction, geometry: ClipGeometry, radius_px: float, *, best_share: float, prompt: str
) -> Quality:
    """What can be said of a motion that was read from generated maps."""
    scores = score(read, rig=geometry.rig, drawn=geometry.drawn, radius_px=radius_px)
    moved_pct = movement_pct(read.joints, geometry.rig)
    facts = measure(
        geometry.rig, read.motion, joints=read.joints, num_markers=geometry.num_markers, front_deg=geometry.front_deg
    )
    does, as_asked = in_words(facts), fits(facts, prompt)
    said = verdict(scores, moved_pct=moved_pct, does=does, best_share=best_share, fits_prompt=as_asked)
    return Quality(
        said.word,
        said.sentence,
        scores.usable_share,
        scores.reprojection_px,
        scores.bone_drift_pct,
        moved_pct,
        best_share,
        does,
        as_asked,
    )


def evidence(read: Reconstruction, geometry: ClipGeometry, frames: Ints) -> dict[str, Any]:
    """What joints.npz has beside the motion: which joints were drawn (J,), and where they were seen (T, J).

    `frames` (T,) are those of the reading that the motion's lie on.
    """
    seen = np.zeros((len(read.joints), geometry.rig.num_joints), dtype=np.bool_)
    seen[:, geometry.drawn] = read.usable
    num = geometry.rig.num_joints - geometry.num_markers
    return {"drawn": geometry.drawn[:num], "seen": seen[frames, :num]}
