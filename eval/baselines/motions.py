"""Motions that need no method: none at all, and the truth with noise."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from rigmill.rigs import turns
from rigmill.types import Floats, Motion

SMALL_DEG, LARGE_DEG = 1.0, 20.0  # how far a joint is turned from the truth, root mean square
SMOOTH_S = 0.15  # noise is as slow as this: the standard deviation of the window in time


def still(motion: Motion) -> Motion:
    """The same length, and nothing moves."""
    rotations = np.zeros_like(motion.rotations)
    rotations[..., 0] = 1
    return replace(motion, rotations=rotations, translations=np.zeros_like(motion.translations))


def noisy(motion: Motion, *, degrees: float, seed: int, clip_id: str) -> Motion:
    """The motion with every joint turned further, by `degrees` root mean square, about axes that change slowly.

    The noise is a function of seed and clip alone: of other `degrees` it is the same noise, larger or smaller.
    """
    num_frames, num_joints = motion.rotations.shape[:2]
    vectors = smooth_noise((num_frames, num_joints, 3), fps=motion.fps, seed=seed, clip_id=clip_id)
    angles = np.linalg.norm(vectors, axis=-1)
    turned = np.radians(degrees) * angles / max(float(np.sqrt(np.mean(angles**2))), 1e-12)
    axes = vectors / np.maximum(angles, 1e-12)[..., None]
    more = turns.about(axes.transpose(2, 1, 0), turned.T)
    return replace(motion, rotations=turns.to_rotations(turns.multiply(turns.from_rotations(motion.rotations), more)))


def smooth_noise(shape: tuple[int, int, int], *, fps: float, seed: int, clip_id: str) -> Floats:
    """Normal noise (T, J, 3) that is smooth over time."""
    number = int.from_bytes(hashlib.sha256(f"{seed}/noise/{clip_id}".encode()).digest()[:8], "big")
    sigma = max(SMOOTH_S * fps, 1e-3)
    reach = int(np.ceil(4 * sigma))
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    window /= np.linalg.norm(window)  # of unit variance again
    raw = np.random.default_rng(number).standard_normal((shape[0] + 2 * reach, *shape[1:]))
    return np.stack([np.tensordot(window, raw[at : at + len(window)], axes=1) for at in range(shape[0])])
