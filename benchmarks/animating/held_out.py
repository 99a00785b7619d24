"""Clips that training never saw, generated from their rest pose and caption, read back and named by their facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from eval.animate.quality import movement_pct
from rigmill.clips.numbers import ClipGeometry
from rigmill.facts.facts import MotionFacts
from rigmill.facts.measure import measure
from rigmill.facts.verbs import fits, verb_in
from rigmill.reconstruct.joints.bones import rest_lengths
from rigmill.reconstruct.kinematics import drawn_rig
from rigmill.rigs.rate import resample
from rigmill.types import Floats, Motion
from train.clips import Pictures
from train.sampling.sampler import Sampling, sample
from train.watching.readability import Reading, mean_reading, read_drawn
from train.watching.strips import prompt_of
from train.weights import Model


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One clip. `fits` and `static_fits`: whether the motion that was read, and no motion at all, are what the caption
    says; None where the caption has no verb that facts know.
    """

    clip_id: str
    group: str  # why it is held out
    caption: str
    reading: Reading
    moves_pct: float  # see `movement_pct`
    moved_pct: float  # the recorded motion
    fits: bool | None
    static_fits: bool | None
    told_drift_pct: float | None = None  # of bones as the model tells them, before bodies' are as long as they are
    slides_pct: float | None = None  # of a body's joints, pulled out of their place; None: of things parts may slide


_PULLED = 0.01  # of the rig's size: a joint this far from where its parent carries it


def told_drift_pct(told: Floats | None, geometry: ClipGeometry) -> float | None:
    """How much drawn bones are longer or shorter than at rest, of joints (T, J, 3) as shift maps tell them."""
    if told is None:
        return None
    small = drawn_rig(geometry.rig, geometry.drawn)
    rest = rest_lengths(small.parents, small.rest_joints)
    bones = np.flatnonzero(rest > 1e-6)
    places = told[:, geometry.drawn]
    ways = np.linalg.norm(places[:, bones] - places[:, small.parents[bones]], axis=-1)
    known = np.isfinite(ways)
    return float(np.mean((100 * np.abs(ways / rest[bones] - 1))[known])) if known.any() else None


def slides_pct(geometry: ClipGeometry, motion: Motion) -> float | None:
    """The share of a body's joints that are somewhere `_PULLED` out of their place; None: not a body."""
    below = geometry.rig.parents >= 0
    if geometry.num_markers or not below.any():
        return None
    size = float(np.ptp(geometry.rig.rest_joints, axis=0).max())
    return float(100 * np.mean(np.linalg.norm(motion.translations[:, below], axis=-1).max(axis=0) > _PULLED * size))


def facts_of(geometry: ClipGeometry, motion: Motion) -> MotionFacts:
    """What is measured of a motion at the clip's own rate, markers left out."""
    rig, own = geometry.own(resample(motion, geometry.motion.fps))
    return measure(rig, own)


def still(motion: Motion) -> Motion:
    """The same length, and nothing moves."""
    rotations = np.zeros_like(motion.rotations)
    rotations[..., 0] = 1
    return Motion(rotations=rotations, translations=np.zeros_like(motion.translations), fps=motion.fps)


def look_at(model: Model, pictures: Pictures, index: int, *, group: str, sampling: Sampling) -> HeldOut:
    """One clip generated, read and named."""
    clip, geometry = pictures.clips[index], pictures.geometry(index)
    drawn = sample(model, prompt_of(pictures, index), sampling)
    definition = model.config.pose_map
    assert definition is not None
    found = read_drawn(drawn.rgb, drawn.pose, geometry, model.config, definition=definition)
    motion = found.found.motion
    return HeldOut(
        clip.place.clip_id,
        group,
        clip.caption,
        found.reading,
        movement_pct(found.found.joints, geometry.rig),
        movement_pct(geometry.joints, geometry.rig),
        fits(facts_of(geometry, motion), clip.caption),
        fits(facts_of(geometry, still(motion)), clip.caption),
        told_drift_pct(drawn.told, geometry),
        slides_pct(geometry, motion),
    )


def true_verb_share(pictures: Pictures, indices: Sequence[int]) -> float | None:
    """Of recorded clips: how often facts say what the caption says. What a perfect model would reach."""
    asked = [index for index in indices if verb_in(pictures.clips[index].caption) is not None]
    right = [
        bool(fits(facts_of(pictures.geometry(index), pictures.geometry(index).motion), pictures.clips[index].caption))
        for index in asked
    ]
    return fmean(right) if right else None


def figures_of(clips: Sequence[HeldOut]) -> dict[str, Any]:
    """The means over clips; None where nothing could be measured."""
    if not clips:
        return {}
    mean = mean_reading([clip.reading for clip in clips])
    named = [clip for clip in clips if clip.fits is not None]
    return {
        "heldout_clips": len(clips),
        "heldout_usable_share": mean.usable_share,
        "heldout_mpjpe_pct": mean.mpjpe_pct,
        "heldout_reproject_px": mean.reprojection_px,
        "heldout_movement_pct": fmean(clip.moves_pct for clip in clips),
        "true_movement_pct": fmean(clip.moved_pct for clip in clips),
        "heldout_bone_drift_pct": mean.bone_drift_pct,
        "heldout_told_drift_pct": _mean([clip.told_drift_pct for clip in clips]),
        "heldout_slides_pct": _mean([clip.slides_pct for clip in clips]),
        "heldout_verb_share": fmean(bool(clip.fits) for clip in named) if named else None,
        "static_verb_share": fmean(bool(clip.static_fits) for clip in named) if named else None,
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def by_group(clips: Sequence[HeldOut]) -> Mapping[str, dict[str, Any]]:
    """The same of each reason for which clips are held out."""
    groups = sorted({clip.group for clip in clips})
    return {group: figures_of([clip for clip in clips if clip.group == group]) for group in groups}
