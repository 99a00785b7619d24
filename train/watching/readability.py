"""How well a model draws: its pose maps are read back by the project's own reconstruction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from rigmill.clips.numbers import ClipGeometry
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.reconstruct.metrics import height, score
from rigmill.reconstruct.reconstruct import Reconstruction, reconstruct
from rigmill.types import Bytes
from train.clips import Pictures
from train.recipes import ModelConfig
from train.sampling.sampler import Prompt, Sampling, sample
from train.weights import Model


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one generated clip. None: nothing could be."""

    usable_share: float  # of drawn joints and frames
    mpjpe_pct: float | None  # drawn joints against the nearest window of the recorded clip, per cent of the height
    reprojection_px: float | None
    bone_drift_pct: float | None


@dataclass(frozen=True, slots=True)
class Generated:
    """One generated clip: pictures (V, F, H, W, 3), and what they show."""

    rgb: Bytes
    pose: Bytes
    found: Reconstruction
    reading: Reading


def generated(model: Model, prompt: Prompt, geometry: ClipGeometry, sampling: Sampling) -> Generated:
    """Sample the prompt and read what was drawn; `geometry` is of the recorded clip as the model sees it."""
    found = sample(model, prompt, sampling)
    definition = model.config.pose_map
    assert definition is not None
    return read_drawn(found.rgb, found.pose, geometry, model.config, definition=definition)


def read_drawn(
    rgb: Bytes, pose: Bytes, geometry: ClipGeometry, config: ModelConfig, *, definition: PoseMapDefinition
) -> Generated:
    """What pose maps show that mean what `definition` says; those that were recorded larger have shrunk since."""
    shrunk = 1.0 if config.pose_map is not None else geometry.cameras[0].height_px / definition.drawn_height_px
    radius_px = definition.radius_px * shrunk
    found = reconstruct(
        pose,
        cameras=geometry.cameras,
        rig=geometry.rig,
        drawn=geometry.drawn,
        colours=geometry.colours,
        radius_px=radius_px,
        fps=geometry.motion.fps / config.frame_stride,
    )
    scores = score(found, rig=geometry.rig, drawn=geometry.drawn, radius_px=radius_px)
    nearest = nearest_window(found, geometry, stride=config.frame_stride)[1] if found.usable.any() else None
    reading = Reading(scores.usable_share, nearest, scores.reprojection_px, scores.bone_drift_pct)
    return Generated(rgb, pose, found, reading)


def nearest_window(found: Reconstruction, geometry: ClipGeometry, *, stride: int) -> tuple[int, float]:
    """The recorded window that is nearest: its first frame, and the mean distance of the drawn joints to it, per cent
    of the height.
    """
    num_frames = len(found.joints)
    span = (num_frames - 1) * stride + 1
    drawn, unit = geometry.drawn, 100 / max(height(geometry.rig), 1e-9)
    windows = range(max(1, len(geometry.joints) - span + 1))
    errors = []
    for start in windows:
        true = geometry.joints[start : start + span : stride][:, drawn]
        errors.append(np.linalg.norm(found.joints[: len(true), drawn] - true, axis=-1).mean())
    start = int(np.argmin(errors))
    return start, float(errors[start] * unit)


def room(pictures: Pictures) -> float:
    """How much larger than a rest pose the box is that holds it and its motion: of four clips in five no more.

    A clip's cameras see all of that box; who animates a mesh knows the rest pose alone.
    """
    ratios = []
    for index in range(len(pictures.clips)):
        geometry = pictures.geometry(index)
        rest = geometry.rig.rest_joints
        whole = np.concatenate([rest, geometry.joints.reshape(-1, 3)])
        ratios.append(np.ptp(whole, axis=0).max() / max(np.ptp(rest, axis=0).max(), 1e-9))
    return round(float(np.quantile(ratios, 0.8)), 2)


def mean_reading(readings: Sequence[Reading]) -> Reading:
    """The means; what could not be measured is left out."""

    def mean(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return fmean(known) if known else None

    return Reading(
        fmean(reading.usable_share for reading in readings),
        mean([reading.mpjpe_pct for reading in readings]),
        mean([reading.reprojection_px for reading in readings]),
        mean([reading.bone_drift_pct for reading in readings]),
    )
