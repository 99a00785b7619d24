"""Which assets have the same shape, whatever meshes they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from rigmill.types import Floats, Ints

# Largest difference of any of their moments. Of 340 bodies of the generated world, ten of each plan, no two are that
# near (the nearest differ by 0.0053); of 150 doors 125 groups are left, the largest of three, and of 150 levers, adults
# or horses at least 149. Meshes of one surface differ by rounding. Where points are merged over a hundredth of
# the size, half of all bodies differ by less than 0.0037: a rough copy may pass for another shape, and a copy that was
# made smoother does.
NEAR = 0.003


def alike(shapes: Mapping[str, Sequence[float]]) -> dict[str, str]:
    """asset -> the first of all that are like it, from the moments of each (rigmill.rigs.moments).

    What is like something that is like a third belongs to it as well. A turned or mirrored copy is another shape.
    """
    names = sorted(shapes)
    first = list(range(len(names)))

    def root(node: int) -> int:
        while first[node] != node:
            first[node] = first[first[node]]
            node = first[node]
        return node

    for ones, others in _near_pairs(np.array([shapes[name] for name in names], dtype=np.float64)) if names else ():
        for one, other in zip(ones.tolist(), others.tolist()):
            low, high = sorted((root(one), root(other)))
            first[high] = low
    return {name: names[root(number)] for number, name in enumerate(names)}


def _near_pairs(points: Floats) -> Iterator[tuple[Ints, Ints]]:
    """All pairs of points (N, M) with no coordinate further apart than NEAR, some at a time.

    Along the axis on which they spread most, each is held against the next, the one after that, and so on while any
    are near on this axis.
    """
    wide, second = np.argsort(np.ptp(points, axis=0))[::-1][:2]
    order = np.argsort(points[:, wide], kind="stable")
    along, across = points[order, wide], points[order, second]
    for ahead in range(1, len(points)):
        at = np.flatnonzero(along[ahead:] - along[:-ahead] <= NEAR)
        if not len(at):
            return
        at = at[np.abs(across[at + ahead] - across[at]) <= NEAR]
        ones, others = order[at], order[at + ahead]
        near = np.abs(points[ones] - points[others]).max(axis=1, initial=0) <= NEAR
        yield ones[near], others[near]
