"""Motions at another number of frames a second."""

from __future__ import annotations

import numpy as np

from rigmill.rigs import turns
from rigmill.types import Motion


def resample(motion: Motion, fps: float) -> Motion:
    """The motion at another rate: turns by slerp, translation linearly; it starts on the first frame."""
    num_frames = len(motion.rotations)
    if motion.fps == fps or num_frames < 2:
        return Motion(rotations=motion.rotations, translations=motion.translations, fps=fps)
    times = np.arange(int((num_frames - 1) / motion.fps * fps + 1e-6) + 1) / fps * motion.fps
    before = np.minimum(times.astype(np.int64), num_frames - 2)
    share = np.clip(times - before, 0.0, 1.0)
    known = turns.from_rotations(motion.rotations)
    moved = motion.translations
    return Motion(
        rotations=turns.to_rotations(turns.mix(known[..., before], known[..., before + 1], share)),
        translations=moved[before] + share[:, None, None] * (moved[before + 1] - moved[before]),
        fps=fps,
    )
