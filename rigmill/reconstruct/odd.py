"""Joints that views agree on and that cannot be right all the same: they jump in time, and their bones stretch."""

from __future__ import annotations

import math

import numpy as np

from rigmill.compiled import compiled, inlined
from rigmill.types import Bools, Floats, Ints

_FAR_FRAMES = 6  # a neighbour in time that is farther away says nothing
_USUAL = 6.0  # times what a joint usually differs from its neighbours in time
_LEAST_JUMP = 0.006  # of the rig's size
_STRETCH, _LEAST_STRETCH = 0.12, 0.008  # of the bone, of the rig's size: what its length may be off
_SURE = 3.0  # times the allowed jump: then bones need not be asked
_ROUNDS = 2  # what is right is seen better without what is wrong


@inlined
def middle_of(values: Floats, num: int) -> float:
    """The median of the first `num` values, which are sorted."""
    for index in range(1, num):
        value, place = values[index], index
        while place > 0 and values[place - 1] > value:
            values[place] = values[place - 1]
            place -= 1
        values[place] = value
    return 0.5 * (values[(num - 1) // 2] + values[num // 2])


@inlined
def cubic(t: float, a: float, b: float, c: float, d: float, p: float, q: float, r: float, s: float) -> float:
    """The value at t of the cubic through (a, p), (b, q), (c, r), (d, s)."""
    return (
        p * (t - b) * (t - c) * (t - d) / ((a - b) * (a - c) * (a - d))
        + q * (t - a) * (t - c) * (t - d) / ((b - a) * (b - c) * (b - d))
        + r * (t - a) * (t - b) * (t - d) / ((c - a) * (c - b) * (c - d))
        + s * (t - a) * (t - b) * (t - c) / ((d - a) * (d - b) * (d - c))
    )


@compiled("void(float64[:, :, ::1], boolean[:, ::1], float64[:, ::1])", nogil=True)
def jumps(joints: Floats, usable: Bools, found: Floats) -> None:
    """How far usable joints (T, J, 3) are from where their neighbours in time put them, into (T, J); else NaN.

    Several pairs of neighbours are asked and the median is taken, so that one wrong neighbour does no harm.
    """
    known, guesses = np.empty(joints.shape[0], dtype=np.int64), np.empty(5)
    for joint in range(joints.shape[1]):
        num = 0
        for frame in range(joints.shape[0]):
            found[frame, joint] = np.nan
            if usable[frame, joint]:
                known[num] = frame
                num += 1
        for index in range(num):
            t = known[index]
            before, after = min(index, 2), min(num - 1 - index, 2)
            while before > 0 and t - known[index - before] > _FAR_FRAMES:
                before -= 1
            while after > 0 and known[index + after] - t > _FAR_FRAMES:
                after -= 1
            if before == 0 or after == 0:  # the end of a stretch: the other side alone, if there is enough of it
                way = 1 if after > before else -1
                if max(before, after) < 2:
                    continue
            square = 0.0
            for axis in range(3):
                asked = 0
                for i in range(1, before + 1):
                    for k in range(1, after + 1):
                        a, b = known[index - i], known[index + k]
                        p, q = joints[a, joint, axis], joints[b, joint, axis]
                        guesses[asked] = p + (q - p) * (t - a) / (b - a)
                        asked += 1
                if before == 2 and after == 2:
                    a, b, c, d = known[index - 2], known[index - 1], known[index + 1], known[index + 2]
                    guesses[asked] = cubic(
                        t, a, b, c, d, joints[a, joint, axis], joints[b, joint, axis], joints[c, joint, axis],
                        joints[d, joint, axis],
                    )
                    asked += 1
                if asked == 0:
                    a, b = known[index + way], known[index + 2 * way]
                    p, q = joints[a, joint, axis], joints[b, joint, axis]
                    guesses[0] = p + (p - q) * (t - a) / (a - b)
                    asked = 1
                off = joints[t, joint, axis] - middle_of(guesses, asked)
                square += off * off
            # From one side alone a guess is about half as good.
            found[t, joint] = math.sqrt(square) * (1.0 if before and after else 0.5)


def _stretched(joints: Floats, usable: Bools, *, parents: Ints, lengths: Floats, size: float) -> tuple[Bools, Bools]:
    """Joints (T, J) with a bone to a usable parent or child whose length is wrong, and those with one to judge by."""
    wrong, judged = np.zeros(usable.shape, dtype=np.bool_), np.zeros(usable.shape, dtype=np.bool_)
    for joint, parent in enumerate(parents):
        if parent < 0 or not np.isfinite(lengths[joint]):
            continue
        both = usable[:, joint] & usable[:, parent]
        off = np.abs(np.linalg.norm(joints[:, joint] - joints[:, parent], axis=-1) - lengths[joint])
        bad = both & (off > max(_STRETCH * lengths[joint], _LEAST_STRETCH * size))
        for end in (joint, parent):
            wrong[:, end] |= bad
            judged[:, end] |= both
    return wrong, judged


def odd_ones(joints: Floats, usable: Bools, *, parents: Ints, lengths: Floats, size: float) -> Bools:
    """Usable joints (T, J) that jump away from their neighbours in time and whose bones, if any can be judged, stretch.

    `lengths` (J,) are the bones' in this clip, NaN where they change; `size` is the rig's.
    """
    left = usable.copy()
    away = np.empty(usable.shape)
    for _ in range(_ROUNDS):
        jumps(np.ascontiguousarray(joints), left, away)
        known = np.isfinite(away)
        usual = np.array([np.median(column[ok]) if ok.any() else 0.0 for column, ok in zip(away.T, known.T)])
        allowed = np.maximum(_USUAL * usual, _LEAST_JUMP * size)
        wrong, judged = _stretched(joints, left, parents=parents, lengths=lengths, size=size)
        left &= ~(known & (away > allowed) & (wrong | ~judged | (away > _SURE * allowed)))
    return usable & ~left


@compiled("void(float64[:, ::1], boolean[::1], boolean)", nogil=True)
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
                values[t, axis] = cubic(t, a, b, c, d, values[a, axis], values[b, axis], values[c, axis], values[d, axis])
        else:
            share = (t - b) / (c - b)
            for axis in range(values.shape[1]):
                values[t, axis] = values[b, axis] + share * (values[c, axis] - values[b, axis])
