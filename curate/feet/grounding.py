"""How far ankles are moved so that feet stand: along the ground, upwards, and how far the body goes with them.

P points (ankle, ball), L legs, T frames. A gap is where the source has a point, in the target's size, less where the
target has it.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from curate.feet.contacts import MAX_HEIGHT, Feet, length, lowest, lowest_at_rest, without_short_gaps
from curate.feet.legs import smooth
from rigmill.types import Bools, Floats

EASE_S = 0.2  # a correction comes and goes in this time
BRIDGE_S = 0.12  # a foot that lifts for less than this is put down where it was
FREE_HEIGHT = 0.25  # in legs; a foot this high is where the limbs put it
MAX_CORRECTION = 0.30  # of a leg
FREE_CORRECTION = 0.20  # of a leg; beyond this a correction is held back, softly, on its way to MAX_CORRECTION
MAX_OFFSET = 0.05  # of a leg; feet that stand farther than this off their rest pose's floor say nothing about it
_STILL = 0.02  # legs per second; slower points carry a foot alike
_LOWER = 0.02  # legs; a point that is so much higher than the other says little about the foot's height


def nearness(feet: Feet, above_floor: Floats) -> Floats:
    """1 for points (P, L, T) near the floor, 0 for those that are high or not known, and a slope between."""
    return (1.0 - smooth((above_floor - MAX_HEIGHT) / (FREE_HEIGHT - MAX_HEIGHT))) * feet.known[..., None]


def along_ground(gap: Floats, followed: Bools, speed: Floats, *, fps: float) -> Floats:
    """Displacements (L, T, 2): the changes of the gap (P, L, T, 2) between source and target, while it is followed.

    A foot is carried by the slower of its points (`speed` (P, L, T - 1) in the source): it rolls over the other.
    """
    share = (followed[..., 1:] & followed[..., :-1]) / (speed**2 + _STILL**2) + 1e-9
    steps = np.sum((share / share.sum(axis=0))[..., None] * np.diff(gap, axis=2), axis=0)
    path = np.concatenate([np.zeros_like(steps[:, :1]), np.cumsum(steps, axis=1)], axis=1)
    held = without_short_gaps(followed.any(axis=0), round(BRIDGE_S * fps))
    return np.stack([_eased(*leg, ease=EASE_S * fps) for leg in zip(path, held)])


def _eased(path: Floats, held: Bools, *, ease: float) -> Floats:
    """The path (T, D) less its mean over each run of `held` (T,); beside a run it fades within `ease` frames.

    Where two runs are near, one fades into the other.
    """
    if not held.any():
        return np.zeros_like(path)
    frames = np.arange(len(held))
    run = np.cumsum(held & ~np.concatenate([[False], held[:-1]])) - 1  # the run a frame is in, or the last before
    count = np.bincount(run[held])
    means = np.stack([np.bincount(run[held], weights=column[held]) for column in path.T], axis=-1) / count[:, None]
    far = len(held) + 2.0 * ease
    since = frames - np.maximum.accumulate(np.where(held, frames, -far))
    until = np.minimum.accumulate(np.where(held, frames, 2.0 * far)[::-1])[::-1] - frames
    window = np.maximum(np.minimum(ease, since + until), 1.0)
    before, after = 1.0 - smooth(since / window), np.where(held, 0.0, 1.0 - smooth(until / window))
    last, following = means[np.maximum(run, 0)], means[np.minimum(run + 1, len(means) - 1)]
    return np.asarray(before[:, None] * (path - last) + after[:, None] * (path - following))


def level(gap: Floats, weights: Floats) -> Floats:
    """The mean over what stands of the gap between heights (P, L, T), for ankles and for balls, (P,).

    It says where the target's floor is, such that legs bend and stretch as little as possible. Ankles and balls have
    a floor each, so that a rest pose whose feet point elsewhere does no harm.
    """
    total = weights.sum(axis=(1, 2))
    mean = np.sum(weights * gap, axis=(1, 2)) / np.maximum(total, 1e-300)
    return np.where(total > 0, mean, gap.mean(axis=(1, 2)))


def upwards(gap: Floats, near: Floats, above_floor: Floats) -> Floats:
    """Displacements (L, T) that put a foot's lower point as high as the source's; the nearer (P, L, T), the more."""
    height = np.where(near > 0, above_floor, np.inf)
    lower = np.minimum(height.min(axis=0), FREE_HEIGHT)
    share = np.exp((lower - height) / _LOWER)
    return np.asarray(near.max(axis=0) * np.sum(share * gap, axis=0) / np.maximum(share.sum(axis=0), 1e-9))


def too_low(seen: Feet, own: Feet, level: Floats, *, ratio: float, on_rest: bool) -> float:
    """How far the target's floor is below where it ought to be: as high above its rest pose's feet as the source's.

    What ankles and balls agree on: a rest pose whose feet point elsewhere shows in one of them. A large difference
    says that a rest pose does not stand (it floats, or its knees are bent), and then nothing is known. `on_rest`: the
    source is on its ground and the target's rest pose stands, so that the floor is at its feet.
    """
    floor = ratio * lowest(seen) - level
    above = floor - lowest_at_rest(own)
    if not on_rest:
        above = above - ratio * (lowest(seen) - lowest_at_rest(seen))
    above = above[seen.known.any(axis=1)]
    agreed = float(above[np.argmin(np.abs(above))])
    if np.ptp(np.sign(above)) > 0 or (not on_rest and abs(agreed) > MAX_OFFSET * own.leg.mean()):
        return 0.0
    return -agreed


def held_back(moved: Floats, leg: Floats) -> Floats:
    """Displacements (L, T, 3) of at most MAX_CORRECTION of a leg (L,); up to FREE_CORRECTION nothing is changed."""
    size = length(moved) / leg[:, None]
    room = MAX_CORRECTION - FREE_CORRECTION
    soft = FREE_CORRECTION + room * np.tanh((size - FREE_CORRECTION) / room)
    return moved * np.where(size > FREE_CORRECTION, soft / np.maximum(size, 1e-300), 1.0)[..., None]


def carried_by_body(upwards: Floats, near: Floats, most: float) -> Floats:
    """How far the body goes up (T,), at most `most`: what the feet near the ground (L, T) have in common upwards.

    Hips that scale with their height, over legs that do not, dip too far in a crouch or not far enough. To move them
    a little changes no limb's direction.
    """
    if not most > 0:
        return np.zeros(upwards.shape[1])
    common = np.sum(near * upwards, axis=0) / np.maximum(near.sum(axis=0), 1.0)
    return np.asarray(most * np.tanh(common / most))


def lowered(needed: Floats, fps: float) -> Floats:
    """How far the hips come down, (T,): as needed (L, T), and without haste."""
    reach = max(1, round(EASE_S * fps / 2))
    padded = np.pad(needed.max(axis=0), 2 * reach, mode="edge")
    widest = sliding_window_view(padded, 4 * reach + 1).max(axis=-1)
    return _averaged(_averaged(widest, reach), reach)


def _averaged(values: Floats, reach: int) -> Floats:
    """Moving averages along the last axis over `reach` frames on either side."""
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(reach, reach)], mode="edge")
    return np.asarray(sliding_window_view(padded, 2 * reach + 1, axis=-1).mean(axis=-1))
