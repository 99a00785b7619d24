"""One cloud of points laid onto another before they are compared, as ActionBench does it.

Its model (a scale of each axis, a turn, a shift), its 24 starts and its loss (mean squared distance to the nearest
point, both ways) are kept. It descends by gradients; here points and nearest points take turns with the exact solution,
which is quick without a GPU. Anisotropic scales forgive errors of shape, so `rigid` and `none` are offered.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.spatial import cKDTree

from rigmill.compiled import compiled, inlined
from rigmill.types import Floats

# Points of either cloud, and steps: of all starts, of the best ones, of the last one.
_COARSE, _FINE, _LAST = 160, 400, 2000
_COARSE_STEPS, _FINE_STEPS, _LAST_STEPS, _BEST = 10, 20, 12, 2
_SETTLED = 1e-5  # of the loss, from one step to the next
_SCALES = (0.2, 5.0)  # of an axis; beyond, a cloud is folded flat to be near everything


class Icp(StrEnum):
    """What may be changed of a cloud before it is compared."""

    ANISOTROPIC = "anisotropic"  # a turn, a shift and three scales: ActionBench's
    RIGID = "rigid"  # a turn and a shift
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Alignment:
    """First the scales, then the turn, then the shift."""

    scale: Floats  # (3,)
    turn: Floats  # (3, 3), for column vectors
    shift: Floats  # (3,)

    def moved(self, points: Floats) -> Floats:
        """Points (..., 3) where they come to lie."""
        return (points * self.scale) @ self.turn.T + self.shift


AS_IT_IS = Alignment(np.ones(3), np.eye(3), np.zeros(3))


def register(found: Floats, truth: Floats, kind: Icp) -> Alignment:
    """What lays points (P, 3) best onto the true ones (Q, 3). Both in random order: the first ones stand for all.

    Beside the 24 starts, the cloud as it was delivered is tried, so a fit never leaves it worse than that by the loss.
    """
    if kind is Icp.NONE:
        return AS_IT_IS
    stretch = kind is Icp.ANISOTROPIC
    found, truth = (np.ascontiguousarray(points, dtype=np.float64) for points in (found, truth))
    starts = _starts(found, truth)
    starts, losses = _fitted(starts, found[:_COARSE], truth[:_COARSE], _COARSE_STEPS, stretch)
    # Which is best is asked in one order, and equals are taken as they come.
    best = _Guesses.of([starts, _AS_IT_IS]).taken(np.r_[np.argsort(losses, kind="stable")[:_BEST], len(losses)])
    best, losses = _fitted(best, found[:_FINE], truth[:_FINE], _FINE_STEPS, stretch)
    found, truth = found[:_LAST], truth[:_LAST]
    tree = cKDTree(truth)
    untouched = _paired(_AS_IT_IS, found, truth, tree)[1]
    guess = best.taken(np.array([np.argmin(losses)]))
    moments, loss = _paired(guess, found, truth, tree)
    kept, least = (guess, loss) if loss < untouched else (_AS_IT_IS, untouched)
    for _ in range(_LAST_STEPS):
        guess = _solved(guess, moments, stretch)
        before = loss
        moments, loss = _paired(guess, found, truth, tree)
        if loss < least:
            kept, least = guess, loss
        if before - loss <= _SETTLED * before:
            break
    return Alignment(kept.scale[0], kept.turn[0], kept.shift[0])


@dataclass(frozen=True, slots=True)
class _Guesses:
    scale: Floats  # (B, 3)
    turn: Floats  # (B, 3, 3)
    shift: Floats  # (B, 3)

    @classmethod
    def of(cls, several: list[_Guesses]) -> _Guesses:
        return cls(
            np.concatenate([one.scale for one in several]),
            np.concatenate([one.turn for one in several]),
            np.concatenate([one.shift for one in several]),
        )

    def taken(self, which: np.ndarray) -> _Guesses:
        return _Guesses(self.scale[which], self.turn[which], self.shift[which])


_AS_IT_IS = _Guesses(np.ones((1, 3)), np.eye(3)[None], np.zeros((1, 3)))


def quarter_turns() -> Floats:
    """The 24 rotations that bring axes onto axes, (24, 3, 3)."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[range(3), order] = signs
            if np.linalg.det(turn) > 0:
                found.append(turn)
    return np.array(found)


def _starts(found: Floats, truth: Floats) -> _Guesses:
    turns = quarter_turns()
    middle, goal = found.mean(axis=0), truth.mean(axis=0)
    return _Guesses(np.ones((len(turns), 3)), turns, goal - turns @ middle)


def _fitted(guesses: _Guesses, found: Floats, truth: Floats, steps: int, stretch: bool) -> tuple[_Guesses, Floats]:
    moments, losses = _matched(guesses, found, truth)
    for _ in range(steps):
        guesses = _solved(guesses, moments, stretch)
        before = losses
        moments, losses = _matched(guesses, found, truth)
        if np.all(np.abs(before - losses) <= _SETTLED * before):
            break
    return guesses, losses


def _matched(guesses: _Guesses, found: Floats, truth: Floats) -> tuple[Floats, Floats]:
    """Weighted sums (B, 19) over pairs of nearest points, and the losses (B,)."""
    linear = np.ascontiguousarray(guesses.turn * guesses.scale[:, None])
    moments, losses = np.zeros((len(linear), 19)), np.zeros(len(linear))
    _pair(np.ascontiguousarray(found), np.ascontiguousarray(truth), linear, guesses.shift, moments, losses)
    return moments, losses


def _paired(guess: _Guesses, found: Floats, truth: Floats, tree: cKDTree) -> tuple[Floats, float]:
    """As `_matched` of one guess, for many points: trees find the nearest."""
    moved = (found * guess.scale[0]) @ guess.turn[0].T + guess.shift[0]
    there, nearest = tree.query(moved)
    back, seeker = cKDTree(moved).query(truth)
    moments = _sums(found, truth[nearest]) / len(found) + _sums(found[seeker], truth) / len(truth)
    return moments[None], float((there**2).mean() + (back**2).mean())


def _sums(x: Floats, y: Floats) -> Floats:
    return np.concatenate([[len(x)], x.sum(axis=0), y.sum(axis=0), (x.T @ y).ravel(), (x**2).sum(axis=0)])


def _solved(guesses: _Guesses, moments: Floats, stretch: bool) -> _Guesses:
    """The scales, turns and shifts that are best for these pairs: scales and turns take turns, each exact."""
    weight = moments[:, :1]
    from_middle, to_middle = moments[:, 1:4] / weight, moments[:, 4:7] / weight
    shared = (moments[:, 7:16].reshape(-1, 3, 3) / weight[:, None]) - from_middle[:, :, None] * to_middle[:, None]
    spread = np.maximum(moments[:, 16:19] / weight - from_middle**2, 1e-12)
    scale = guesses.scale
    for _ in range(3 if stretch else 1):
        u, _, vt = np.linalg.svd(scale[:, :, None] * shared)
        sign = np.ones((len(u), 3))
        sign[:, 2] = np.sign(np.linalg.det(u @ vt))
        turn = np.swapaxes((u * sign[:, None]) @ vt, 1, 2)
        if stretch:
            scale = np.clip(np.einsum("bkj,bjk->bk", shared, turn) / spread, *_SCALES)
    shift = to_middle - np.einsum("bij,bj->bi", turn * scale[:, None], from_middle)
    return _Guesses(scale, turn, shift)


@inlined
def _add(sums: Floats, found: Floats, p: int, truth: Floats, q: int, weight: float) -> None:
    sums[0] += weight
    for i in range(3):
        sums[1 + i] += weight * found[p, i]
        sums[4 + i] += weight * truth[q, i]
        sums[16 + i] += weight * found[p, i] * found[p, i]
        for j in range(3):
            sums[7 + 3 * i + j] += weight * found[p, i] * truth[q, j]


@compiled(
    "void(float64[:, ::1], float64[:, ::1], float64[:, :, ::1], float64[:, ::1], float64[:, ::1], float64[::1])",
    nogil=True,
    allocates=True,
)
def _pair(found: Floats, truth: Floats, linear: Floats, shift: Floats, moments: Floats, losses: Floats) -> None:
    """Of every guess: each point's nearest, both ways, as sums: weight, x, y, x y', x x; each way weighs 1."""
    num, num_true = len(found), len(truth)
    moved = np.empty((num, 3))
    nearest, least = np.empty(num_true, dtype=np.int64), np.empty(num_true)
    for guess in range(len(linear)):
        a = linear[guess]
        for p in range(num):
            for i in range(3):
                moved[p, i] = a[i, 0] * found[p, 0] + a[i, 1] * found[p, 1] + a[i, 2] * found[p, 2] + shift[guess, i]
        nearest[:] = 0
        least[:] = np.inf
        sums = moments[guess]
        loss = 0.0
        for p in range(num):
            best, far = 0, np.inf
            px, py, pz = moved[p, 0], moved[p, 1], moved[p, 2]
            for q in range(num_true):
                x, y, z = px - truth[q, 0], py - truth[q, 1], pz - truth[q, 2]
                apart = x * x + y * y + z * z
                if apart < far:
                    far = apart
                    best = q
                if apart < least[q]:
                    least[q] = apart
                    nearest[q] = p
            loss += far / num
            _add(sums, found, p, truth, best, 1.0 / num)
        for q in range(num_true):
            loss += least[q] / num_true
            _add(sums, found, nearest[q], truth, q, 1.0 / num_true)
        losses[guess] = loss
