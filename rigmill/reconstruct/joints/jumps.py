"""Joints that views agree on and that cannot be right all the same: they jump in time, and their bones stretch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rigmill.compiled import compiled, inlined
from rigmill.types import Bools, Floats, Ints

_FAR_FRAMES = 6  # a neighbour in time that is farther away says nothing
_USUAL = 6.0  # times what a joint usually differs from its neighbours in time
_LEAST_JUMP = 0.006  # of the rig's size
_STRETCH, _LEAST_STRETCH = 0.12, 0.008  # of the bone, of the rig's size: what its length may be off
_SURE, _SURER = 3.0, 6.0  # times the allowed jump: where half the bones are wrong; where no bone can tell
_LESS_SURE = 0.25  # weight of a jump near an end, where straight lines alone can be asked
_ROUNDS = 4  # what is right is seen better without what is wrong


@inlined
def cubic(t: float, times: tuple[Any, ...], values: tuple[Any, ...]) -> float:
    """The value at t of the cubic that has four values at four times."""
    a, b, c, d = times
    p, q, r, s = values
    return (
        p * (t - b) * (t - c) * (t - d) / ((a - b) * (a - c) * (a - d))
        + q * (t - a) * (t - c) * (t - d) / ((b - a) * (b - c) * (b - d))
        + r * (t - a) * (t - b) * (t - d) / ((c - a) * (c - b) * (c - d))
        + s * (t - a) * (t - b) * (t - c) / ((d - a) * (d - b) * (d - c))
    )


@inlined
def off_line(joints: Floats, joint: int, t: int, a: int, b: int) -> float:
    """The squared distance of a joint at frame t from the straight line through its places at frames a and b."""
    share, square = (t - a) / (b - a), 0.0
    for axis in range(3):
        p, q = joints[a, joint, axis], joints[b, joint, axis]
        square += (joints[t, joint, axis] - p - share * (q - p)) ** 2
    return square


@compiled("void(float64[:, :, ::1], boolean[:, ::1], boolean[:, ::1], float64[:, ::1])", nogil=True, allocates=True)
def jumps(joints: Floats, asked: Bools, known: Bools, found: Floats) -> None:
    """How far the joints (T, J, 3) that are asked for are from where known neighbours in time put them; else NaN.

    Several sets of neighbours are tried and the nearest answer counts, so that a wrong neighbour does no harm.
    """
    num_frames = joints.shape[0]
    near = np.empty(4, dtype=np.int64)  # two known frames before, two after
    for joint in range(joints.shape[1]):
        for t in range(num_frames):
            found[t, joint] = np.nan
            if not asked[t, joint]:
                continue
            before, after = 0, 0
            for step in range(1, _FAR_FRAMES + 1):
                if before < 2 and t - step >= 0 and known[t - step, joint]:
                    near[1 - before] = t - step
                    before += 1
                if after < 2 and t + step < num_frames and known[t + step, joint]:
                    near[2 + after] = t + step
                    after += 1
            least = np.inf
            for i in range(2 - before, 2):
                for k in range(2, 2 + after):
                    least = min(least, off_line(joints, joint, t, near[i], near[k]))
            if before == 2:
                least = min(least, off_line(joints, joint, t, near[0], near[1]))
            if after == 2:
                least = min(least, off_line(joints, joint, t, near[2], near[3]))
            if before == 2 and after == 2:
                a, b, c, d = near[0], near[1], near[2], near[3]
                square = 0.0
                for axis in range(3):
                    values = (
                        joints[a, joint, axis],
                        joints[b, joint, axis],
                        joints[c, joint, axis],
                        joints[d, joint, axis],
                    )
                    square += (joints[t, joint, axis] - cubic(t, (a, b, c, d), values)) ** 2
                least = min(least, square)
            if least < np.inf:
                found[t, joint] = math.sqrt(least) * (1.0 if before == 2 and after == 2 else _LESS_SURE)


def _stretched(joints: Floats, known: Bools, *, parents: Ints, lengths: Floats, size: float) -> tuple[Ints, Ints]:
    """How many bones of a joint (T, J) to known parents and children have a wrong length, and how many it has."""
    wrong, judged = np.zeros(known.shape, dtype=np.int64), np.zeros(known.shape, dtype=np.int64)
    for joint, parent in enumerate(parents):
        if parent < 0 or not np.isfinite(lengths[joint]):
            continue
        off = np.abs(np.linalg.norm(joints[:, joint] - joints[:, parent], axis=-1) - lengths[joint])
        bad = off > max(_STRETCH * lengths[joint], _LEAST_STRETCH * size)
        for own, other in ((joint, parent), (parent, joint)):
            wrong[:, own] += bad & known[:, other]
            judged[:, own] += known[:, other]
    return wrong, judged


def outliers(joints: Floats, agreed: Bools, *, parents: Ints, lengths: Floats, size: float) -> Bools:
    """Joints (T, J) that views agree on, jump away from their neighbours in time, and stretch their bones if any tell.

    `lengths` (J,) are the bones' in this clip, NaN where they change; `size` is the rig's.
    """
    joints, odd = np.ascontiguousarray(joints), np.zeros(agreed.shape, dtype=np.bool_)
    away = np.empty(agreed.shape)
    for _ in range(_ROUNDS):
        known = agreed & ~odd  # everyone is asked again, by what is left
        jumps(joints, agreed, known, away)
        told = np.isfinite(away)
        usual = np.array([np.median(column[ok]) if ok.any() else 0.0 for column, ok in zip(away.T, (told & known).T)])
        allowed = np.maximum(_USUAL * usual, _LEAST_JUMP * size)
        wrong, judged = _stretched(joints, known, parents=parents, lengths=lengths, size=size)
        most, half = 2 * wrong > judged, (2 * wrong == judged) & (judged > 0)
        odd = told & (away > allowed) & (most | (half & (away > _SURE * allowed)))
        odd |= told & (judged == 0) & (away > _SURER * allowed)
    return odd


@compiled("void(float64[:, ::1], boolean[::1], boolean)", nogil=True, allocates=True)
def fill(values: Floats, known: Bools, smooth: bool) -> None:
    """Fill unknown rows of (T, A) from the known ones, of which there is at least one: cubic, linear, or the nearest.

    Cubic where two known rows on either side are not far away and `smooth` allows it.
    """
    num_frames = values.shape[0]
    places = np.flatnonzero(known)
    after = 0
    for t in range(num_frames):
        while after < places.shape[0] and places[after] < t:
            after += 1
        if known[t]:
            continue
        if after == 0 or after == places.shape[0]:
            nearest = places[0] if after == 0 else places[-1]
            for axis in range(values.shape[1]):
                values[t, axis] = values[nearest, axis]
            continue
        b, c = places[after - 1], places[after]
        if smooth and after >= 2 and after + 1 < places.shape[0] and places[after + 1] - places[after - 2] <= 12:
            a, d = places[after - 2], places[after + 1]
            for axis in range(values.shape[1]):
                known_values = (values[a, axis], values[b, axis], values[c, axis], values[d, axis])
                values[t, axis] = cubic(t, (a, b, c, d), known_values)
        else:
            share = (t - b) / (c - b)
            for axis in range(values.shape[1]):
                values[t, axis] = values[b, axis] + share * (values[c, axis] - values[b, axis])
