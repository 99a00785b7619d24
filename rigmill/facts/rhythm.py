"""What repeats: the period of a pose by autocorrelation, and how often one curve comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rigmill.facts.take import Take
from rigmill.facts.travel import level_turns
from rigmill.rigs import turns as clip
from rigmill.types import Floats, Ints

_MOVES = 0.01  # heights, of the pose's spread about its mean, joints together: less is noise and breath
_ALIKE = 0.8  # correlation of the pose with itself a period later
_NEARLY = 0.6  # and in the frame that is nearest to it
_DIP = 0.5  # and below which it must have been before, or the pose has only drifted
_AS_GOOD = 0.06  # the shortest period whose correlation is that near to the best
_TIMES = 1.5  # a period must fit so often
_STRETCHES = ((0.25, 1.0), (0.0, 0.75), (0.2, 0.8))  # of a take that begins or ends otherwise: where it repeats
_SAME_HOP = 0.2  # correlation of the pose from hop to hop; less, and legs and arms do another thing in every second
_TIMES_THERE = 2.0  # the same in a stretch of a take
_STILL, _STILL_TURN = 0.003, 0.01  # heights and radians, half of them: a curve with a smaller spread is still
_TURN_LENGTH = 0.2  # heights: half a turn of one radian counts as a way of this length
_MANY = 96  # joints that are compared
_LONG = 600  # frames that are compared; of longer takes every second one, or third
_SWING = 0.35  # of its range: a curve that turns back by less has not turned back
_CLOSED = 0.12  # of the range: a last pose nearer than that to the first goes on with it


@dataclass(frozen=True, slots=True)
class Rhythm:
    """As MotionFacts has it."""

    period_s: float | None
    num_cycles: float
    loops: bool


def poses(take: Take) -> Floats:
    """The pose (T, N) in the body's own frame: joints from its centre, its heading taken out, and joints' turns."""
    joints = take.joints
    chosen = (
        np.arange(joints.shape[1])
        if joints.shape[1] <= _MANY
        else np.linspace(0, joints.shape[1] - 1, _MANY).astype(int)
    )
    from_centre = joints[:, chosen] - take.centre[:, None]
    level = np.einsum("tyx,tjy->tjx", level_turns(take.yaw), from_centre[..., :2])
    height = joints[:, chosen, 2] - take.centre[:1, None, 2]
    start = take.local[:, chosen, :1]
    turns = take.local[:, chosen] * np.where(np.sum(take.local[:, chosen] * start, axis=0) < 0, -1.0, 1.0)
    places = np.concatenate([level.reshape(len(joints), -1), height], axis=1)
    vectors = turns[1:].transpose(2, 0, 1).reshape(len(joints), -1)
    # What hardly moves is left out: the noise of a hundred joints would drown the nod of one.
    places = places[:, places.std(axis=0) >= _STILL]
    vectors = vectors[:, vectors.std(axis=0) >= _STILL_TURN]
    return np.concatenate([places, _TURN_LENGTH * vectors], axis=1)


def _own_poses(take: Take) -> Floats:
    """The pose (T, N) as the body itself feels it, however it banks, climbs or bobs."""
    back = clip.inverse(take.body)[:, None]
    from_centre = (take.joints - take.centre[:, None]).transpose(2, 1, 0)
    return np.asarray(clip.rotate(back, from_centre).transpose(2, 1, 0).reshape(take.num_frames, -1))


def rhythm(take: Take, *, hops: bool = False) -> Rhythm:
    """What repeats in the pose; of what `hops`, in the height of its body."""
    pose = poses(take)
    pose = pose - pose.mean(axis=0)
    num = len(pose)
    energy = np.sum(pose * pose, axis=1)
    if num < 3 or np.sqrt(energy.mean()) < _MOVES:
        return Rhythm(None, 0.0, False)
    apart = np.linalg.norm(pose - pose[0], axis=1)
    steps = np.linalg.norm(np.diff(pose, axis=0), axis=1)
    step = max(float(np.median(steps)), float(steps[0]), float(steps[-1]))  # a loop may leave out its last frame
    spread = float(apart.max())
    loops = float(apart[-1]) <= max(_CLOSED * spread, 1.2 * step) and spread > 2 * step
    own = _own_poses(take)
    for curves in (take.centre[:, 2:], pose, own) if hops else (pose, own):
        found = period(curves, least=_MOVES)
        if found is not None and (curves is pose or curves is own or _alike(pose, found[0]) >= _SAME_HOP):
            return Rhythm(found[0] / take.fps, found[1], loops)
    return Rhythm(None, 1.0 if loops else 0.0, loops)


def _alike(pose: Floats, lag: float) -> float:
    """Correlation of the pose (T, N) with itself so many frames later."""
    one, other = pose[: -round(lag)], pose[round(lag) :]
    return float(np.sum(one * other) / max(np.sqrt(np.sum(one * one) * np.sum(other * other)), 1e-12))


def period(curves: Floats, *, least: float, times: float = _TIMES_THERE) -> tuple[float, float] | None:
    """(frames of a period, periods) of curves (T, N) over the whole clip, else in a stretch of it in which they repeat.

    None where they do not, or spread less than `least` about their mean; in a stretch it must fit so many `times`.
    """
    num = len(curves)
    for begin, end in ((0.0, 1.0), *_STRETCHES):
        first, last = round(begin * (num - 1)), round(end * (num - 1)) + 1
        some = curves[first:last] - curves[first:last].mean(axis=0)
        if len(some) < 3 or np.sum(some * some, axis=1).mean() < least**2:
            continue
        lag = _period(some, _TIMES if len(some) == num else times)
        if lag is not None:
            return lag, (last - 1 - first) / lag
    return None


def _period(pose: Floats, times: float) -> float | None:
    """The frames after which the pose (T, N), its mean taken out, is as it was; it must fit so many times."""
    energy = np.sum(pose * pose, axis=1)
    every = -(-len(pose) // _LONG)
    pose, energy = pose[::every], energy[::every]
    num = len(pose)
    products = pose @ pose.T
    raw = np.array([np.trace(products, lag) for lag in range(num)])
    sums = np.concatenate([[0.0], np.cumsum(energy)])
    lags = np.arange(num)
    scale = np.sqrt(np.maximum(sums[num - lags] * (sums[num] - sums[lags]), 1e-30))
    alike = raw / scale
    last = int((num - 1) / times)
    inner = np.arange(2, last + 1)
    if len(inner) == 0 or last + 1 >= num:
        return None
    peaks = inner[(alike[inner] >= alike[inner - 1]) & (alike[inner] >= alike[inner + 1]) & (alike[inner] >= _NEARLY)]
    lowest = np.minimum.accumulate(alike)
    peaks = peaks[lowest[peaks] < _DIP]
    off, heights = _between_frames(alike, peaks)
    peaks, off, heights = (found[heights >= _ALIKE] for found in (peaks, off, heights))
    if not len(peaks):
        return None
    best = int(np.flatnonzero(heights >= heights.max() - _AS_GOOD)[0])
    return every * float(peaks[best] + off[best])


def _between_frames(alike: Floats, peaks: Ints) -> tuple[Floats, Floats]:
    """How far off its frame each peak is, and how high there: of the cosine through it and its neighbours.

    A short period lies between two frames, and what is seen of its peak is far below it.
    """
    before, here, after = alike[peaks - 1], alike[peaks], alike[peaks + 1]
    step = np.arccos(np.clip((before + after) / (2 * here), -1 + 1e-6, 1 - 1e-6))
    aside = (after - before) / (2 * np.sin(step))
    return np.arctan2(aside, here) / step, np.minimum(np.hypot(here, aside), 1.0)


def swings(curve: Floats) -> tuple[int, float]:
    """How often a curve (T,) goes from one side to the other, and how often it comes back, in whole ranges.

    There and back are two swings and one time. What is less than a share of its range is no swing, so noise is none.
    """
    least = _SWING * float(np.ptp(curve)) if len(curve) > 1 else 0.0
    if least <= 0:
        return 0, 0.0
    values = curve.tolist()
    turned = [values[0]]  # where it turned back
    low = high = values[0]
    way = 0
    for value in values[1:]:
        low, high = (min(low, value) if way <= 0 else low), (max(high, value) if way >= 0 else high)
        if way <= 0 and value - low >= least:
            turned += [low] if way else []
            way, high = 1, value
        elif way >= 0 and high - value >= least:
            turned += [high] if way else []
            way, low = -1, value
    turned.append(high if way > 0 else low)
    length = float(np.abs(np.diff(turned)).sum()) + abs(turned[-1] - values[-1])
    return (len(turned) - 1 if way else 0), length / (2 * float(np.ptp(curve)))
